#pragma once

#include "client/url.hpp"
#include "naru/result.hpp"
#include "naru/websocket_client.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace naru::client {

// What the environment says under a name, or nullptr.
using Environment = std::function<const char*(const char* name)>;

// The proxy to reach `to` by, or none.
// Errors: invalid_argument; unsupported for one that wants TLS itself, or SOCKS.
Result<std::optional<Url>> choose_proxy(const ProxyOptions& options, const Url& to,
                                        const Environment& environment);

// Whether a list such as "localhost, .example.org, 10.0.0.0/8, *" names that host.
bool is_listed(std::string_view no_proxy, const std::string& host);

// The request that opens a tunnel (RFC 9110 section 9.3.6).
std::string encode_connect(const Url& to, const Url& proxy);

}  // namespace naru::client
