#pragma once

#include "base/time.hpp"
#include "http/request_decoder.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace naru::http2 {

// So many at once, and so many per second in the long run.
struct Budget {
  std::uint32_t burst = 0;
  std::uint32_t per_second = 0;
};

// What a peer may do on one connection. Above a budget the connection ends with GOAWAY
// ENHANCE_YOUR_CALM.
struct Limits {
  http::Limits message{};       // of one request's head; its body is limited by who takes it
  std::uint32_t streams = 128;  // at once
  std::uint32_t stream_window = 131072;       // sent to one stream and not consumed
  std::uint32_t connection_window = 1048576;  // to all of them
  std::size_t pending_frames = 1024;          // of ours that the peer does not read
  std::size_t continuations = 8;              // of one head (CERT VU#421644)
  std::size_t settings = 32;                  // in one frame
  Budget resets{500, 50};                     // by the peer: Rapid Reset, CVE-2023-44487
  Budget provoked_resets{100, 10};            // by us, for what it did: MadeYouReset, CVE-2025-8671
  Budget control_frames{500, 50};  // SETTINGS, PING, PRIORITY: CVE-2019-9512, -9513, -9515
  Budget empty_frames{100, 10};    // DATA that neither brings nor ends anything: CVE-2019-9518
};

// Counts against a Budget: a token bucket, kept as the instant at which it is full again.
class RateLimit {
 public:
  // False: there is nothing left to spend.
  bool spend(const Budget& budget, Instant now) {
    const Duration each = std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) /
                          std::max(budget.per_second, 1U);
    const Instant from = std::max(full_at_, now);
    if (from - now >= each * budget.burst) return false;
    full_at_ = from + each;
    return true;
  }

 private:
  Instant full_at_{};
};

}  // namespace naru::http2
