#include "engineio/session.hpp"

#include "base/assert.hpp"
#include "engineio/payload_v3.hpp"

#include <algorithm>
#include <utility>

namespace naru::engineio {
namespace {

constexpr Duration kTickSlack = std::chrono::milliseconds(50);  // a timer wheel's lateness

constexpr Duration kNoopInterval = std::chrono::milliseconds(100);  // as Node does

}  // namespace

Heartbeat::Heartbeat(Duration interval, Duration timeout, Instant now, Revision revision)
    : interval_(interval), timeout_(timeout), deadline_(now + interval) {
  if (revision == Revision::v3) on_ping(now);
}

Heartbeat::Action Heartbeat::on_deadline(Instant now) {
  if (waiting_) return Action::time_out;
  waiting_ = true;
  // The peer's time runs from when the ping was due, so that a late tick does not add up; but a
  // loop that was held up does not take it from the peer.
  deadline_ = (now - deadline_ < kTickSlack ? deadline_ : now) + timeout_;
  return Action::send_ping;
}

void Heartbeat::on_pong(Instant now) {
  waiting_ = false;
  deadline_ = now + interval_;
}

void Heartbeat::on_ping(Instant now) {
  waiting_ = true;
  deadline_ = now + interval_ + timeout_;
}

Session::Session(const SessionOptions& options, Transport transport, Instant now, Dialect dialect)
    : options_(&options),
      heartbeat_(options.ping_interval, options.ping_timeout, now, dialect.revision),
      dialect_(dialect),
      transport_(transport) {}

Session::Incoming Session::receive(const Packet& packet, Instant now) {
  if (packet.type == PacketType::close) {
    // A poll that waits is answered with a noop.
    if (poll_waiting_) hold(PacketType::noop, {}, payload_);
    return Incoming::peer_closed;
  }
  if (closing_) return Incoming::nothing;
  switch (packet.type) {
    case PacketType::ping:
      if (dialect_.revision == Revision::v4) return Incoming::wrong_heartbeat;
      heartbeat_.on_ping(now);
      return Incoming::ping;
    case PacketType::pong:
      if (dialect_.revision == Revision::v3) return Incoming::wrong_heartbeat;
      heartbeat_.on_pong(now);
      return Incoming::nothing;
    case PacketType::message:
      return Incoming::message;
    default:
      return Incoming::nothing;
  }
}

void Session::push(std::string_view packets) {
  NARU_DCHECK(transport_ == Transport::polling);
  if (closing_ || packets.empty()) return;
  if (!payload_.empty() && dialect_.revision == Revision::v4) payload_.push_back(kSeparator);
  payload_ += packets;
}

void Session::push(PacketType type) {
  if (!closing_) hold(type, {}, payload_);
}

void Session::hold(PacketType type, std::string_view data, std::string& out) const {
  if (dialect_.revision == Revision::v4) return append_payload(type, data, out);
  const char head = type_char(type);
  v3::append_framed({&head, 1}, data, out);
}

PollAnswer Session::to_answer(std::string held) const {
  if (dialect_.revision == Revision::v4) return {std::move(held)};
  if (!dialect_.base64 && v3::holds_binary(held)) return {std::move(held), true};
  return {v3::counted_from_framed(held)};
}

PollAnswer Session::answer_of(PacketType type, std::string_view data) const {
  std::string held;
  hold(type, data, held);
  return to_answer(std::move(held));
}

Session::Poll Session::on_poll() {
  if (poll_waiting_) return Poll::overlap;
  if (!payload_.empty()) return Poll::answer;
  poll_waiting_ = true;
  return Poll::wait;
}

std::string Session::take_payload() {
  poll_waiting_ = false;
  return std::exchange(payload_, {});
}

bool Session::begin_post() {
  return !std::exchange(post_running_, true);
}

void Session::begin_upgrade(Instant now) {
  NARU_DCHECK(may_upgrade());
  upgrading_ = true;
  upgrade_deadline_ = now + options_->upgrade_timeout;
}

Session::Probe Session::receive_probe(const Packet& packet, Instant now) {
  if (!upgrading_) return Probe::refuse;
  if (packet.type == PacketType::ping && packet.data == "probe") {
    if (!probed_) noop_deadline_ = now + kNoopInterval;
    probed_ = true;
    return Probe::send_pong;
  }
  const bool upgraded = packet.type == PacketType::upgrade;
  abandon_upgrade();
  if (!upgraded) return Probe::refuse;
  transport_ = Transport::websocket;  // the heartbeat goes on as it stands
  return Probe::upgraded;
}

void Session::abandon_upgrade() {
  upgrading_ = false;
  probed_ = false;
  upgrade_deadline_ = kNever;
  noop_deadline_ = kNever;
}

bool Session::close(Instant now) {
  if (!closing_) {
    closing_ = true;
    close_deadline_ = now + options_->close_timeout;
    abandon_upgrade();
    if (transport_ == Transport::polling) {
      // Without a poll at hand the next one gets "6" and "1", or what was pushed and "1".
      if (!poll_waiting_ && payload_.empty()) hold(PacketType::noop, {}, payload_);
      hold(PacketType::close, {}, payload_);
    }
  }
  return transport_ == Transport::websocket || poll_waiting_;
}

Instant Session::deadline() const {
  if (closing_) return close_deadline_;
  return std::min({heartbeat_.deadline(), upgrade_deadline_, noop_deadline_});
}

Session::Due Session::on_deadline(Instant now) {
  if (closing_) return now >= close_deadline_ ? Due::close_expired : Due::nothing;
  if (now >= heartbeat_.deadline()) {
    const auto action = heartbeat_.on_deadline(now);
    return action == Heartbeat::Action::send_ping ? Due::send_ping : Due::time_out;
  }
  if (now >= upgrade_deadline_) {
    abandon_upgrade();
    return Due::upgrade_expired;
  }
  if (now >= noop_deadline_) {
    noop_deadline_ = now + kNoopInterval;
    if (!poll_waiting_) return Due::nothing;
    hold(PacketType::noop, {}, payload_);
    return Due::answer_noop;
  }
  return Due::nothing;
}

}  // namespace naru::engineio
