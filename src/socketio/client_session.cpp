#include "socketio/client_session.hpp"

#include "naru/json.hpp"

#include <algorithm>
#include <utility>

namespace naru::socketio {
namespace {

constexpr std::size_t kIdBytes = 256;
constexpr std::size_t kOffsetBytes = 128;

constexpr Error kLost{Errc::disconnected, "socket has been disconnected"};
constexpr Error kTimedOut{Errc::timed_out, "operation has timed out"};

// Offsets of the known adapters: base 64, decimal pairs, hexadecimal ids. What a chat says at the
// end of an event is rarely one of them (the reference takes any text for one).
bool is_offset(std::string_view text) {
  return !text.empty() && text.size() <= kOffsetBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '-' || c == '_' || c == '.' || c == '+' || c == '/' || c == '=';
         });
}

std::size_t size_of(const Outgoing& message) {
  std::size_t size = message.json.size() + sizeof(Outgoing);
  for (const std::string& attachment : message.attachments) size += attachment.size();
  return size;
}

// {"pid":...,"offset":...,<auth>}: members of `auth` come last, so that they win.
std::string recovery_auth(std::string_view auth, std::string_view pid, std::string_view offset) {
  std::string out;
  std::vector<std::string> none;
  JsonWriter json(out, none);
  json.begin_object();
  json.key("pid");
  json.string(pid);
  if (!offset.empty()) {
    json.key("offset");
    json.string(offset);
  }
  if (const auto members = json_members({auth}); members) {
    for (const auto& [name, value] : *members) {
      json.key(name);
      json.raw(value.text);
    }
  }
  json.end_object();
  return out;
}

}  // namespace

ClientSession::ClientSession(std::string nsp, const ClientSessionOptions& options)
    : nsp_(std::move(nsp)), options_(options) {}

// ---- joining and leaving

void ClientSession::join(std::string_view auth, std::string_view engine_sid, Instant now) {
  if (phase_ == Phase::connecting || phase_ == Phase::connected) return;
  phase_ = Phase::connecting;
  join_deadline_ = now + options_.connect_timeout;
  engine_sid_ = engine_sid;
  if (options_.revision == Revision::v4) {
    if (nsp_ != "/") write(PacketType::connect, {}, {}, {});  // "/" is joined unasked
    return;
  }
  if (pid_.empty()) return write(PacketType::connect, {}, auth, {});
  write(PacketType::connect, {}, recovery_auth(auth, pid_, offset_), {});
}

void ClientSession::leave() {
  const bool was_connected = connected();
  if (was_connected) write(PacketType::disconnect, {}, {}, {});
  phase_ = Phase::idle;  // an answer to CONNECT that is under way: see receive_connect
  if (was_connected) lose_pending(Instant::min());
  join_deadline_ = kNever;
  id_.clear();
  held_.clear();
  held_bytes_ = 0;
}

bool ClientSession::connection_lost(Instant now) {
  const bool was_in = phase_ == Phase::connected || phase_ == Phase::connecting;
  if (phase_ != Phase::refused) phase_ = Phase::idle;
  join_deadline_ = kNever;
  id_.clear();
  held_.clear();
  held_bytes_ = 0;
  out_.clear();
  lose_pending(now);
  return was_in;
}

void ClientSession::give_up() {
  leave();
  for (const auto& [id, pending] : pending_) {
    if (pending.call != 0) failures_.push_back({pending.call, kLost});
  }
  for (const Queued& queued : queue_) {
    if (queued.call != 0) failures_.push_back({queued.call, kLost});
  }
  pending_.clear();
  deadlines_.clear();
  buffer_.clear();
  queue_.clear();
  buffered_bytes_ = 0;
}

ClientSession::Incoming ClientSession::receive(const Packet& packet, Instant now) {
  switch (packet.type) {
    case PacketType::connect:
      return receive_connect(packet, now);
    case PacketType::connect_error:
      if (phase_ != Phase::connecting) return Incoming::nothing;
      phase_ = Phase::refused;
      join_deadline_ = kNever;
      return Incoming::refused;
    case PacketType::disconnect:
      if (phase_ != Phase::connected && phase_ != Phase::connecting) return Incoming::nothing;
      connection_lost(now);
      return Incoming::left;
    case PacketType::event:
      return receive_event(packet);
    case PacketType::ack:
      return receive_ack(packet, now);
    default:
      return Incoming::nothing;
  }
}

ClientSession::Incoming ClientSession::receive_connect(const Packet& packet, Instant now) {
  if (phase_ == Phase::connected) return Incoming::nothing;
  if (phase_ != Phase::connecting) {  // left before the answer came
    write(PacketType::disconnect, {}, {}, {});
    return Incoming::nothing;
  }
  std::string sid;
  std::string pid;
  if (options_.revision == Revision::v4) {
    sid = nsp_ == "/" ? engine_sid_ : nsp_ + "#" + engine_sid_;
  } else if (!packet.data.empty()) {
    const auto members = json_members({packet.data});
    if (!members) return Incoming::not_ours;
    for (const auto& [name, value] : *members) {
      if (name != "sid" && name != "pid") continue;
      Result<std::string> text = json_string(value);
      if (text && text->size() <= kIdBytes) (name == "sid" ? sid : pid) = *std::move(text);
    }
  }
  if (sid.empty()) return Incoming::not_ours;
  recovered_ = !pid.empty() && pid == pid_;
  if (!recovered_) offset_.clear();
  id_ = std::move(sid);
  pid_ = std::move(pid);
  phase_ = Phase::connected;
  join_deadline_ = kNever;
  for (Buffered& buffered : std::exchange(buffer_, {})) {
    free_room(buffered.message);
    const auto id = buffered.id == 0 ? std::nullopt : std::optional(buffered.id);
    if (id) pending_[*id].buffered = false;
    write(PacketType::event, id, buffered.message.json, std::move(buffered.message.attachments));
  }
  // Those that came before the answer were logged by the server: they move the offset as well.
  send_queued(now, true);
  return Incoming::connected;
}

// ---- events that come

ClientSession::Incoming ClientSession::receive_event(const Packet& packet) {
  if (phase_ == Phase::connecting) {
    return hold(packet) ? Incoming::nothing : Incoming::flooded;
  }
  if (phase_ != Phase::connected) return Incoming::nothing;
  note_offset(packet);
  return Incoming::event;
}

bool ClientSession::hold(const Packet& packet) {
  HeldEvent held{{}, packet.id, {packet.attachments.begin(), packet.attachments.end()}};
  JsonWriter json(held.json, held.attachments);
  json.begin_array();
  json.string(packet.event);
  for (const std::string_view argument : packet.args) json.raw(argument);
  json.end_array();
  std::size_t size = held.json.size();
  for (const std::string& attachment : held.attachments) size += attachment.size();
  if (held_.size() >= options_.limits.held_events ||
      size > options_.limits.held_bytes - held_bytes_) {
    return false;
  }
  // Missed events of a recovery come before CONNECT, with the pid that we have shown.
  note_offset(packet);
  held_bytes_ += size;
  held_.push_back(std::move(held));
  return true;
}

std::vector<ClientSession::HeldEvent> ClientSession::take_held() {
  held_bytes_ = 0;
  return std::exchange(held_, {});
}

// A server with recovery puts an offset behind the arguments of every event without id that it
// keeps.
void ClientSession::note_offset(const Packet& packet) {
  if (pid_.empty() || packet.id || packet.args.empty()) return;
  const std::string_view last = packet.args.back();
  if (last.size() < 2 || last.front() != '"') return;
  const Result<std::string> text = json_string({last});
  if (text && is_offset(*text)) offset_ = *text;
}

// ---- acknowledgements

std::uint64_t ClientSession::expect(Pending pending) {
  const std::uint64_t id = next_id_++;
  if (pending.deadline != kNever) deadlines_.emplace(pending.deadline, id);
  pending_.emplace(id, pending);
  return id;
}

std::optional<ClientSession::Pending> ClientSession::forget(std::uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return std::nullopt;
  const Pending pending = found->second;
  deadlines_.erase({pending.deadline, id});
  pending_.erase(found);
  return pending;
}

ClientSession::Incoming ClientSession::receive_ack(const Packet& packet, Instant now) {
  if (phase_ != Phase::connected || !packet.id) return Incoming::nothing;
  const std::optional<Pending> pending = forget(*packet.id);
  if (!pending) return Incoming::nothing;
  answered_ = pending->call;
  if (pending->of_queue) {
    free_room(queue_.front().message);
    queue_.pop_front();
    send_queued(now, false);
  }
  return answered_ == 0 ? Incoming::nothing : Incoming::answer;
}

void ClientSession::acknowledge(std::uint64_t id, Outgoing message) {
  if (phase_ != Phase::connected) return;
  write(PacketType::ack, id, message.json, std::move(message.attachments));
}

// Those that were sent get no answer any more; those that wait in the buffer still may.
void ClientSession::lose_pending(Instant now) {
  std::vector<std::uint64_t> lost;
  for (const auto& [id, pending] : pending_) {
    if (!pending.buffered) lost.push_back(id);
  }
  for (const std::uint64_t id : lost) {
    const std::optional<Pending> pending = forget(id);
    if (pending->of_queue) {
      queue_failed(kLost, now);
    } else if (pending->call != 0) {
      failures_.push_back({pending->call, kLost});
    }
  }
}

// ---- emits

bool ClientSession::has_room(const Outgoing& message) const {
  return size_of(message) <= options_.limits.buffered_bytes - buffered_bytes_;
}

void ClientSession::free_room(const Outgoing& message) {
  buffered_bytes_ -= size_of(message);
}

ClientSession::Emit ClientSession::emit(Outgoing message, const EmitOptions& how, Instant now) {
  const auto drop = [&](const Error& why) {
    if (how.call != 0) failures_.push_back({how.call, why});
    return Emit::dropped;
  };
  const bool to_queue = options_.retries > 0 && !how.droppable;
  const bool to_buffer = !to_queue && !connected();
  if (how.droppable && (!connected() || !how.writable)) return drop(kLost);
  if ((to_queue || to_buffer) && !has_room(message)) {
    return drop({Errc::too_many, "more than may wait"});
  }
  if (how.call != 0 && pending_.size() + queue_.size() >= options_.limits.pending_acks) {
    return drop({Errc::too_many, "too many acknowledgements are awaited"});
  }
  const Duration timeout = how.timeout.value_or(options_.ack_timeout);
  if (to_queue) {
    buffered_bytes_ += size_of(message);
    queue_.push_back({.message = std::move(message), .call = how.call, .timeout = timeout});
    send_queued(now, false);
    return connected() ? Emit::sent : Emit::waiting;
  }
  std::uint64_t id = 0;
  if (how.call != 0) {
    const Instant deadline = timeout > Duration::zero() ? now + timeout : kNever;
    id = expect({.call = how.call, .deadline = deadline, .buffered = to_buffer});
  }
  if (to_buffer) {
    buffered_bytes_ += size_of(message);
    buffer_.push_back({id, std::move(message)});
    return Emit::waiting;
  }
  write(PacketType::event, id == 0 ? std::nullopt : std::optional(id), message.json,
        std::move(message.attachments));
  return Emit::sent;
}

// The head of the queue, unless it is under way; after a reconnection, again in any case.
void ClientSession::send_queued(Instant now, bool again) {
  if (!connected() || queue_.empty()) return;
  Queued& head = queue_.front();
  if (head.in_flight && !again) return;
  head.in_flight = true;
  ++head.tries;
  const Instant deadline = head.timeout > Duration::zero() ? now + head.timeout : kNever;
  const std::uint64_t id = expect({.call = head.call, .deadline = deadline, .of_queue = true});
  write(PacketType::event, id, head.message.json, head.message.attachments);
}

void ClientSession::queue_failed(const Error& error, Instant now) {
  Queued& head = queue_.front();
  head.in_flight = false;
  if (head.tries > options_.retries) {
    if (head.call != 0) failures_.push_back({head.call, error});
    free_room(head.message);
    queue_.pop_front();
  }
  send_queued(now, false);
}

void ClientSession::write(PacketType type, std::optional<std::uint64_t> id, std::string_view json,
                          std::vector<std::string> attachments) {
  Out out;
  append_packet(type, nsp_, id, json, attachments.size(), out.text);
  out.attachments = std::move(attachments);
  out.type = type;
  out.id = id;
  out.data = out.text.size() - json.size();
  out_.push_back(std::move(out));
}

// ---- time

Instant ClientSession::deadline() const {
  const Instant ack = deadlines_.empty() ? kNever : deadlines_.begin()->first;
  return std::min(ack, join_deadline_);
}

ClientSession::Due ClientSession::on_deadline(Instant now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint64_t id = deadlines_.begin()->second;
    const std::optional<Pending> pending = forget(id);
    if (pending->of_queue) {
      queue_failed(kTimedOut, now);
      continue;
    }
    // What is still in the buffer leaves it: nobody would hear of its answer.
    const auto buffered = std::find_if(buffer_.begin(), buffer_.end(),
                                       [id](const Buffered& each) { return each.id == id; });
    if (buffered != buffer_.end()) {
      free_room(buffered->message);
      buffer_.erase(buffered);
    }
    failures_.push_back({pending->call, kTimedOut});
  }
  return now >= join_deadline_ ? Due::join_timed_out : Due::nothing;
}

}  // namespace naru::socketio
