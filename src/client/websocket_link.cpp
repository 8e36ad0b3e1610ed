#include "client/websocket_link.hpp"

#include <cstdlib>
#include <utility>

namespace naru::client {

WebSocketClientOptions dial_options(const EngineContext& context) {
  WebSocketClientOptions options;
  options.headers = context.headers();
  options.tls = context.options.tls;
  options.proxy = context.options.proxy;
  const auto timeout = context.options.timeout;  // that of the attempt, which bounds all of it
  options.timeouts = {timeout, timeout, timeout, timeout, timeout};
  return options;
}

DialSettings dial_settings(const EngineContext& context, const WebSocketClientOptions& options) {
  return {.options = options,
          .offer = {.subprotocols = {}, .deflate = context.websocket.limits.deflate},
          .tls = context.tls,
          .environment = [](const char* name) { return std::getenv(name); },
          .lookup = context.lookup};
}

CallSettings call_settings(EngineContext& context) {
  return {.dial = dial_options(context),
          .tls = &context.tls,
          .lookup = context.lookup,
          .random = &context.random,
          .headers = [&context] { return context.headers(); },
          .body_bytes = context.options.message_bytes};
}

WebSocketLink::WebSocketLink(io::Loop& loop, EngineContext& context, User& user)
    : context_(context),
      user_(user),
      options_(dial_options(context)),
      dial_settings_(dial_settings(context, options_)),
      dialer_(loop, dial_settings_, context.random, *this) {}

WebSocketLink::~WebSocketLink() {
  context_.tls = dial_settings_.tls;
  abandon();
}

void WebSocketLink::abandon() {
  dialer_.cancel();
  if (transport_ == nullptr) return;
  transport_->forget_user();
  std::exchange(transport_, nullptr)->abort();
}

std::unique_ptr<io::StreamHandler> WebSocketLink::on_opened(
    const websocket::ClientHandshake& handshake, const http::ReceivedResponse&) {
  return std::make_unique<transport::WebSocketTransport>(
      static_cast<transport::WebSocketUser&>(*this), context_.websocket,
      transport::WebSocketOpening{.role = websocket::Role::client,
                                  .deflate = handshake.deflate,
                                  .pool = &context_.pool,
                                  .masks = &context_.random});
}

void WebSocketLink::on_dial_failed(const ConnectFailure& failure) {
  user_.on_link_closed(1006, &failure);
}

void WebSocketLink::on_websocket_open(transport::WebSocketTransport& transport) {
  transport_ = &transport;
  user_.on_link_open();
}

void WebSocketLink::on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                                        std::string_view) {
  transport_ = nullptr;
  user_.on_link_closed(code, nullptr);
}

bool WebSocketLink::send(bool binary, std::string_view prefix, std::string_view payload) {
  if (transport_ == nullptr) return false;
  const auto opcode = binary ? websocket::Opcode::binary : websocket::Opcode::text;
  switch (transport_->send(opcode, prefix, payload)) {
    case transport::Push::queued:
    case transport::Push::high:
      return true;
    case transport::Push::dropped:
    case transport::Push::overflow:
    case transport::Push::closed:
      break;
  }
  return false;
}

bool WebSocketLink::writable() const {
  return transport_ != nullptr &&
         transport_->buffered() <= context_.websocket.outbox.high_watermark;
}

void WebSocketLink::close() {
  if (transport_ != nullptr) transport_->close(1005, {});
}

}  // namespace naru::client
