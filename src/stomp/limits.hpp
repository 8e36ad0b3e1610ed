#pragma once

#include <cstddef>

namespace naru::stomp {

// What one frame may take. Beyond any of them: ERROR, and the connection ends.
struct Limits {
  std::size_t line_bytes = 8192;   // of one header
  std::size_t headers = 128;       // of one frame
  std::size_t head_bytes = 32768;  // command and headers
  std::size_t body_bytes = std::size_t{2} << 20U;
};

}  // namespace naru::stomp
