#pragma once

#include "base/unique_function.hpp"
#include "io/loop.hpp"

#include <cstdint>
#include <signal.h>

namespace naru::client {

// Calls `on_signal` on the loop at the first SIGINT or SIGTERM; a second one ends the program. For
// as long as it lives, which is less than its loop, on the loop's thread.
class Signals final : public io::Pollable {
 public:
  Signals(io::Loop& loop, UniqueFunction<void()> on_signal);
  ~Signals() override;
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  void on_ready(std::uint32_t epoll_events) override;

 private:
  void stop();

  io::Loop& loop_;
  UniqueFunction<void()> on_signal_;
  sigset_t before_{};
  int fd_ = -1;
};

}  // namespace naru::client
