#include "http/url.hpp"

#include <algorithm>
#include <charconv>

namespace naru::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The octet that an escape at the front of `text` stands for, or -1.
int escaped_octet(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string decode_parameter(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const int octet = escaped_octet(text);
    if (octet >= 0) {
      out.push_back(static_cast<char>(octet));
    } else {
      out.push_back(text[0] == '+' ? ' ' : text[0]);
    }
    text.remove_prefix(octet >= 0 ? 3 : 1);
  }
  return out;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (text.size() < 4 || !text.ends_with(']')) return false;
    const std::string_view address = text.substr(1, text.size() - 2);
    return std::all_of(address.begin(), address.end(),
                       [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
  }
  // reg-name of RFC 3986 without the comma, which would let two names pass as one.
  static constexpr std::string_view others = "-._~%!$&'()*+;=";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

unsigned short default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const int octet = escaped_octet(text);
    if (octet < 0 && text[0] == '%') return std::nullopt;
    out.push_back(octet < 0 ? text[0] : static_cast<char>(octet));
    text.remove_prefix(octet < 0 ? 1 : 3);
  }
  return out;
}

Query Query::parse(std::string_view text, std::size_t limit) {
  Query query;
  while (!text.empty() && query.all_.size() < limit) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (piece.empty()) continue;
    const std::size_t equals = std::min(piece.find('='), piece.size());
    query.all_.emplace_back(decode_parameter(piece.substr(0, equals)),
                            decode_parameter(piece.substr(std::min(equals + 1, piece.size()))));
  }
  return query;
}

const std::string* Query::find(std::string_view name) const {
  const auto found = std::find_if(all_.rbegin(), all_.rend(),
                                  [name](const auto& entry) { return entry.first == name; });
  return found == all_.rend() ? nullptr : &found->second;
}

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  authority.host = text.substr(0, colon);
  if (!is_host(authority.host)) return std::nullopt;
  if (colon == std::string_view::npos) return authority;
  const std::string_view digits = text.substr(colon + 1);
  if (digits.empty()) return authority;  // RFC 3986 section 3.2.3 lets the port be empty
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), authority.port);
  if (error != std::errc{} || stop != digits.data() + digits.size() || authority.port == 0) {
    return std::nullopt;
  }
  return authority;
}

Result<Origin> parse_origin(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || !is_scheme(text.substr(0, end)) || text.ends_with(':')) {
    return Error{Errc::protocol_error, "a malformed origin"};
  }
  const auto authority = parse_authority(text.substr(end + 3));
  if (!authority) return Error{Errc::protocol_error, "a malformed origin"};
  Origin origin{to_lower(text.substr(0, end)), to_lower(authority->host), authority->port};
  if (origin.port == 0) origin.port = default_port(origin.scheme);
  return origin;
}

bool is_same_origin(std::string_view origin, std::string_view host, bool tls) {
  const Result<Origin> theirs = parse_origin(origin);
  const auto ours = parse_authority(host);
  if (!theirs || !ours) return false;
  const std::string_view scheme = tls ? "https" : "http";
  const unsigned short port = ours->port != 0 ? ours->port : default_port(scheme);
  return theirs->scheme == scheme && theirs->port == port && theirs->host == to_lower(ours->host);
}

}  // namespace naru::http
