#pragma once

#include "http/request.hpp"
#include "http/response.hpp"
#include "naru/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::websocket {

// base64(SHA-1(key + GUID)), RFC 6455 section 4.2.2.
std::string accept_value(std::string_view key);

// Whether the request asks to become a WebSocket: Upgrade lists "websocket".
bool is_upgrade(const http::Request& request);

// The outcome of the server's checks (websocket.md 1.1, rows 4 to 8, 10 and 14). Either a 101 that
// may be sent as it is, or the refusal; a refusal closes the connection.
struct Handshake {
  bool accepted = false;
  http::Response response;
  std::string subprotocol;  // chosen, or empty
};
// `subprotocols`: what the route speaks, in its order of preference. The Origin policy and
// authentication are the caller's, after this.
Handshake accept_handshake(const http::Request& request,
                           const std::vector<std::string>& subprotocols);

// Appends the 101 (no Content-Length, no body).
void encode_switching_protocols(const http::Response& response, SendQueue& out);

}  // namespace naru::websocket
