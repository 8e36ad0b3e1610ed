#include "engineio/client_session.hpp"

#include "base/assert.hpp"
#include "engineio/payload_v3.hpp"
#include "naru/json.hpp"

#include <algorithm>
#include <utility>

namespace naru::engineio {
namespace {

constexpr std::size_t kSidBytes = 256;
constexpr std::int64_t kLongestMs = 7LL * 24 * 3600 * 1000;  // a week between two pings

// What may stand in a URL, if percent-encoded where need be.
bool is_sid(std::string_view sid) {
  return !sid.empty() && sid.size() <= kSidBytes &&
         std::all_of(sid.begin(), sid.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<Duration> parse_interval(JsonView value) {
  NARU_TRY(const std::int64_t ms, json_int64(value));
  if (ms < 0 || ms > kLongestMs) return Error{Errc::bad_packet, "an interval out of range"};
  return Duration(std::chrono::milliseconds(std::max<std::int64_t>(ms, 1)));
}

Result<bool> lists_websocket(JsonView upgrades) {
  NARU_TRY(const auto names, json_elements(upgrades));
  return std::any_of(names.begin(), names.end(), [](JsonView name) {
    const Result<std::string> text = json_string(name);
    return text && *text == "websocket";
  });
}

}  // namespace

Result<ServerHello> parse_open(std::string_view json) {
  NARU_TRY(const auto members, json_members({json}));
  ServerHello hello;
  for (const auto& [name, value] : members) {
    if (name == "sid") {
      NARU_TRY(hello.sid, json_string(value));
    } else if (name == "upgrades") {
      NARU_TRY(hello.upgrade_to_websocket, lists_websocket(value));
    } else if (name == "pingInterval") {
      NARU_TRY(hello.ping_interval, parse_interval(value));
    } else if (name == "pingTimeout") {
      NARU_TRY(hello.ping_timeout, parse_interval(value));
    } else if (name == "maxPayload") {
      NARU_TRY(hello.max_payload, json_uint64(value));
    }
  }
  if (!is_sid(hello.sid)) return Error{Errc::bad_packet, "an open packet without a usable sid"};
  if (hello.ping_interval == Duration::zero() || hello.ping_timeout == Duration::zero()) {
    return Error{Errc::bad_packet, "an open packet without intervals"};
  }
  return hello;
}

ClientHeartbeat::ClientHeartbeat(Duration interval, Duration timeout, Instant now,
                                 Revision revision)
    : interval_(interval),
      timeout_(timeout),
      ping_at_(revision == Revision::v3 ? now + interval : kNever),
      dead_at_(now + interval + timeout),
      revision_(revision) {}

ClientHeartbeat::Action ClientHeartbeat::on_deadline(Instant now) {
  if (now >= ping_at_) {
    ping_at_ = kNever;
    dead_at_ = now + timeout_;
    return Action::send_ping;
  }
  return now >= dead_at_ ? Action::time_out : Action::nothing;
}

void ClientHeartbeat::on_packet(PacketType type, Instant now) {
  if (revision_ == Revision::v4) {
    if (type == PacketType::ping) dead_at_ = now + interval_ + timeout_;
    return;
  }
  dead_at_ = now + interval_ + timeout_;
  if (type == PacketType::pong) ping_at_ = now + interval_;
}

ClientSession::ClientSession(const ClientSessionOptions& options, Revision revision,
                             Transport transport)
    : options_(options), revision_(revision), transport_(transport) {}

ClientSession::Incoming ClientSession::receive(const Packet& packet, Instant now) {
  if (phase_ == Phase::opening) return receive_first(packet, now);
  heartbeat_.on_packet(packet.type, now);
  switch (packet.type) {
    case PacketType::message:
      return phase_ == Phase::open ? Incoming::message : Incoming::nothing;
    case PacketType::close:
      return Incoming::closed;
    case PacketType::ping:
      if (revision_ == Revision::v4) push(PacketType::pong, packet.data, false);
      return Incoming::nothing;
    default:
      return Incoming::nothing;
  }
}

ClientSession::Incoming ClientSession::receive_first(const Packet& packet, Instant now) {
  if (packet.type != PacketType::open || packet.binary) return Incoming::wrong;
  Result<ServerHello> hello = parse_open(packet.data);
  if (!hello) return Incoming::wrong;
  hello_ = *std::move(hello);
  heartbeat_ = ClientHeartbeat(hello_.ping_interval, hello_.ping_timeout, now, revision_);
  phase_ = Phase::open;
  return Incoming::opened;
}

// ---- what leaves

bool ClientSession::send(std::string_view data, bool binary) {
  if (phase_ != Phase::open || data.size() > options_.outbox_bytes - waiting_bytes_) return false;
  push(PacketType::message, data, binary);
  return true;
}

// A server that floods us with pings gets no more pongs than fit: one that waits says it all.
void ClientSession::push(PacketType type, std::string_view data, bool binary) {
  if (type == PacketType::pong) {
    if (pong_waits_ || data.size() > 125) return;
    pong_waits_ = true;
  }
  waiting_bytes_ += data.size();
  outbox_.push_back({type, binary, std::string(data)});
}

ClientSession::Outgoing ClientSession::pop() {
  Outgoing first = std::move(outbox_.front());
  outbox_.pop_front();
  waiting_bytes_ -= first.data.size();
  if (first.type == PacketType::pong) pong_waits_ = false;
  return first;
}

bool ClientSession::writable() const {
  return phase_ == Phase::open && outbox_.empty() && !pausing_ && !post_running_;
}

std::optional<ClientSession::Outgoing> ClientSession::take_packet() {
  if (transport_ != Transport::websocket || outbox_.empty()) return std::nullopt;
  return pop();
}

bool ClientSession::take_poll() {
  if (transport_ != Transport::polling || phase_ == Phase::closing) return false;
  if (poll_running_ || pausing_) return false;
  poll_running_ = true;
  return true;
}

// How many of the waiting packets fit into one body, counted as the reference does.
std::size_t ClientSession::batch_size() const {
  std::size_t bytes = 1;
  std::size_t count = 0;
  for (const Outgoing& packet : outbox_) {
    const std::size_t size = packet.data.size();
    bytes += packet.binary ? size + size / 3 + 1 : size;
    if (count > 0 && hello_.max_payload > 0 && bytes > hello_.max_payload) break;
    // Node's server acts on a "1" before the messages of the same body: it goes by itself.
    if (count > 0 && packet.type == PacketType::close) break;
    bytes += 2;
    ++count;
  }
  return count;
}

std::optional<std::string> ClientSession::take_post() {
  if (transport_ != Transport::polling || phase_ == Phase::opening) return std::nullopt;
  if (post_running_ || pausing_ || outbox_.empty()) return std::nullopt;
  post_running_ = true;
  std::string body;
  for (std::size_t left = batch_size(); left > 0; --left) {
    const Outgoing packet = pop();
    if (revision_ == Revision::v4) {
      packet.binary ? append_binary_payload(packet.data, body)
                    : append_payload(packet.type, packet.data, body);
    } else if (packet.binary) {
      v3::append_framed_binary(packet.data, body);
    } else {
      const char head = type_char(packet.type);
      v3::append_framed({&head, 1}, packet.data, body);
    }
  }
  return revision_ == Revision::v4 ? body : v3::counted_from_framed(body);
}

// ---- the upgrade

bool ClientSession::wants_upgrade() const {
  return phase_ == Phase::open && transport_ == Transport::polling && hello_.upgrade_to_websocket &&
         !upgrade_tried_;
}

void ClientSession::begin_upgrade(Instant now) {
  NARU_DCHECK(wants_upgrade());
  upgrade_tried_ = true;
  upgrade_deadline_ = now + options_.upgrade_timeout;
}

ClientSession::Probe ClientSession::receive_probe(const Packet& packet) {
  if (upgrading() && !pausing_ && packet.type == PacketType::pong && packet.data == "probe") {
    pausing_ = true;
    return Probe::passed;
  }
  abandon_upgrade();
  return Probe::failed;
}

void ClientSession::abandon_upgrade() {
  upgrade_deadline_ = kNever;
  pausing_ = false;
}

void ClientSession::switched() {
  NARU_DCHECK(may_switch());
  abandon_upgrade();
  transport_ = Transport::websocket;
}

// ---- the end, and time

void ClientSession::close(Instant now) {
  if (phase_ == Phase::closing) return;
  const bool was_open = phase_ == Phase::open;
  phase_ = Phase::closing;
  abandon_upgrade();
  close_deadline_ = now + options_.close_timeout;
  if (was_open && transport_ == Transport::polling) push(PacketType::close, {}, false);
}

Instant ClientSession::deadline() const {
  return std::min({heartbeat_.deadline(), upgrade_deadline_, close_deadline_});
}

ClientSession::Due ClientSession::on_deadline(Instant now) {
  if (now >= close_deadline_) return Due::close_expired;
  switch (now >= heartbeat_.deadline() ? heartbeat_.on_deadline(now)
                                       : ClientHeartbeat::Action::nothing) {
    case ClientHeartbeat::Action::time_out:
      return Due::time_out;
    case ClientHeartbeat::Action::send_ping:
      push(PacketType::ping, {}, false);
      return Due::nothing;
    case ClientHeartbeat::Action::nothing:
      break;
  }
  if (now < upgrade_deadline_) return Due::nothing;
  abandon_upgrade();
  return Due::upgrade_expired;
}

}  // namespace naru::engineio
