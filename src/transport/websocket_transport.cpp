#include "transport/websocket_transport.hpp"

#include "websocket/close_code.hpp"
#include "websocket/frame.hpp"
#include "websocket/handshake.hpp"

#include <utility>

namespace naru::transport {
namespace {

std::uint16_t close_code_of(const Error& error) {
  switch (error.code) {
    case Errc::bad_utf8:
      return websocket::close_code::invalid_payload;
    case Errc::message_too_big:
      return websocket::close_code::message_too_big;
    case Errc::too_many:
      return websocket::close_code::policy_violation;
    default:
      return websocket::close_code::protocol_error;
  }
}

}  // namespace

WebSocketTransport::WebSocketTransport(WebSocketUser& user, const websocket::Limits& limits,
                                       const WebSocketTimes& times, const OutboxLimits& outbox,
                                       http::Response switching_protocols)
    : connection_(websocket::Role::server, limits),
      user_(&user),
      times_(times),
      outbox_(outbox),
      switching_protocols_(std::make_unique<http::Response>(std::move(switching_protocols))) {}

WebSocketTransport::WebSocketTransport(std::unique_ptr<WebSocketUser> user,
                                       const websocket::Limits& limits, const WebSocketTimes& times,
                                       const OutboxLimits& outbox,
                                       http::Response switching_protocols)
    : WebSocketTransport(*user, limits, times, outbox, std::move(switching_protocols)) {
  owned_user_ = std::move(user);
}

WebSocketTransport::~WebSocketTransport() = default;

// The 101 is queued first, so that whatever the user sends on opening leaves in the same write.
void WebSocketTransport::on_attached(io::Stream& stream) {
  stream_ = &stream;
  last_received_ = stream.loop().now();
  websocket::encode_switching_protocols(*switching_protocols_, stream.out());
  switching_protocols_.reset();
  stream.send_later();
  if (times_.idle_timeout > Duration::zero()) {
    stream.set_deadline(last_received_ + times_.idle_timeout / 2);
  }
  user_->on_websocket_open(*this);
}

void WebSocketTransport::on_bytes(std::span<char> bytes) {
  last_received_ = stream_->loop().now();
  Cursor in(bytes);
  while (!stream_->closed() && !stream_->finishing()) {
    const auto event = connection_.receive(in, stream_->out());
    if (!event) {
      if (user_ != nullptr) user_->on_websocket_violation(*this, event.error());
      report_closed(close_code_of(event.error()), event.error().text);
      stream_->send_later();
      stream_->finish();
      return;
    }
    if (!*event) break;
    handle(**event);
  }
  if (!stream_->out().empty()) stream_->send_later();
}

void WebSocketTransport::handle(const websocket::Event& event) {
  using Type = websocket::Event::Type;
  switch (event.type) {
    case Type::message:
      if (user_ != nullptr) user_->on_websocket_message(*this, event.binary, event.payload);
      return;
    case Type::pong:
      return;
    case Type::closed:
    case Type::close_answered:
      report_closed(event.code, {event.payload.data(), event.payload.size()});
      finish_if_done();
      return;
  }
}

Push WebSocketTransport::send(websocket::Opcode opcode, std::string_view prefix,
                              std::string_view payload) {
  if (closing()) return Push::closed;
  websocket::encode_frame(opcode, prefix, payload, stream_->out());
  return pushed();
}

Push WebSocketTransport::send_encoded(const SharedBytes& frames, bool droppable) {
  if (closing()) return Push::closed;
  if (droppable && !room_for_droppable()) return Push::dropped;
  stream_->out().append(frames);
  return pushed();
}

bool WebSocketTransport::room_for_droppable() {
  if (buffered() <= outbox_.high_watermark) return true;
  stream_->flush();  // a busy turn is not yet a slow peer
  return buffered() <= outbox_.high_watermark;
}

Push WebSocketTransport::pushed() {
  stream_->send_later();
  if (buffered() <= outbox_.high_watermark) return Push::queued;
  stream_->flush();
  if (stream_->closed()) return Push::closed;
  if (buffered() > outbox_.limit) {
    stream_->abort();
    return Push::overflow;
  }
  if (buffered() <= outbox_.high_watermark) return Push::queued;
  blocked_ = true;
  return Push::high;
}

void WebSocketTransport::close(std::uint16_t code, std::string_view reason) {
  if (closing()) return;
  connection_.close(code, reason, stream_->out());
  stream_->send_later();
  stream_->set_deadline(stream_->loop().now() + times_.close_timeout);
  finish_if_done();
}

void WebSocketTransport::finish_if_done() {
  if (connection_.finished() && !stream_->finishing()) {
    stream_->send_later();
    stream_->finish();
  }
}

void WebSocketTransport::on_end() {
  report_closed(websocket::close_code::abnormal, {});
  if (!stream_->finishing()) stream_->finish();
}

void WebSocketTransport::on_sent() {
  connection_.on_sent(stream_->out());
  if (!stream_->out().empty()) stream_->send_later();
  if (std::exchange(blocked_, false) && user_ != nullptr) user_->on_websocket_drain(*this);
}

// Silence: a ping at half of the idle timeout, the end at the whole of it.
void WebSocketTransport::on_deadline(Instant now) {
  if (connection_.close_sent()) {
    report_closed(websocket::close_code::abnormal, {});
    stream_->abort();
    return;
  }
  if (times_.idle_timeout <= Duration::zero()) return;
  const Duration silence = now - last_received_;
  if (silence >= times_.idle_timeout) {
    report_closed(websocket::close_code::abnormal, "idle timeout");
    return close(websocket::close_code::going_away, "idle timeout");
  }
  if (silence >= times_.idle_timeout / 2) {
    websocket::encode_frame(websocket::Opcode::ping, {}, {}, stream_->out());
    stream_->send_later();
    stream_->set_deadline(last_received_ + times_.idle_timeout);
  } else {
    stream_->set_deadline(last_received_ + times_.idle_timeout / 2);
  }
}

void WebSocketTransport::on_shutdown() {
  close(websocket::close_code::going_away, "server shutting down");
}

void WebSocketTransport::on_closed(io::StreamEnd) {
  report_closed(websocket::close_code::abnormal, {});
}

void WebSocketTransport::report_closed(std::uint16_t code, std::string_view reason) {
  WebSocketUser* user = std::exchange(user_, nullptr);
  if (user != nullptr) user->on_websocket_closed(*this, code, reason);
}

}  // namespace naru::transport
