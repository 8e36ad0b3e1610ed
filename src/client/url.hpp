#pragma once

#include "naru/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace naru::client {

// Where to open a WebSocket (RFC 6455 section 3), or an HTTP proxy.
struct Url {
  bool secure = false;
  std::string host;  // in lower case; an IPv6 address without brackets
  std::uint16_t port = 0;
  std::string target;         // origin-form: path and query
  std::string authorization;  // "Basic ..." from user information, or empty

  std::string host_field() const;  // of Host: without the scheme's port
  std::string authority() const;   // of CONNECT: always with the port
  bool same_origin(const Url& other) const {
    return secure == other.secure && host == other.host && port == other.port;
  }
};

struct Scheme {
  std::string_view name;
  bool secure;
  std::uint16_t port;  // when the URL names none
};

// Parses a URL of the schemes ws, wss, http and https (which mean the same here), or of others.
// Errors: invalid_argument: malformed, another scheme, no host, a zone, a fragment.
Result<Url> parse_url(std::string_view text);
Result<Url> parse_url(std::string_view text, std::span<const Scheme> schemes);
// Throws std::invalid_argument instead: a program's own URL.
Url url_or_throw(std::string_view text);

// Where the Location of a redirect leads, seen from `base` (RFC 9110 section 10.2.2); its fragment
// is of no use to a server. Errors: as above.
Result<Url> follow(const Url& base, std::string_view location);

// "Basic ..." (RFC 7617).
std::string basic_authorization(std::string_view user, std::string_view password);

}  // namespace naru::client
