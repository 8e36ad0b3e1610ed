#include "client/websocket_line.hpp"

#include "base/utf8.hpp"

#include <cstdlib>
#include <string>
#include <utility>

namespace naru::client {

LineContext::LineContext(WebSocketClientOptions given, std::vector<std::string> subprotocols,
                         io::Resolver::Lookup lookup)
    : options(std::move(given)),
      dial{.options = options,
           .offer = {.subprotocols = std::move(subprotocols),
                     .require_subprotocol = false,
                     .deflate = websocket::deflate_config(options.compression)},
           .tls = nullptr,
           .environment = [](const char* name) { return std::getenv(name); },
           .lookup = std::move(lookup)} {
  websocket.limits.message_bytes = options.message_bytes;
  websocket.limits.deflate = dial.offer.deflate;
  websocket.times.idle_timeout = options.idle_timeout;
  websocket.times.close_timeout = options.close_timeout;
  websocket.outbox.high_watermark = options.high_watermark;
  websocket.outbox.limit = options.limit;
}

SendOutcome to_outcome(transport::Push push) {
  switch (push) {
    case transport::Push::queued:
      return SendOutcome::sent;
    case transport::Push::high:
      return SendOutcome::blocked;
    case transport::Push::dropped:
      return SendOutcome::dropped;
    case transport::Push::overflow:
    case transport::Push::closed:
      break;
  }
  return SendOutcome::closed;
}

WebSocketLine::WebSocketLine(io::Loop& loop, LineContext& context, Line::User& user)
    : context_(context), user_(user), dialer_(loop, context.dial, context.random, *this) {}

WebSocketLine::~WebSocketLine() {
  dialer_.cancel();
  if (transport_ == nullptr) return;
  transport_->forget_user();
  transport_->abort();
}

std::unique_ptr<io::StreamHandler> WebSocketLine::on_opened(
    const websocket::ClientHandshake& handshake, const http::ReceivedResponse&) {
  return std::make_unique<transport::WebSocketTransport>(
      static_cast<transport::WebSocketUser&>(*this), context_.websocket,
      transport::WebSocketOpening{.role = websocket::Role::client,
                                  .deflate = handshake.deflate,
                                  .pool = &context_.pool,
                                  .masks = &context_.random});
}

void WebSocketLine::on_dial_failed(const ConnectFailure& failure) {
  user_.on_line_closed(failure.text, &failure);
}

void WebSocketLine::on_websocket_open(transport::WebSocketTransport& transport) {
  transport_ = &transport;
  user_.on_line_open();
}

void WebSocketLine::on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                                        std::string_view reason) {
  transport_ = nullptr;
  std::string why = "the WebSocket has ended, " + std::to_string(code);
  if (!reason.empty()) why.append(": ").append(reason);
  user_.on_line_closed(why, nullptr);
}

SendOutcome WebSocketLine::send(std::string_view message) {
  if (transport_ == nullptr) return SendOutcome::closed;
  const auto opcode = is_utf8(message) ? websocket::Opcode::text : websocket::Opcode::binary;
  return to_outcome(transport_->send(opcode, {}, message));
}

void WebSocketLine::close() {
  if (transport_ != nullptr) transport_->close(1000, {});
}

}  // namespace naru::client
