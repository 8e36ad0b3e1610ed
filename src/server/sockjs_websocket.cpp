#include "server/sockjs_websocket.hpp"

#include "json/string.hpp"
#include "server/message_publication.hpp"
#include "server/sockjs_formats.hpp"
#include "server/state.hpp"
#include "sockjs/frame.hpp"
#include "sockjs/messages.hpp"
#include "websocket/close_code.hpp"

#include <utility>
#include <vector>

namespace naru::server {
namespace {

using websocket::Compress;
using websocket::Opcode;

Compress compress_of(bool wanted) {
  return wanted ? Compress::yes : Compress::no;
}

}  // namespace

void SockJsWebSocket::on_websocket_open(transport::WebSocketTransport& transport) {
  transport_ = &transport;
  last_sent_ = worker().loop.now();
  if (framed()) {
    transport.send(Opcode::text, {}, sockjs::kOpenFrame);
    arm(worker().loop.timers(), last_sent_ + options().heartbeat_interval);
  }
  tell_open();
}

void SockJsWebSocket::on_websocket_message(transport::WebSocketTransport&, bool binary,
                                           std::span<char> payload) {
  const std::string_view text(payload.data(), payload.size());
  if (!framed()) return tell_message({text, binary});
  if (binary) return violate("a binary message");
  receive(text);
}

// What is behind a close is not delivered.
void SockJsWebSocket::receive(std::string_view text) {
  // Borrowed from the route, so that a message allocates nothing: handlers do not come back here.
  std::vector<std::string_view> literals = std::exchange(route().literals, {});
  std::string storage = std::exchange(route().storage, {});
  literals.clear();
  const auto split = sockjs::split_messages(text, sockjs::Carrier::websocket,
                                            {.messages = options().messages}, literals);
  if (!split) {
    violate(split.error().text);
  } else {
    for (const std::string_view literal : literals) {
      if (closing()) break;
      const auto message = json::decode_string(literal, storage);
      if (message) tell_message({*message});
    }
  }
  route().literals = std::move(literals);
  route().storage = std::move(storage);
}

// As sockjs-node does: without a close frame of SockJS.
void SockJsWebSocket::violate(std::string_view text) {
  worker().log_violation("sockjs", transport_->stream().peer_address(), text);
  transport_->close(3000, "Broken framing.");
}

hub::WireFormat SockJsWebSocket::wire_format(const hub::Publication& publication) const {
  const auto& message = static_cast<const MessagePublication&>(publication);
  const hub::WireFormat base = framed() ? wire::sockjs_websocket : wire::websocket;
  if (transport_ == nullptr || !message.compressible() ||
      message.data().size() < options().compression.threshold ||
      (framed() && transport_->compresses_with_context())) {
    return base;
  }
  return static_cast<hub::WireFormat>(base + transport_->wire_class());
}

SendOutcome SockJsWebSocket::write(Message message, const SendOptions& how) {
  return count(send_message(message, how.compress));
}

SendOutcome SockJsWebSocket::write(const SharedBytes& bytes,
                                   const MessagePublication& publication) {
  return worker().count(
      send_frames(bytes, publication.message(),
                  framed() ? publication.compressible() : publication.compressed(bytes)));
}

transport::Push SockJsWebSocket::send_message(Message message, bool compress) {
  last_sent_ = worker().loop.now();
  if (!framed()) {
    return transport_->send(message.binary ? Opcode::binary : Opcode::text, {}, message.data,
                            compress_of(compress));
  }
  std::string& frame = worker().text_scratch;
  frame.assign("a[");
  append_sockjs(message, frame);
  frame.append("]");
  return transport_->send(Opcode::text, {}, frame, compress_of(compress));
}

// A compressor that remembers has to be told what it has not compressed: simpler for a raw message,
// which is there, than for a framed one.
transport::Push SockJsWebSocket::send_frames(const SharedBytes& frames, Message message,
                                             bool compressed) {
  if (framed() && compressed && transport_->compresses_with_context()) {
    return send_message(message, compressed);
  }
  last_sent_ = worker().loop.now();
  const bool learns = !framed() && compressed;
  return transport_->send_encoded(frames, false, learns ? message.data : std::string_view());
}

// Gives to the stream what has waited, in order.
void SockJsWebSocket::release(Release how) {
  while (has_held() && !closing()) {
    if (how == Release::what_fits && transport_->congested()) return;
    const transport::HeldMessage held = pop_held();
    const Message message{held.data, held.binary};
    worker().count(held.frames == nullptr ? send_message(message, held.compress)
                                          : send_frames(held.frames, message, held.compress));
  }
  drop_held();
}

void SockJsWebSocket::on_websocket_drain(transport::WebSocketTransport&) {
  release(Release::what_fits);
  if (!has_held()) tell_drain();
}

void SockJsWebSocket::close_in_order(std::uint16_t code, std::string_view reason) {
  catch_up();
  if (closing()) return;
  release(Release::everything);
  close_code_ = code;
  close_reason_ = reason;
  if (!framed()) return transport_->close(code, reason);
  transport_->send(Opcode::text, {}, sockjs::close_frame(code, reason));
  transport_->close(websocket::close_code::normal, {});
}

// A raw one is closed by its transport.
void SockJsWebSocket::shut_down() {
  tell_shutdown();
  if (framed()) close_in_order(websocket::close_code::service_restart, "Server is shutting down");
}

void SockJsWebSocket::on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                                          std::string_view reason) {
  transport_ = nullptr;
  disarm();
  drop_held();
  if (close_code_ != 0) return tell_closed(close_code_, close_reason_);
  tell_closed(code, reason);
}

void SockJsWebSocket::on_websocket_violation(transport::WebSocketTransport& transport,
                                             const Error& error) {
  worker().log_violation("sockjs", transport.stream().peer_address(), error.text);
}

// The heartbeat that clients see; whether the peer is there, the transport finds out by pings.
void SockJsWebSocket::on_timer(Instant now) {
  if (closing()) return;
  if (now >= last_sent_ + options().heartbeat_interval) {
    transport_->send(Opcode::text, {}, sockjs::kHeartbeatFrame);
    last_sent_ = now;
  }
  arm(worker().loop.timers(), last_sent_ + options().heartbeat_interval);
}

}  // namespace naru::server
