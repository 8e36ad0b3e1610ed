#pragma once

#include <chrono>

namespace naru {

// A point of the monotonic clock. Cores are handed it as `now`; only io/ reads the clock.
using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// Later than everything: "no deadline".
inline constexpr Instant kNever = Instant::max();

}  // namespace naru
