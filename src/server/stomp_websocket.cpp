#include "server/stomp_websocket.hpp"

#include "server/worker.hpp"
#include "websocket/close_code.hpp"

#include <utility>

namespace naru::server {
namespace {

websocket::Opcode opcode_of(StompCarrier::Content content) {
  return content == StompCarrier::Content::text ? websocket::Opcode::text
                                                : websocket::Opcode::binary;
}

}  // namespace

transport::Push StompWebSocket::send(std::string_view head, std::string_view rest,
                                     Content content) {
  return transport_->send(opcode_of(content), head, rest);
}

transport::Push StompWebSocket::send(std::string_view head, const SharedBytes& rest,
                                     Content content) {
  return transport_->send(opcode_of(content), head, *rest);
}

void StompWebSocket::finish(Ending ending) {
  switch (ending) {
    case Ending::normal:
      return transport_->close(websocket::close_code::normal, {});
    case Ending::protocol_error:
      return transport_->close(websocket::close_code::protocol_error, {});
    case Ending::too_big:
      return transport_->close(websocket::close_code::message_too_big, {});
    case Ending::going_away:
      return transport_->close(websocket::close_code::going_away, {});
  }
}

void StompWebSocket::on_websocket_open(transport::WebSocketTransport& transport) {
  transport_ = &transport;
  user_ = here_.open(*this, std::move(request_));
}

// Whole messages come as parts, see StompEndpoint.
void StompWebSocket::on_websocket_message(transport::WebSocketTransport&, bool binary,
                                          std::span<char> payload) {
  user_->on_bytes(payload, binary ? Content::binary : Content::text);
}

void StompWebSocket::on_websocket_part(transport::WebSocketTransport&,
                                       const websocket::Event& event) {
  user_->on_bytes(event.payload, event.binary ? Content::binary : Content::text);
}

void StompWebSocket::on_websocket_drain(transport::WebSocketTransport&) {
  user_->on_drain();
}

void StompWebSocket::on_websocket_closed(transport::WebSocketTransport&, std::uint16_t,
                                         std::string_view) {
  user_->on_closed();
}

void StompWebSocket::on_websocket_violation(transport::WebSocketTransport& transport,
                                            const Error& error) {
  here_.worker().log_violation("websocket", transport.stream().peer_address(), error.text);
}

}  // namespace naru::server
