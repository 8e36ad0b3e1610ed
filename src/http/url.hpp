#pragma once

#include "naru/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::http {

// Decodes %XX; nullopt when an escape is malformed. '+' stays as it is.
std::optional<std::string> percent_decode(std::string_view text);

// The parameters of a query string or a urlencoded form, in order, decoded ('+' is a space; a
// malformed escape stays as it is). At most `limit` of them.
class Query {
 public:
  static Query parse(std::string_view text, std::size_t limit = 256);
  // The last value of that name, or nullptr.
  const std::string* find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// host[":" port] as in a Host field (RFC 3986 section 3.2, without user information). The host is
// not empty; an IPv6 address keeps its brackets.
struct Authority {
  std::string_view host;
  unsigned short port = 0;  // 0: not given
};
std::optional<Authority> parse_authority(std::string_view text);

// scheme, host and port of an Origin header (RFC 6454), host in lower case, default ports filled
// in.
struct Origin {
  std::string scheme;
  std::string host;
  unsigned short port = 0;
  friend bool operator==(const Origin&, const Origin&) = default;
};
// Errors: protocol_error, also for "null".
Result<Origin> parse_origin(std::string_view text);

// Whether `origin` names the server that `host` (the Host field) reached; `tls` gives the scheme.
bool is_same_origin(std::string_view origin, std::string_view host, bool tls);

}  // namespace naru::http
