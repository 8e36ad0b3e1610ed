#pragma once

#include "base/time.hpp"
#include "io/loop.hpp"

#include <cstdint>

namespace naru::io {

// Makes Loop::fd() readable when the loop's timers are due, for who watches it from a loop of his
// own. Rings at once when it is made. It goes before its loop; loops that nobody watches have none,
// and pay nothing.
class Alarm final : public Pollable {
 public:
  // Throws std::system_error when the system has no descriptors left.
  explicit Alarm(Loop& loop);
  ~Alarm() override;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void set();  // after each turn
  void on_ready(std::uint32_t epoll_events) override;

 private:
  Loop& loop_;
  int fd_;
  Instant due_ = kNever;  // when it rings
};

}  // namespace naru::io
