#pragma once

#include "base/time.hpp"
#include "http/request_decoder.hpp"
#include "http2/limits.hpp"

#include <chrono>
#include <cstddef>

namespace naru::transport {

// What a peer may do on one connection, of either version.
struct HttpLimits {
  http::Limits message{};
  Duration head_timeout = std::chrono::seconds(10);  // 408
  Duration body_timeout = std::chrono::seconds(30);  // 408
  Duration idle_timeout = std::chrono::seconds(65);  // between requests
  std::size_t pipelined_bytes = 16384;  // kept while an answer is due; reading pauses above it
  http2::Limits http2{};
  std::size_t bodies_bytes = std::size_t{8} << 20U;  // of HTTP/2 requests under way together: 503
};

}  // namespace naru::transport
