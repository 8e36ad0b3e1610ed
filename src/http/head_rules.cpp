#include "http/head_rules.hpp"

#include "http/url.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace naru::http {
namespace {

bool consume_prefix(std::string_view& text, std::string_view prefix) {
  if (!iequals(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// http://authority/path?query
std::optional<Refusal> reduce_absolute(Request& request, std::string& storage) {
  std::string_view rest = request.target;
  if (!consume_prefix(rest, "http://") && !consume_prefix(rest, "https://")) {
    return Refusal{400, "a request target of no known form"};
  }
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (!parse_authority(authority)) return Refusal{400, "a malformed authority in the target"};
  for (Field& field : request.fields) {
    if (iequals(field.name, "Host")) field.value = authority;
  }
  rest.remove_prefix(end);
  if (rest.starts_with('/')) {
    request.target = rest;
  } else if (rest.empty() && request.method == "OPTIONS") {
    request.target = "*";  // section 3.2.4
  } else {
    storage.assign(1, '/').append(rest);
    request.target = storage;
  }
  return std::nullopt;
}

// Transfer-Encoding must be "chunked" alone: we know no other coding, and what stands beside it is
// where parsers disagree.
std::optional<Refusal> check_coding(std::string_view value) {
  std::size_t chunked = 0;
  std::size_t others = 0;
  bool last_is_chunked = false;
  for_each_element(value, [&](std::string_view coding) {
    last_is_chunked = iequals(coding, "chunked");
    ++(last_is_chunked ? chunked : others);
  });
  if (chunked != 1 || !last_is_chunked) return Refusal{400, "the last coding must be chunked"};
  if (others > 0) return Refusal{501, "an unknown transfer coding"};
  if (value.size() != std::string_view("chunked").size()) {
    return Refusal{400, "empty elements in Transfer-Encoding"};
  }
  return std::nullopt;
}

bool parse_length(std::string_view text, std::uint64_t& length) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  return error == std::errc{} && stop == end &&
         length <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

}  // namespace

std::optional<Refusal> resolve_target(Request& request, std::string& storage) {
  if (request.method == "CONNECT" && request.protocol.empty()) {
    return Refusal{501, "this is no proxy"};
  }
  const auto bad = [](char c) { return c < 0x21 || c > 0x7e || c == '#'; };
  if (std::any_of(request.target.begin(), request.target.end(), bad)) {
    return Refusal{400, "a character that does not belong in a request target"};
  }
  if (request.target == "*") {
    if (request.method != "OPTIONS") return Refusal{400, "\"*\" is for OPTIONS alone"};
  } else if (!request.target.starts_with('/')) {
    if (auto refusal = reduce_absolute(request, storage)) return refusal;
  }
  const std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view{}  //
                                                 : request.target.substr(mark + 1);
  return std::nullopt;
}

std::optional<Refusal> check_host(const Request& request) {
  const std::size_t count = request.count("Host");
  if (count > 1) return Refusal{400, "more than one Host"};
  if (count == 0) {
    if (request.minor_version >= 1) return Refusal{400, "no Host"};
    return std::nullopt;
  }
  if (!parse_authority(request.field("Host"))) return Refusal{400, "a malformed Host"};
  return std::nullopt;
}

std::optional<Refusal> find_framing(const Request& request, Framing& framing) {
  framing = {};
  const std::size_t codings = request.count("Transfer-Encoding");
  const std::size_t lengths = request.count("Content-Length");
  if (codings > 0) {
    if (lengths > 0) return Refusal{400, "Transfer-Encoding beside Content-Length"};
    if (request.minor_version == 0) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
    if (codings > 1) return Refusal{400, "more than one Transfer-Encoding"};
    if (auto refusal = check_coding(request.field("Transfer-Encoding"))) return refusal;
    framing.chunked = true;
    return std::nullopt;
  }
  if (lengths > 1) return Refusal{400, "more than one Content-Length"};
  if (lengths == 1 && !parse_length(request.field("Content-Length"), framing.length)) {
    return Refusal{400, "a malformed Content-Length"};
  }
  return std::nullopt;
}

bool persists(const Request& request) {
  if (request.lists("Connection", "close")) return false;
  return request.minor_version >= 1 || request.lists("Connection", "keep-alive");
}

}  // namespace naru::http
