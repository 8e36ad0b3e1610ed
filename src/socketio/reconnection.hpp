#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <optional>

namespace naru::socketio {

struct ReconnectionOptions {
  bool enabled = true;
  unsigned attempts = 0;  // in a row; 0: no end
  Duration delay = std::chrono::seconds(1);
  Duration delay_max = std::chrono::seconds(5);
  double randomization_factor = 0.5;  // 0 to 1
};

// When a client tries again (as socket.io-client does): each wait is twice the one before, more or
// less by a random part, at most `delay_max`. Pure.
class Reconnection {
 public:
  Reconnection(const ReconnectionOptions& options, Random& random)
      : options_(options), random_(random) {}

  // How long to wait for the next attempt; nullopt when there is none.
  std::optional<Duration> next();
  unsigned attempt() const { return attempt_; }  // the how manyth that was
  void reset() { attempt_ = 0; }

 private:
  ReconnectionOptions options_;
  Random& random_;
  unsigned attempt_ = 0;
};

}  // namespace naru::socketio
