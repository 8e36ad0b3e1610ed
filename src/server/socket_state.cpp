#include "server/socket_state.hpp"

#include "json/split.hpp"
#include "server/answer_collector.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace naru::server {
namespace {

// Once recovery is on, a socket may have moved to another loop: one after the other is asked.
void run_where_it_is(const std::shared_ptr<State>& state,
                     const std::shared_ptr<NamespaceState>& nsp, unsigned loop,
                     std::size_t loops_left, const std::string& id,
                     std::function<void(SocketState&)> task) {
  Worker& worker = *state->workers[loop];
  auto run = [weak = std::weak_ptr<State>(state), nsp, loop, loops_left, id,
              task = std::move(task)]() mutable {
    if (hub::Subscriber* found = nsp->hub_of(loop).find(id)) {
      return task(static_cast<SocketState&>(*found));
    }
    const std::shared_ptr<State> alive = loops_left > 1 ? weak.lock() : nullptr;
    if (!alive) return;
    const auto next = static_cast<unsigned>((loop + 1) % alive->workers.size());
    run_where_it_is(alive, nsp, next, loops_left - 1, id, std::move(task));
  };
  if (Worker::current() == &worker) return run();
  worker.loop.post(std::move(run));
}

}  // namespace

void SocketKey::with(std::function<void(SocketState&)> task) const {
  const std::shared_ptr<State> alive = state.lock();
  if (!alive) return;
  const std::size_t loops = nsp->recovery ? alive->workers.size() : 1;
  run_where_it_is(alive, nsp, worker, loops, id, std::move(task));
}

SocketState::SocketState(SocketIoSession& given_session, std::shared_ptr<NamespaceState> given_nsp,
                         std::string given_id, std::string given_auth)
    : session(given_session),
      nsp_owner(std::move(given_nsp)),
      nsp(*nsp_owner),
      id(std::move(given_id)),
      auth(std::move(given_auth)),
      face_(*this) {}

SocketState::~SocketState() = default;

// ---- sending

hub::WireFormat SocketState::wire_format(const hub::Publication& publication) const {
  using Content = EngineSession::Content;
  const auto& event = static_cast<const EventPublication&>(publication);
  const hub::WireFormat format =
      session.engine().wire_format(event.has_binary() ? Content::attachments : Content::text);
  if (format != kWebSocketFormat || !event.compressible()) return format;
  return static_cast<hub::WireFormat>(format + session.engine().wire_class());
}

hub::Delivered SocketState::deliver(const SharedBytes& bytes, const hub::Publication& publication,
                                    hub::Delivery delivery) {
  if (!connected) return hub::Delivered::closed;  // its middlewares are still running
  const auto& event = static_cast<const EventPublication&>(publication);
  if (resumable && event.number() != 0 && event.number() <= resumable->skip_until) {
    return hub::Delivered::sent;  // it was, from the log
  }
  if (event.answers) expect_answer(event);
  if (hears_outgoing()) {  // later: handlers may change the hub
    session.engine().worker().loop.defer([key = key(), shared = event.shared_from_this()] {
      key->with([&](SocketState& socket) {
        socket.tell_outgoing(shared->event().json, shared->event().attachments);
      });
    });
  }
  return to_delivered(send_encoded(event, bytes, delivery == hub::Delivery::droppable));
}

void SocketState::deliver_all(hub::Burst& burst) {
  const SharedBytes* frames = in_one_piece(burst);
  if (frames == nullptr) return Subscriber::deliver_all(burst);
  const hub::Delivered how = to_delivered(session.engine().send_joined(*frames, burst.size()));
  for (std::size_t i = 0; i < burst.size(); ++i) burst.took(i, how);
}

// Several events as one run of frames, where nothing has to be looked at one by one.
const SharedBytes* SocketState::in_one_piece(hub::Burst& burst) const {
  if (burst.size() == 1 || !connected || resumable || hears_outgoing()) return nullptr;
  const hub::WireFormat format = wire_format(burst[0]);
  for (std::size_t i = 0; i < burst.size(); ++i) {
    const auto& event = static_cast<const EventPublication&>(burst[i]);
    if (event.answers || wire_format(event) != format) return nullptr;
  }
  if (!session.engine().takes_joined(0)) return nullptr;
  const SharedBytes& frames = burst.joined(format);
  return frames && session.engine().takes_joined(frames->size()) ? &frames : nullptr;
}

SendOutcome SocketState::send_encoded(const EventPublication& event, const SharedBytes& bytes,
                                      bool droppable) {
  EngineSession& engine = session.engine();
  if (!engine.compresses_with_context() || !event.compressible()) {
    return engine.send_encoded(bytes, droppable);
  }
  return engine.send_encoded(bytes, droppable, event.said_compressed(*bytes));
}

SendOutcome SocketState::send_event(detail::ArgumentWriter& arguments, Sending how) {
  std::string& json = arguments.text();
  std::vector<std::string>& attachments = arguments.attachments();
  if (gone) {
    if (how.on_answer)
      answer(how.on_answer, Error{Errc::disconnected, "socket has been disconnected"});
    return SendOutcome::closed;
  }
  const unsigned loop = session.engine().worker().index();
  nsp.catch_up(loop);  // what was sent before comes before
  if (hears_outgoing()) tell_outgoing(json, attachments);
  if (gone) return send_event(arguments, std::move(how));
  if (how.droppable && session.engine().congested()) {
    session.engine().worker().counters.dropped.add();
    if (how.on_answer) answer(how.on_answer, Error{Errc::timed_out, "the event was dropped"});
    return SendOutcome::dropped;
  }
  if (how.on_answer) {
    const std::uint64_t ack = next_ack_++;
    const Duration timeout = how.timeout;
    const bool compress = how.compress;
    OnAnswer on_answer = how.retries == 0 ? std::move(how.on_answer)
                                          : with_retries(json, attachments, std::move(how));
    if (!expect_answer(ack, std::move(on_answer), timeout)) return SendOutcome::dropped;
    if (!compress) return send_plain(ack, arguments);
    return send_packet(socketio::PacketType::event, ack, json, attachments);
  }
  if (nsp.recovery && connected && !how.droppable) {
    auto publication = nsp.make_publication(std::move(json), std::move(attachments));
    publication->compress = how.compress;
    return nsp.publish_to(*this, std::move(publication));
  }
  if (nsp.recovery && json.ends_with("\"]")) {
    // A client takes any text at the end for an offset: let it be one.
    json.pop_back();
    json.append(",\"").append(nsp.recovery->offset_of(nsp.recovery->seen(loop))).append("\"]");
  }
  if (!how.compress) return send_plain(std::nullopt, arguments);
  return send_packet(socketio::PacketType::event, std::nullopt, json, attachments);
}

// What is not to be compressed goes the way of a broadcast, which knows how.
SendOutcome SocketState::send_plain(std::optional<std::uint64_t> ack,
                                    detail::ArgumentWriter& arguments) {
  const auto event =
      nsp.make_publication(std::move(arguments.text()), std::move(arguments.attachments()));
  event->ack = ack;
  event->compress = false;
  return send_encoded(*event, event->encode(wire_format(*event)), false);
}

SendOutcome SocketState::send_event(std::string json, std::vector<std::string> attachments,
                                    Sending how) {
  detail::ArgumentWriter arguments;
  arguments.text() = std::move(json);
  arguments.attachments() = std::move(attachments);
  return send_event(arguments, std::move(how));
}

SendOutcome SocketState::send_packet(socketio::PacketType type, std::optional<std::uint64_t> ack,
                                     std::string_view json,
                                     const std::vector<std::string>& attachments) {
  return session.send(type, nsp.name(), ack, {json, attachments});
}

void SocketState::send_ack(std::uint64_t ack, std::string_view json,
                           const std::vector<std::string>& attachments) {
  if (gone) return;
  nsp.catch_up(session.engine().worker().index());
  send_packet(socketio::PacketType::ack, ack, json, attachments);
}

void SocketState::send_missed(const Recovery::Missed& missed) {
  for (const auto& event : missed) {
    send_encoded(*event, event->encode(wire_format(*event)), false);
  }
}

// ---- rooms

void SocketState::join(std::string_view room) {
  Worker& worker = session.engine().worker();
  nsp.catch_up(worker.index());
  const bool joins = nsp.hub_of(worker).join(*this, room);
  if (resumable && !gone && room != id) resumable->join(room, nsp.recovery->seen(worker.index()));
  if (joins) tell(nsp.handlers().on_join_room, room);
}

void SocketState::leave(std::string_view room) {
  Worker& worker = session.engine().worker();
  nsp.catch_up(worker.index());
  const bool leaves = nsp.hub_of(worker).leave(*this, room);
  if (resumable) {
    resumable->leave(room, nsp.recovery->seen(worker.index()), nsp.recovery->oldest());
  }
  if (leaves) tell(nsp.handlers().on_leave_room, room);
}

void SocketState::tell(const RoomHandlers& handlers, std::string_view room) {
  for (const auto& handler : handlers) {
    run_user_code(nsp.state, nsp.where(), [&] { handler(face_, room); });
  }
}

// ---- acknowledgements

bool SocketState::expect_answer(std::uint64_t ack, OnAnswer on_answer, Duration timeout) {
  if (acks_.size() >= nsp.options.pending_acks) {
    answer(on_answer, Error{Errc::too_many, "too many acknowledgements are due"});
    return false;
  }
  const Instant until = session.engine().worker().loop.now() + timeout;
  acks_.emplace(ack, PendingAck{std::move(on_answer), until});
  if (until < earliest_) {
    earliest_ = until;
    session.engine().watch_deadline();
  }
  return true;
}

void SocketState::expect_answer(const EventPublication& event) {
  event.answers->expect(1);
  expect_answer(
      *event.ack,
      [answers = event.answers, id = id](const Result<Arguments>& arguments) {
        if (!arguments) return answers->miss(id);
        std::string json = "[";
        for (const std::string_view value : arguments->values) {
          if (json.size() > 1) json += ',';
          json += value;
        }
        answers->answer(
            id,
            hub::Event{json + "]", {arguments->attachments.begin(), arguments->attachments.end()}});
      },
      event.ack_timeout);
}

// Asks again when no answer came in time, as often as `how` allows.
SocketState::OnAnswer SocketState::with_retries(const std::string& json,
                                                const std::vector<std::string>& attachments,
                                                Sending how) {
  return [this, json, attachments, how](const Result<Arguments>& arguments) mutable {
    if (arguments || arguments.error().code != Errc::timed_out || how.retries == 0) {
      return how.on_answer(arguments);
    }
    --how.retries;
    send_event(json, attachments, how);
  };
}

void SocketState::receive_ack(const socketio::Packet& packet) {
  const auto found = acks_.find(*packet.id);
  if (found == acks_.end()) return;  // late, or never asked for
  const OnAnswer on_answer = std::move(found->second.on_answer);
  acks_.erase(found);
  if (acks_.empty()) earliest_ = kNever;
  answer(on_answer, Arguments{packet.args, packet.attachments});
}

void SocketState::answer(const OnAnswer& on_answer, const Result<Arguments>& arguments) {
  if (!run_user_code(nsp.state, nsp.where(), [&] { on_answer(arguments); })) session.close();
}

void SocketState::on_deadline(Instant now) {
  if (middleware_deadline <= now) return session.expire_middlewares(*this);
  std::vector<OnAnswer> late;
  earliest_ = kNever;
  for (auto each = acks_.begin(); each != acks_.end();) {
    if (each->second.deadline <= now) {
      late.push_back(std::move(each->second.on_answer));
      each = acks_.erase(each);
    } else {
      earliest_ = std::min(earliest_, each->second.deadline);
      ++each;
    }
  }
  for (const OnAnswer& on_answer : late) {
    answer(on_answer, Error{Errc::timed_out, "operation has timed out"});
  }
}

void SocketState::fail_acks(const Error& error) {
  auto pending = std::exchange(acks_, {});
  earliest_ = kNever;
  for (const auto& [ack, waiting] : pending) answer(waiting.on_answer, error);
}

// ---- about itself

std::shared_ptr<const SocketKey> SocketState::key() {
  if (!key_) {
    Worker& worker = session.engine().worker();
    key_ = std::make_shared<const SocketKey>(
        SocketKey{worker.state().weak_from_this(), nsp_owner, worker.index(), id});
  }
  return key_;
}

std::string SocketState::data_json() const {
  if (write_data == nullptr || !data.has_value()) return "null";
  std::string json;
  std::vector<std::string> attachments;
  JsonWriter out(json, attachments);
  write_data(out, data);
  return attachments.empty() ? json : "null";
}

hub::SocketSnapshot SocketState::snapshot() {
  const RequestInfo request = session.engine().request().unpack();
  std::string json;
  std::vector<std::string> attachments;
  JsonWriter out(json, attachments);
  out.begin_object();
  out.key("address");
  out.string(request.address);
  out.key("secure");
  out.boolean(request.secure);
  out.key("url");
  out.string(request.query.empty() ? request.path : request.path + "?" + request.query);
  out.key("headers");
  out.begin_object();
  for (const auto& [name, value] : request.headers) {
    out.key(name);
    out.string(value);
  }
  out.end_object();
  out.key("auth");
  out.raw(auth);
  out.end_object();
  return {id, face_.rooms(), std::move(json), data_json()};
}

}  // namespace naru::server
