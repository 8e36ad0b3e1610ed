#pragma once

#include "io/stream.hpp"
#include "transport/http_exchange.hpp"
#include "transport/http_limits.hpp"

#include <memory>

namespace naru::transport {

// The first handler of a connection to an HTTP server: HTTP/1.1, or, by TLS, the version that ALPN
// agrees on.
std::unique_ptr<io::StreamHandler> make_http_handler(const io::Stream& stream, HttpService& service,
                                                     const HttpLimits& limits);

}  // namespace naru::transport
