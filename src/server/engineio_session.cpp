#include "server/engineio_session.hpp"

#include "base/base64.hpp"
#include "engineio/handshake.hpp"
#include "engineio/packet.hpp"
#include "engineio/payload_v3.hpp"
#include "server/engineio_endpoint.hpp"
#include "server/state.hpp"
#include "websocket/close_code.hpp"

#include <utility>

namespace naru::server {

EngineSession::EngineSession(Worker& worker, const EngineEndpoint& endpoint,
                             EngineHandshake handshake)
    : worker_(worker),
      endpoint_(endpoint),
      sid_(std::move(handshake.sid)),
      request_(std::move(handshake.request)),
      session_(endpoint.session_options(), handshake.transport, worker.loop.now(),
               handshake.dialect),
      user_(endpoint.users().make_user(*this)),
      websocket_base64_(handshake.dialect.base64) {
  if (handshake.jsonp) jsonp_ = static_cast<std::int32_t>(*handshake.jsonp);
  if (EngineCounters* counted = counters()) {
    counted->opened.add();
    if (transport() == engineio::Transport::polling) counted->polling_begun.add();
  }
  rearm();
}

EngineSession::~EngineSession() {
  if (websocket_ != nullptr) websocket_->forget_user();
  if (candidate_ != nullptr) candidate_->forget_user();
}

EngineCounters* EngineSession::counters() const {
  return endpoint_.users().counters(worker_.index());
}

void EngineSession::count_out(std::size_t messages, std::size_t bytes) const {
  if (EngineCounters* counted = counters()) counted->count_out(messages, bytes);
}

// ---- opening

std::string EngineSession::open_data() const {
  const TransportOptions& options = endpoint_.options();
  std::string packet;
  engineio::append_open(
      {.sid = sid_,
       .upgrade_to_websocket =
           session_.transport() == engineio::Transport::polling && endpoint_.offers_upgrade(),
       .ping_interval = options.ping_interval,
       .ping_timeout = options.ping_timeout,
       .max_payload = options.max_payload},
      packet);
  return packet.erase(0, 1);  // its type
}

void EngineSession::open() {
  user_->on_open();
}

void EngineSession::on_websocket_open(transport::WebSocketTransport& transport) {
  if (session_.transport() == engineio::Transport::polling) {
    candidate_ = &transport;
    return;
  }
  websocket_ = &transport;
  transport.send(websocket::Opcode::text, "0", open_data());
  open();
}

// ---- sending

hub::WireFormat EngineSession::wire_format(Content content) const {
  const bool old = revision() == engineio::Revision::v3;
  if (transport() == engineio::Transport::polling) return old ? kPollingV3Format : kPollingFormat;
  if (content == Content::attachments) {
    if (websocket_base64_) return old ? kWebSocketV3Base64Format : kWebSocketBase64Format;
    if (old) return kWebSocketV3Format;
  }
  return kWebSocketFormat;
}

SendOutcome EngineSession::send_text(std::string_view prefix, std::string_view payload) {
  if (reported_ || overflowed_) return SendOutcome::closed;
  count_out(1, prefix.size() + payload.size());
  if (websocket_ != nullptr) {
    return worker_.count(websocket_->send(websocket::Opcode::text, prefix, payload));
  }
  std::string& packet = worker_.text_scratch;
  if (revision() == engineio::Revision::v4) {
    packet.assign(prefix).append(payload);
  } else {
    packet.clear();
    engineio::v3::append_framed(prefix, payload, packet);
  }
  session_.push(packet);
  return pushed();
}

SendOutcome EngineSession::send_binary(std::string_view bytes) {
  if (reported_ || overflowed_) return SendOutcome::closed;
  count_out(1, bytes.size());
  if (websocket_ != nullptr) return worker_.count(send_binary_frame(bytes));
  std::string& packet = worker_.text_scratch;
  packet.clear();
  if (revision() == engineio::Revision::v4) {
    engineio::append_binary_payload(bytes, packet);
  } else {
    engineio::v3::append_framed_binary(bytes, packet);
  }
  session_.push(packet);
  return pushed();
}

// Revision 3 puts the type in front of the bytes. A peer that takes no binary gets base64.
transport::Push EngineSession::send_binary_frame(std::string_view bytes) {
  const bool old = revision() == engineio::Revision::v3;
  if (!websocket_base64_) {
    return websocket_->send(websocket::Opcode::binary, old ? "\x04" : "", bytes);
  }
  return websocket_->send(websocket::Opcode::text, old ? "b4" : "b", base64(bytes));
}

// A packet of the session's own, without data.
void EngineSession::send_packet(engineio::PacketType type) {
  if (websocket_ != nullptr) {
    const char text = engineio::type_char(type);
    websocket_->send(websocket::Opcode::text, {&text, 1}, {});
  } else {
    session_.push(type);
    schedule_answer();
  }
}

SendOutcome EngineSession::send_encoded(const SharedBytes& bytes, bool droppable,
                                        std::string_view plain) {
  if (reported_ || overflowed_) return SendOutcome::closed;
  if (bytes->empty()) return SendOutcome::dropped;  // of a parser that failed
  count_out(1, bytes->size());
  if (websocket_ != nullptr)
    return worker_.count(websocket_->send_encoded(bytes, droppable, plain));
  if (droppable && congested()) return worker_.count(transport::Push::dropped);
  session_.push(*bytes);
  return pushed();
}

SendOutcome EngineSession::send_joined(const SharedBytes& bytes, std::size_t messages) {
  worker_.counters.messages_out.add(messages - 1);
  count_out(messages - 1, 0);
  return send_encoded(bytes, false);
}

bool EngineSession::congested() {
  const std::size_t waiting =
      websocket_ != nullptr ? websocket_->buffered() : session_.pushed_bytes();
  return waiting > endpoint_.options().high_watermark;
}

bool EngineSession::takes_joined(std::size_t bytes) const {
  return websocket_ != nullptr && !websocket_->compresses_with_context() &&
         websocket_->buffered() + bytes <= endpoint_.options().high_watermark;
}

// Something was added to what waits for the next poll.
SendOutcome EngineSession::pushed() {
  const std::size_t waiting = session_.pushed_bytes();
  if (waiting > endpoint_.options().limit) {
    overflow();
    return SendOutcome::closed;
  }
  schedule_answer();
  return worker_.count(waiting > endpoint_.options().high_watermark ? transport::Push::high
                                                                    : transport::Push::queued);
}

// Too much waits for a poll that does not come. The hub may be delivering just now, so the end,
// which changes the hub, comes later in the turn.
void EngineSession::overflow() {
  if (std::exchange(overflowed_, true)) return;
  worker_.counters.slow_closed.add();
  worker_.loop.defer([&worker = worker_, sid = sid_] {
    if (EngineSession* session = worker.find_session(sid)) session->end(reason::transport_error);
  });
}

// ---- receiving

void EngineSession::on_websocket_message(transport::WebSocketTransport& transport, bool binary,
                                         std::span<char> payload) {
  const std::string_view bytes{payload.data(), payload.size()};
  if (&transport == candidate_) return receive_probe(binary ? std::string_view() : bytes);
  if (binary && revision() == engineio::Revision::v4) {
    worker_.counters.messages_in.add();
    if (EngineCounters* counted = counters()) counted->count_in(bytes.size());
    return user_->on_binary(bytes);
  }
  const auto packet = binary ? engineio::decode_binary_packet(bytes)
                             : engineio::decode_packet(bytes, worker_.text_scratch, revision());
  if (!packet) return violate(packet.error().text, reason::parse_error);
  receive_packet(*packet, true);
}

void EngineSession::receive_packet(const engineio::Packet& packet, bool checked) {
  if (reported_) return;
  switch (session_.receive(packet, worker_.loop.now())) {
    case engineio::Session::Incoming::nothing:
      if (session_.deadline() < deadline()) rearm();  // a pong: the next ping may be due earlier
      return;
    case engineio::Session::Incoming::message:
      worker_.counters.messages_in.add();
      if (EngineCounters* counted = counters()) counted->count_in(packet.data.size());
      if (packet.binary) return user_->on_binary(packet.data);
      return user_->on_text(packet.data, checked);
    case engineio::Session::Incoming::peer_closed:
      release_poll(engineio::PacketType::noop);
      return end(reason::transport_close);
    case engineio::Session::Incoming::ping:
      return send_packet(engineio::PacketType::pong);
    case engineio::Session::Incoming::wrong_heartbeat:
      return violate("a heartbeat in the wrong direction", reason::transport_error);
  }
}

// ---- upgrading

bool EngineSession::accept_candidate(bool base64) {
  if (reported_ || !session_.may_upgrade()) return false;
  candidate_base64_ = base64;
  session_.begin_upgrade(worker_.loop.now());
  rearm();
  return true;
}

void EngineSession::receive_probe(std::string_view text) {
  using Probe = engineio::Session::Probe;
  const auto packet = engineio::decode_packet(text, worker_.text_scratch);
  switch (packet ? session_.receive_probe(*packet, worker_.loop.now()) : Probe::refuse) {
    case Probe::send_pong:
      candidate_->send(websocket::Opcode::text, "3probe", {});
      rearm();
      return;
    case Probe::upgraded:
      return complete_upgrade();
    case Probe::refuse:
      drop_candidate();
      return;
  }
}

// The candidate becomes the transport, and what waited for a poll leaves on it, in order.
void EngineSession::complete_upgrade() {
  websocket_ = std::exchange(candidate_, nullptr);
  websocket_base64_ = candidate_base64_;
  const std::string payload = session_.take_payload();
  release_poll(engineio::PacketType::close);
  flush_to_websocket(payload);
  if (EngineCounters* counted = counters()) counted->polling_over.add();
  user_->on_upgrade();
}

void EngineSession::flush_to_websocket(const std::string& payload) {
  if (payload.empty()) return;
  engineio::PayloadReader reader(payload, {.packets = payload.size()}, session_.held_form());
  while (true) {
    const auto packet = reader.next();
    if (!packet || !*packet) return;
    if ((*packet)->binary) {
      send_binary_frame((*packet)->data);
    } else {
      const char type = engineio::type_char((*packet)->type);
      websocket_->send(websocket::Opcode::text, {&type, 1}, (*packet)->data);
    }
  }
}

void EngineSession::drop_candidate() {
  session_.abandon_upgrade();
  transport::WebSocketTransport* candidate = std::exchange(candidate_, nullptr);
  if (candidate == nullptr) return;
  candidate->forget_user();
  candidate->close(websocket::close_code::none, {});
}

void EngineSession::on_websocket_drain(transport::WebSocketTransport& transport) {
  if (&transport == websocket_) user_->on_drain();
}

void EngineSession::on_websocket_closed(transport::WebSocketTransport& transport,
                                        std::uint16_t code, std::string_view) {
  if (&transport == candidate_) {
    candidate_ = nullptr;
    session_.abandon_upgrade();
    return;
  }
  if (&transport != websocket_) return;
  websocket_ = nullptr;
  const bool failed = code == websocket::close_code::protocol_error ||
                      code == websocket::close_code::invalid_payload ||
                      code == websocket::close_code::message_too_big ||
                      code == websocket::close_code::policy_violation;
  end(failed ? reason::transport_error : reason::transport_close);
}

void EngineSession::on_websocket_violation(transport::WebSocketTransport&, const Error& error) {
  worker_.log_violation("websocket", request_.unpack().address, error.text);
}

// ---- time

void EngineSession::rearm() {
  arm(worker_.loop.timers(), std::min(session_.deadline(), user_->deadline()));
}

void EngineSession::watch_deadline() {
  if (!closed_ && user_->deadline() < deadline()) rearm();
}

void EngineSession::on_timer(Instant now) {
  if (user_->deadline() <= now) user_->on_deadline(now);
  while (!closed_ && session_.deadline() <= now) on_due(session_.on_deadline(now));
  if (!closed_) rearm();
}

void EngineSession::on_due(engineio::Session::Due due) {
  using Due = engineio::Session::Due;
  switch (due) {
    case Due::nothing:
      return;
    case Due::send_ping:
      return send_packet(engineio::PacketType::ping);
    case Due::time_out:
      return end(reason::ping_timeout);
    case Due::answer_noop:
      return schedule_answer();
    case Due::upgrade_expired:
      return drop_candidate();
    case Due::close_expired:
      return end(reason::forced_close);
  }
}

// ---- ending

void EngineSession::violate(std::string_view text, std::string_view why) {
  worker_.log_violation("engine.io", request_.unpack().address, text);
  end(why);
}

void EngineSession::report_closed(std::string_view why) {
  if (std::exchange(reported_, true)) return;
  if (EngineCounters* counted = counters()) {
    counted->count_end(why);
    if (transport() == engineio::Transport::polling) counted->polling_over.add();
  }
  user_->on_closed(why);
}

void EngineSession::close(std::string_view why) {
  if (reported_) return;
  report_closed(why);
  if (candidate_ != nullptr) drop_candidate();
  if (websocket_ != nullptr || closed_) return end(why);
  if (session_.close(worker_.loop.now())) {
    if (poll_) return answer_poll();
    return end(why);
  }
  rearm();
}

// Ends at once; what a transport can still say is a closing.
void EngineSession::end(std::string_view why) {
  if (std::exchange(closed_, true)) return;
  report_closed(why);
  disarm();
  if (candidate_ != nullptr) drop_candidate();
  release_poll(engineio::PacketType::close);
  if (transport::WebSocketTransport* websocket = std::exchange(websocket_, nullptr)) {
    websocket->forget_user();
    if (why == reason::shutting_down) {
      websocket->close(websocket::close_code::going_away, {});
    } else {
      websocket->close(websocket::close_code::none, {});
    }
  }
  worker_.bury_session(*this);
}

}  // namespace naru::server
