#pragma once

#include <cstddef>
#include <cstdint>

namespace naru::transport {

// How much may wait to leave one connection, or one stream of it.
struct OutboxLimits {
  std::size_t high_watermark = std::size_t{1} << 16U;  // above it droppable messages are dropped
  std::size_t limit = std::size_t{16} << 20U;          // above it the slow consumer is closed
};

// What became of something that was to be sent.
enum class Push : std::uint8_t {
  queued,
  high,      // queued; more than the high-water mark waits, and its end will be told
  dropped,   // droppable, and more than the high-water mark waits
  overflow,  // more than the limit waits: it has been closed
  closed,    // before this
};

}  // namespace naru::transport
