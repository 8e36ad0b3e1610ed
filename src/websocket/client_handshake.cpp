#include "websocket/client_handshake.hpp"

#include "base/base64.hpp"
#include "websocket/extensions.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace naru::websocket {
namespace {

bool is_own_field(std::string_view name) {
  constexpr std::string_view prefix = "Sec-WebSocket-";
  return http::iequals(name, "Host") || http::iequals(name, "Upgrade") ||
         http::iequals(name, "Connection") || http::iequals(name, "Content-Length") ||
         http::iequals(name, "Transfer-Encoding") ||
         http::iequals(name.substr(0, prefix.size()), prefix);
}

bool is_target(std::string_view target) {
  return target.starts_with('/') && std::all_of(target.begin(), target.end(), [](char c) {
           return c > 0x20 && c < 0x7f && c != '#';
         });
}

void append_field(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

Error failure(std::string_view text) {
  return {Errc::protocol_error, text};
}

// The extensions of all fields of the answer. There should be one field, but section 11.3.2 and
// 4.2.2 of RFC 6455 disagree.
Result<std::vector<Extension>> extensions_of(std::span<const http::Field> fields) {
  std::vector<Extension> all;
  for (const http::Field& field : fields) {
    if (!http::iequals(field.name, "Sec-WebSocket-Extensions")) continue;
    NARU_TRY(std::vector<Extension> some, parse_extensions(field.value));
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

Result<std::string> subprotocol_of(std::span<const http::Field> fields, const ClientOffer& offer) {
  const std::size_t count = http::count_fields(fields, "Sec-WebSocket-Protocol");
  if (count == 0) {
    if (offer.require_subprotocol && !offer.subprotocols.empty()) {
      return failure("no subprotocol chosen");
    }
    return std::string();
  }
  if (count > 1) return failure("more than one subprotocol");
  std::string chosen(http::find_field(fields, "Sec-WebSocket-Protocol"));
  const auto& asked = offer.subprotocols;
  if (std::find(asked.begin(), asked.end(), chosen) == asked.end()) {
    return failure("a subprotocol that was not asked for");
  }
  return chosen;
}

}  // namespace

std::string make_key(Random& random) {
  std::array<unsigned char, 16> nonce{};
  random.fill(nonce);
  return base64({reinterpret_cast<const char*>(nonce.data()), nonce.size()});
}

Result<std::string> encode_request(std::string_view target, std::string_view host,
                                   std::string_view key, const ClientOffer& offer,
                                   std::span<const std::pair<std::string, std::string>> headers) {
  if (!is_target(target)) return Error{Errc::invalid_argument, "not a request target"};
  if (host.empty() || !http::is_field_value(host))
    return Error{Errc::invalid_argument, "not a host"};
  std::string head = "GET ";
  head.append(target).append(" HTTP/1.1\r\n");
  append_field("Host", host, head);
  append_field("Upgrade", "websocket", head);
  append_field("Connection", "Upgrade", head);
  append_field("Sec-WebSocket-Key", key, head);
  append_field("Sec-WebSocket-Version", "13", head);
  std::string list;
  for (const std::string& name : offer.subprotocols) {
    if (!http::is_token(name))
      return Error{Errc::invalid_argument, "a subprotocol that is no token"};
    if (std::count(offer.subprotocols.begin(), offer.subprotocols.end(), name) > 1) {
      return Error{Errc::invalid_argument, "a subprotocol twice"};
    }
    list.append(list.empty() ? "" : ", ").append(name);
  }
  if (!list.empty()) append_field("Sec-WebSocket-Protocol", list, head);
  const std::string extensions = offer_deflate(offer.deflate);
  if (!extensions.empty()) append_field("Sec-WebSocket-Extensions", extensions, head);
  for (const auto& [name, value] : headers) {
    // undici CVE-2026-1527: what the application supplies must not become fields of its own.
    if (!http::is_token(name) || !http::is_field_value(value)) {
      return Error{Errc::invalid_argument, "not a header"};
    }
    if (is_own_field(name))
      return Error{Errc::invalid_argument, "a header of the handshake itself"};
    append_field(name, value, head);
  }
  return head + "\r\n";
}

Result<ClientHandshake> judge_answer(std::span<const http::Field> fields, std::string_view key,
                                     const ClientOffer& offer) {
  if (http::count_fields(fields, "Upgrade") != 1 ||
      !http::iequals(http::find_field(fields, "Upgrade"), "websocket")) {
    return failure("Upgrade is not websocket");
  }
  if (!http::lists_token(fields, "Connection", "upgrade")) {
    return failure("Connection does not say upgrade");
  }
  if (http::count_fields(fields, "Sec-WebSocket-Accept") != 1 ||
      http::find_field(fields, "Sec-WebSocket-Accept") != accept_value(key)) {
    return failure("Sec-WebSocket-Accept does not fit the key");
  }
  if (http::count_fields(fields, "Transfer-Encoding") != 0) {
    return failure("a body behind the 101");
  }
  ClientHandshake agreed;
  NARU_TRY(agreed.subprotocol, subprotocol_of(fields, offer));
  NARU_TRY(const std::vector<Extension> extensions, extensions_of(fields));
  NARU_TRY(agreed.deflate, judge_deflate(extensions, offer.deflate));
  return agreed;
}

}  // namespace naru::websocket
