#pragma once

#include "http/request.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::http {

// What one proxy says of the connection that a request came to it by. Empty: it does not say.
struct Hop {
  std::string address;  // "192.0.2.1", "2001:db8::1", without a port; or "unknown", "_name"
  std::string scheme;   // in lower case
  std::string host;
};

// At most so many hops are looked at, those nearest to us. Longer chains are nobody's.
constexpr std::size_t kHopsAtMost = 32;

// The hops of a request, the nearest to us last: as Forwarded tells them (RFC 7239), and as
// X-Forwarded-For, -Proto and -Host do. Anybody may have written these fields: believe what stands
// at the right of a list when the neighbour is trusted, and what is left of it when that one is
// too. A Forwarded field that is malformed has no hops.
std::vector<Hop> forwarded_hops(const Request& request);
std::vector<Hop> x_forwarded_hops(const Request& request);

}  // namespace naru::http
