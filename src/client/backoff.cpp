#include "client/backoff.hpp"

#include <algorithm>
#include <cstdint>

namespace naru::client {

std::optional<Backoff::Delay> Backoff::next() {
  if (!options_.enabled) return std::nullopt;
  if (options_.attempts != 0 && attempt_ >= options_.attempts) return std::nullopt;
  if (attempt_++ == 0) {
    next_ = std::min(options_.min_delay, options_.max_delay);
    return random_up_to(options_.first_delay);
  }
  const Delay delay = next_;
  // Compared before it is doubled: however long the row, nothing overflows.
  next_ = delay > options_.max_delay / 2 ? options_.max_delay : delay * 2;
  return delay - random_up_to(delay / 2);
}

void Backoff::on_end(Instant now) {
  if (opened_ && now - *opened_ >= options_.stable_after) attempt_ = 0;
  opened_.reset();
}

Backoff::Delay Backoff::random_up_to(Delay limit) {
  if (limit <= Delay::zero()) return Delay::zero();
  const auto count = static_cast<std::uint64_t>(limit.count()) + 1;
  return Delay(static_cast<Delay::rep>(random_.next_u64() % count));
}

}  // namespace naru::client
