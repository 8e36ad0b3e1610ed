#pragma once

#include "http/request.hpp"
#include "io/address_ranges.hpp"
#include "io/stream.hpp"

#include <string>

namespace naru::server {

// Who has sent a request, to whom, and how: by the connection itself, or by the word of proxies
// that are trusted.
struct Caller {
  std::string address;
  bool secure = false;  // came by TLS
  std::string host;     // as in a Host field
};

// With the proxies that this loop's server trusts. Between proxies, from the nearest to the first
// that is not trusted: that one is the client, as far as anybody knows. When both Forwarded and
// X-Forwarded-For are there and do not agree, one of them comes from the client, and neither
// counts.
Caller caller_of(const http::Request& request, const io::Stream& stream);
Caller caller_of(const http::Request& request, const io::Stream& stream,
                 const io::AddressRanges& trusted);

}  // namespace naru::server
