#include "socketio/reconnection.hpp"

#include <algorithm>
#include <cmath>

namespace naru::socketio {

std::optional<Duration> Reconnection::next() {
  if (!options_.enabled) return std::nullopt;
  if (options_.attempts != 0 && attempt_ >= options_.attempts) return std::nullopt;
  // In milliseconds, as doubles: 2^30 is beyond any limit, so the reference's overflow to a wait of
  // nothing after 1015 attempts cannot come about.
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const double longest = std::max(0.0, Milliseconds(options_.delay_max).count());
  double wait = Milliseconds(options_.delay).count();
  wait *= std::exp2(std::min(attempt_++, 30U));
  const double share = static_cast<double>(random_.next_u64() >> 11U) * 0x1p-53;  // [0, 1)
  const double deviation =
      std::floor(share * std::clamp(options_.randomization_factor, 0.0, 1.0) * wait);
  wait += static_cast<int>(share * 10) % 2 == 0 ? -deviation : deviation;
  wait = std::floor(std::clamp(wait, 0.0, longest));
  return std::chrono::duration_cast<Duration>(Milliseconds(wait));
}

}  // namespace naru::socketio
