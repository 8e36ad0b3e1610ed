#include "websocket/handshake.hpp"

#include "base/base64.hpp"
#include "base/sha1.hpp"
#include "websocket/extensions.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

namespace naru::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

Handshake refuse(int status) {
  return {.accepted = false, .response = http::plain(status), .subprotocol = {}, .deflate = {}};
}

// RFC 9110 section 15.5.22: a 426 says what to upgrade to.
Handshake refuse_for_upgrade() {
  Handshake refusal = refuse(426);
  refusal.response.set("Upgrade", "websocket");
  refusal.response.set("Connection", "Upgrade");
  return refusal;
}

// 16 bytes in base64. The last character may hold spare bits that are not zero: the RFC's own
// example does.
bool is_key(std::string_view key) {
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.begin() + 22, is_base64);
}

// A body before the first frame would be read as frames here, and as a body by a proxy that missed
// the 101 (aiohttp GHSA-mfx4-hv73-q22v).
bool announces_body(const http::Request& request) {
  const std::string_view length = request.field("Content-Length");
  return request.has_body || request.count("Transfer-Encoding") != 0 ||
         length.find_first_not_of('0') != std::string_view::npos;
}

// The extensions of all Sec-WebSocket-Extensions fields, in order. nullopt outside their grammar.
std::optional<std::vector<Extension>> offered_extensions(const http::Request& request) {
  std::vector<Extension> all;
  for (const http::Field& field : request.fields) {
    if (!http::iequals(field.name, "Sec-WebSocket-Extensions")) continue;
    auto some = parse_extensions(field.value);
    if (!some) return std::nullopt;
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  return all;
}

// The subprotocols of all Sec-WebSocket-Protocol fields, sorted. nullopt when one is no token or
// comes twice, or when the fields name none.
std::optional<std::vector<std::string_view>> offered_subprotocols(const http::Request& request) {
  std::vector<std::string_view> names;
  bool present = false;
  bool valid = true;
  for (const http::Field& field : request.fields) {
    if (!http::iequals(field.name, "Sec-WebSocket-Protocol")) continue;
    present = true;
    http::for_each_element(field.value, [&](std::string_view name) {
      valid = valid && http::is_token(name);
      names.push_back(name);
    });
  }
  std::sort(names.begin(), names.end());
  const bool unique = std::adjacent_find(names.begin(), names.end()) == names.end();
  if (!valid || !unique || (present && names.empty())) return std::nullopt;
  return names;
}

bool is_of_our_version(const http::Request& request) {
  return request.count("Sec-WebSocket-Version") == 1 &&
         request.field("Sec-WebSocket-Version") == "13";
}

// What a request of HTTP/1.1 must say to become a WebSocket; what is wrong with this one.
std::optional<Handshake> check_upgrade(const http::Request& request) {
  if (request.major_version != 1 || request.minor_version < 1) return refuse(400);
  if (request.method != "GET") {
    Handshake refusal = refuse(405);
    refusal.response.set("Allow", "GET");
    return refusal;
  }
  if (!is_upgrade(request)) return refuse_for_upgrade();
  if (!request.lists("Connection", "upgrade")) return refuse(400);
  if (!is_of_our_version(request)) {
    Handshake refusal = refuse_for_upgrade();
    refusal.response.set("Sec-WebSocket-Version", "13");
    return refusal;
  }
  if (request.count("Sec-WebSocket-Key") != 1 || !is_key(request.field("Sec-WebSocket-Key"))) {
    return refuse(400);
  }
  if (announces_body(request)) return refuse(400);
  return std::nullopt;
}

// The same for an extended CONNECT (RFC 8441 section 5): there is no Upgrade and no key.
std::optional<Handshake> check_connect(const http::Request& request) {
  if (!is_upgrade(request) || announces_body(request)) return refuse(400);
  if (!is_of_our_version(request)) {
    Handshake refusal = refuse(400);
    refusal.response.set("Sec-WebSocket-Version", "13");
    return refusal;
  }
  return std::nullopt;
}

void append_scrubbed(std::string_view value, std::string& out) {
  for (const char c : value) {
    const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    out += control ? ' ' : c;
  }
}

}  // namespace

std::string accept_value(std::string_view key) {
  std::string text(key);
  text += kGuid;
  const std::array<char, 20> digest = sha1(text);
  return base64({digest.data(), digest.size()});
}

bool is_upgrade(const http::Request& request) {
  if (!request.protocol.empty()) return request.protocol == "websocket";
  // RFC 9110 section 7.8: Upgrade means nothing in HTTP/1.0, and RFC 9113 8.6: nothing in HTTP/2.
  return request.major_version == 1 && request.minor_version >= 1 &&
         request.lists("Upgrade", "websocket");
}

Handshake accept_handshake(const http::Request& request,
                           const std::vector<std::string>& subprotocols,
                           const DeflateConfig& deflate) {
  const bool tunnel = !request.protocol.empty();
  auto refusal = tunnel ? check_connect(request) : check_upgrade(request);
  if (refusal) return *std::move(refusal);
  const auto offered = offered_subprotocols(request);
  const auto extensions = offered_extensions(request);
  if (!offered || !extensions) return refuse(400);

  Handshake handshake{.accepted = true, .response = {}, .subprotocol = {}, .deflate = {}};
  if (tunnel) {
    handshake.response.status = 200;
  } else {
    handshake.response.status = 101;
    handshake.response.set("Upgrade", "websocket");
    handshake.response.set("Connection", "Upgrade");
    handshake.response.set("Sec-WebSocket-Accept",
                           accept_value(request.field("Sec-WebSocket-Key")));
  }
  const auto chosen =
      std::find_if(subprotocols.begin(), subprotocols.end(), [&](const std::string& name) {
        return std::binary_search(offered->begin(), offered->end(), name);
      });
  if (chosen != subprotocols.end()) {
    handshake.subprotocol = *chosen;
    handshake.response.set("Sec-WebSocket-Protocol", *chosen);
  }
  if (auto agreed = answer_deflate(*extensions, deflate)) {
    handshake.deflate = agreed->agreement;
    handshake.response.set("Sec-WebSocket-Extensions", std::move(agreed->answer));
  }
  return handshake;
}

void encode_switching_protocols(const http::Response& response, SendQueue& out) {
  std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const auto& [name, value] : response.fields) {
    // RFC 9110 section 8.6: a 101 has no body to measure.
    if (!http::is_token(name) || http::iequals(name, "Content-Length") ||
        http::iequals(name, "Transfer-Encoding")) {
      continue;
    }
    head.append(name).append(": ");
    append_scrubbed(value, head);
    head += "\r\n";
  }
  head += "\r\n";
  out.append(std::string_view(head));
}

}  // namespace naru::websocket
