#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "naru/websocket_client.hpp"

#include <chrono>
#include <optional>

namespace naru::client {

// When to connect again: see ReconnectOptions. Pure.
class Backoff {
 public:
  using Delay = std::chrono::milliseconds;

  Backoff(const ReconnectOptions& options, Random& random) : options_(options), random_(random) {}

  // How long to wait for the next attempt of the row; nullopt when there is none.
  std::optional<Delay> next();
  unsigned attempt() const { return attempt_; }  // the how manyth that was

  void on_open(Instant now) { opened_ = now; }
  void on_end(Instant now);

 private:
  Delay random_up_to(Delay limit);

  const ReconnectOptions& options_;
  Random& random_;
  unsigned attempt_ = 0;
  Delay next_{};
  std::optional<Instant> opened_;
};

}  // namespace naru::client
