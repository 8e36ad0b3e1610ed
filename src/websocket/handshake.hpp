#pragma once

#include "base/send_queue.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "websocket/deflate_negotiation.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::websocket {

// base64(SHA-1(key + GUID)), RFC 6455 section 4.2.2.
std::string accept_value(std::string_view key);

// Whether the request asks to become a WebSocket: Upgrade lists "websocket", and the version is not
// 1.0, where Upgrade means nothing; or it is an extended CONNECT of HTTP/2 (RFC 8441).
bool is_upgrade(const http::Request& request);

// The outcome of the server's checks (RFC 6455 section 4.2.1, RFC 8441 section 5). Either a 101 (in
// HTTP/2 a 200) that may be sent as it is, or the refusal; a refusal closes the connection.
struct Handshake {
  bool accepted = false;
  http::Response response;
  std::string subprotocol;                    // chosen, or empty
  std::optional<DeflateAgreement> deflate{};  // what the response says about compression
};
// `subprotocols`: what the route speaks, in its order of preference. The Origin policy and
// authentication are the caller's, after this.
Handshake accept_handshake(const http::Request& request,
                           const std::vector<std::string>& subprotocols,
                           const DeflateConfig& deflate = {});

// Appends the 101 (no Content-Length, no body). Fields that the application added are made harmless
// here: CR, LF and other control characters in a value become spaces, a name that is no token is
// left out.
void encode_switching_protocols(const http::Response& response, SendQueue& out);

}  // namespace naru::websocket
