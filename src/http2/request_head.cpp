#include "http2/request_head.hpp"

#include "http/head_rules.hpp"

#include <algorithm>

namespace naru::http2 {
namespace {

constexpr std::size_t kFieldOverhead = 32;  // RFC 9113 6.5.2, SETTINGS_MAX_HEADER_LIST_SIZE
constexpr http::Refusal malformed(std::string_view text) {
  return {0, text};
}

}  // namespace

RequestHead::Pseudo RequestHead::kind_of(std::string_view name) {
  if (!name.starts_with(':')) return regular;
  if (name == ":method") return method;
  if (name == ":scheme") return scheme;
  if (name == ":path") return path;
  if (name == ":authority") return authority;
  return protocol;
}

void RequestHead::add(std::string_view name, std::string_view value, const http::Limits& limits) {
  if (refusal_) return;
  const Pseudo kind = kind_of(name);
  bytes_ += name.size() + value.size() + kFieldOverhead;
  if (kind == path && value.size() > limits.target_bytes) {
    refusal_ = http::Refusal{414, "the request target is too long"};
  } else if (bytes_ > limits.head_bytes) {
    refusal_ = http::Refusal{431, "the request head is too large"};
  } else if (kind == regular && name == "cookie") {
    // Sent in crumbs, for compression; one field for everybody else (8.2.3).
    cookie_.append(cookie_.empty() ? "" : "; ").append(value);
  } else if (pieces_.size() >= limits.fields) {
    refusal_ = http::Refusal{431, "too many fields"};
  } else {
    text_.append(name).append(value);
    pieces_.push_back(
        {kind, static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())});
  }
}

std::optional<http::Refusal> RequestHead::finish(Body body, http::Request& request) {
  if (refusal_) return refusal_;
  request.major_version = 2;
  request.has_body = body == Body::follows;
  std::string_view authority_value;
  collect(request, authority_value);
  if (!request.protocol.empty()) {
    // What goes through a tunnel is not the message's content.
    if (!request.has_body) return malformed("an extended CONNECT that has ended already");
    if (request.count("content-length") > 0) return malformed("an extended CONNECT with a length");
    request.has_body = false;
  }
  if (auto refusal = find_host(authority_value, request)) return refusal;
  if (request.method == "CONNECT" && request.protocol.empty()) {
    return http::Refusal{501, "this is no proxy"};
  }
  if (!request.protocol.empty() && request.protocol != "websocket") {
    return http::Refusal{501, "an unknown :protocol"};
  }
  if (!request.target.starts_with('/') && request.target != "*") {
    return http::Refusal{400, "a request target that is no path"};
  }
  std::string unused;  // for absolute forms, which are none here
  return http::resolve_target(request, unused);
}

void RequestHead::collect(http::Request& request, std::string_view& authority_value) const {
  std::string_view rest = text_;
  for (const Piece& piece : pieces_) {
    const std::string_view name = rest.substr(0, piece.name_size);
    const std::string_view value = rest.substr(piece.name_size, piece.value_size);
    rest.remove_prefix(name.size() + value.size());
    switch (piece.kind) {
      case method:
        request.method = value;
        break;
      case path:
        request.target = value;
        break;
      case authority:
        authority_value = value;
        break;
      case protocol:
        request.protocol = value;
        break;
      case scheme:
        break;
      case regular:
        request.fields.push_back({name, value});
    }
  }
  if (!cookie_.empty()) request.fields.push_back({"cookie", cookie_});
}

// :authority stands for Host (8.3.1). Whoever sends both must mean the same by them.
std::optional<http::Refusal> RequestHead::find_host(std::string_view authority_value,
                                                    http::Request& request) const {
  if (!authority_value.empty()) {
    const std::size_t hosts = request.count("host");
    if (hosts > 1 || (hosts == 1 && !http::iequals(request.field("host"), authority_value))) {
      return http::Refusal{400, "Host is not the :authority"};
    }
    if (hosts == 0) request.fields.insert(request.fields.begin(), {"host", authority_value});
  }
  return http::check_host(request);
}

}  // namespace naru::http2
