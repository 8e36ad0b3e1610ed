#include "transport/websocket_transport.hpp"

#include "websocket/close_code.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace naru::transport {
namespace {

using std::chrono::milliseconds;

std::uint32_t in_milliseconds(Instant now) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count());
}

}  // namespace

WebSocketTransport::WebSocketTransport(WebSocketUser* user, const WebSocketSettings& settings,
                                       WebSocketOpening opening)
    : connection_(opening.role, settings.limits, opening.masks),
      switching_protocols_(nullptr),
      user_(user) {
  if (opening.deflate) connection_.use_deflate(*opening.deflate, *opening.pool);
  if (opening.switching_protocols) {
    switching_protocols_ = new http::Response(std::move(*opening.switching_protocols));
  }
}

WebSocketTransport::WebSocketTransport(WebSocketUser& user, const WebSocketSettings& settings,
                                       WebSocketOpening opening)
    : WebSocketTransport(&user, settings, std::move(opening)) {}

WebSocketTransport::WebSocketTransport(std::unique_ptr<WebSocketUser> user,
                                       const WebSocketSettings& settings, WebSocketOpening opening)
    : WebSocketTransport(user.get(), settings, std::move(opening)) {
  static_cast<void>(user.release());
  owns_user_ = true;
}

WebSocketTransport::~WebSocketTransport() {
  if (!attached_) delete switching_protocols_;
  if (owns_user_) delete user_;
}

// The 101 is queued first, so that whatever the user sends on opening leaves in the same write.
void WebSocketTransport::on_attached(io::Stream& stream) {
  const std::unique_ptr<http::Response> first(switching_protocols_);
  stream_ = &stream;
  attached_ = true;
  const Instant now = stream.loop().now();
  last_received_ = in_milliseconds(now);
  if (first != nullptr) {
    websocket::encode_switching_protocols(*first, stream.out());
    stream.send_later();
  }
  watch_silence(now, Duration::zero());
  if (WebSocketUser* told = user()) told->on_websocket_open(*this);
}

// Where the message stays, it begins at any byte and nobody has its memory in the cache. That pays
// where others come in between; alone in its turn, the loop's buffer is warm, and a copy costs
// less.
std::span<char> WebSocketTransport::room() {
  return stream_->loop().one_event() ? std::span<char>() : connection_.room();
}

void WebSocketTransport::on_bytes(std::span<char> bytes) {
  last_received_ = in_milliseconds(stream_->loop().now());
  Cursor in(bytes);
  while (!stream_->closed() && !stream_->finishing()) {
    const auto event = connection_.receive(in, stream_->out());
    if (!event) {
      if (WebSocketUser* told = user()) told->on_websocket_violation(*this, event.error());
      report_closed(websocket::close_code_for(event.error().code), event.error().text);
      stream_->finish();
      break;
    }
    if (!*event) break;
    if ((*event)->payload.size() < SendQueue::kWorthBorrowing) {
      handle(**event);
    } else {
      handle_large(**event, bytes);
    }
  }
  if (stream_->out().empty()) return;
  stream_->send_later();
  repay();
}

// What the user sends back of a large payload is not copied: it leaves from where it is. Those in
// `bytes` leave together at the end of on_bytes; others are gone when the connection goes on.
void WebSocketTransport::handle_large(const websocket::Event& event, std::span<char> bytes) {
  SendQueue& out = stream_->out();
  out.lend({event.payload.data(), event.payload.size()});
  handle(event);
  out.stop_lending();
  const std::less_equal<const char*> not_after;
  const char* const at = event.payload.data();
  const bool received_now =
      not_after(bytes.data(), at) && not_after(at, bytes.data() + bytes.size());
  if (!received_now) repay();
}

void WebSocketTransport::repay() {
  SendQueue& out = stream_->out();
  if (!out.borrows()) return;
  stream_->flush();
  out.repay();
}

void WebSocketTransport::handle(const websocket::Event& event) {
  using Type = websocket::Event::Type;
  switch (event.type) {
    case Type::message:
      if (WebSocketUser* told = user()) {
        told->on_websocket_message(*this, event.binary, event.payload);
      }
      return;
    case Type::part:
      if (WebSocketUser* told = user()) told->on_websocket_part(*this, event);
      return;
    case Type::pong:
      if (WebSocketUser* told = user()) {
        told->on_websocket_pong(*this, {event.payload.data(), event.payload.size()});
      }
      return;
    case Type::closed:
    case Type::close_answered:
      report_closed(event.code, {event.payload.data(), event.payload.size()});
      finish_if_done();
      return;
  }
}

Push WebSocketTransport::send(websocket::Opcode opcode, std::string_view prefix,
                              std::string_view payload, websocket::Compress compress) {
  if (closing()) return Push::closed;
  connection_.send(opcode, prefix, payload, compress, stream_->out());
  return pushed();
}

Push WebSocketTransport::send_part(websocket::Opcode opcode, std::string_view piece,
                                   websocket::Part part, websocket::Compress compress) {
  if (closing()) return Push::closed;
  connection_.send_part(opcode, piece, part, compress, stream_->out());
  return pushed();
}

Push WebSocketTransport::send_encoded(const SharedBytes& frames, bool droppable,
                                      std::string_view plain) {
  if (closing()) return Push::closed;
  if (droppable && congested()) return Push::dropped;
  connection_.send_encoded(frames, plain, stream_->out());
  return pushed();
}

Push WebSocketTransport::ping(std::string_view payload) {
  if (closing()) return Push::closed;
  connection_.send(websocket::Opcode::ping, payload, stream_->out());
  return pushed();
}

bool WebSocketTransport::congested() {
  if (buffered() <= settings().outbox.high_watermark) return false;
  stream_->flush();  // a busy turn is not yet a slow peer
  if (buffered() <= settings().outbox.high_watermark) return false;
  blocked_ = true;
  return true;
}

Push WebSocketTransport::pushed() {
  stream_->send_later();
  const OutboxLimits& outbox = settings().outbox;
  if (buffered() <= outbox.high_watermark) return Push::queued;
  stream_->flush();
  if (stream_->closed()) return Push::closed;
  if (buffered() > outbox.limit) {
    stream_->abort();
    return Push::overflow;
  }
  if (buffered() <= outbox.high_watermark) return Push::queued;
  blocked_ = true;
  return Push::high;
}

void WebSocketTransport::close(std::uint16_t code, std::string_view reason) {
  if (closing()) return;
  connection_.close(code, reason, stream_->out());
  stream_->send_later();
  stream_->set_deadline(stream_->loop().now() + settings().times.close_timeout);
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
  if (!blocked_) return;
  blocked_ = false;
  if (WebSocketUser* told = user()) told->on_websocket_drain(*this);
}

// Silence: pings from ping_interval on, the end at idle_timeout.
void WebSocketTransport::on_deadline(Instant now) {
  if (connection_.close_sent()) {
    report_closed(websocket::close_code::abnormal, {});
    stream_->abort();
    return;
  }
  const WebSocketTimes& times = settings().times;
  const Duration silence = milliseconds(in_milliseconds(now) - last_received_);
  if (times.idle_timeout > Duration::zero() && silence >= times.idle_timeout) {
    report_closed(websocket::close_code::abnormal, "idle timeout");
    return close(websocket::close_code::going_away, "idle timeout");
  }
  if (silence >= times.first_ping()) {
    connection_.trim();
    if (times.ping) {
      connection_.send(websocket::Opcode::ping, {}, stream_->out());
      stream_->send_later();
    }
  }
  watch_silence(now, silence);
}

// The next time to look: for a ping, or for the end.
void WebSocketTransport::watch_silence(Instant now, Duration silence) {
  const WebSocketTimes& times = settings().times;
  const Duration interval = times.first_ping();
  Instant next = kNever;
  if (interval > Duration::zero()) {
    next = now + (silence < interval ? interval - silence : interval);
  }
  if (times.idle_timeout > Duration::zero()) {
    next = std::min(next, now + (times.idle_timeout - silence));
  }
  stream_->set_deadline(next);
}

void WebSocketTransport::on_shutdown() {
  close(websocket::close_code::going_away, "server shutting down");
}

void WebSocketTransport::on_closed(io::StreamEnd) {
  report_closed(websocket::close_code::abnormal, {});
}

void WebSocketTransport::report_closed(std::uint16_t code, std::string_view reason) {
  WebSocketUser* told = user();
  user_told_ = true;
  if (told != nullptr) told->on_websocket_closed(*this, code, reason);
}

}  // namespace naru::transport
