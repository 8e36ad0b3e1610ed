#pragma once

#include "hub/hub.hpp"
#include "naru/message.hpp"
#include "server/wire_formats.hpp"

#include <string>

namespace naru::server {

class MessagePublication;

namespace wire {
// A message as SockJS writes it, without its frame: over HTTP it shares one with others.
inline constexpr Format sockjs_element = sockjs;
// A whole WebSocket frame, as it is; the compressed ones behind it, by
// WebSocketTransport::wire_class.
inline constexpr Format sockjs_websocket = sockjs + 1;
}  // namespace wire

// Appends `message` as a JSON string; binary as base64.
void append_sockjs(Message message, std::string& out);
SharedBytes encode_sockjs(const MessagePublication& publication, hub::WireFormat format);

}  // namespace naru::server
