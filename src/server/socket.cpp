#include "engineio/packet.hpp"
#include "server/namespace_state.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <atomic>
#include <stdexcept>
#include <utility>

namespace naru {

using server::SocketKey;
using server::SocketState;

const std::string& Socket::id() const {
  return state_->id;
}
bool Socket::connected() const {
  return state_->connected;
}
Namespace& Socket::nsp() const {
  return state_->nsp.face();
}
const RequestInfo& Socket::request() const {
  return state_->session.engine().request();
}
JsonView Socket::auth() const {
  return {state_->auth};
}
std::any& Socket::data() {
  return state_->data;
}

std::string_view Socket::transport() const {
  return state_->session.engine().transport() == engineio::Transport::websocket ? "websocket"
                                                                                : "polling";
}

Emitter Socket::timeout(std::chrono::milliseconds deadline) {
  Emitter emitter(*this);
  emitter.timeout_ = deadline;
  return emitter;
}

Emitter Socket::droppable() {
  Emitter emitter(*this);
  emitter.droppable_ = true;
  return emitter;
}

SendOutcome Socket::send(std::string_view event, detail::ArgumentWriter& arguments,
                         OnAnswer on_answer, bool droppable,
                         std::optional<std::chrono::milliseconds> timeout) {
  if (socketio::is_reserved_event(event)) {
    throw std::invalid_argument("naru: '" + std::string(event) + "' is a reserved event name");
  }
  return state_->send_event(arguments, std::move(on_answer), droppable,
                            timeout.value_or(state_->nsp.options.ack_timeout));
}

void Socket::join(std::string_view room) {
  state_->nsp.hub_of(state_->session.engine().worker()).join(*state_, room);
}

void Socket::leave(std::string_view room) {
  state_->nsp.hub_of(state_->session.engine().worker()).leave(*state_, room);
}

std::vector<std::string> Socket::rooms() const {
  std::vector<std::string> rooms{state_->id};
  const auto joined = state_->nsp.hub_of(state_->session.engine().worker()).topics_of(*state_);
  rooms.insert(rooms.end(), joined.begin(), joined.end());
  return rooms;
}

Broadcast Socket::broadcast() const {
  return Broadcast(state_->nsp).except(state_->id);
}
Broadcast Socket::to(std::string_view room) const {
  return broadcast().to(room);
}
Broadcast Socket::except(std::string_view room) const {
  return broadcast().except(room);
}

void Socket::disconnect(Disconnect what) {
  state_->session.disconnect(*state_, what);
}

SocketRef Socket::ref() const {
  SocketRef ref;
  ref.key_ = state_->key();
  return ref;
}

void SocketRef::with(std::function<void(Socket&)> task) const {
  if (!key_) return;
  key_->with([task = std::move(task)](SocketState& socket) {
    if (!server::run_user_code(socket.nsp.state, socket.nsp.where(),
                               [&] { task(socket.face()); })) {
      socket.session.close();
    }
  });
}

void SocketRef::disconnect(Socket::Disconnect what) const {
  with([what](Socket& socket) { socket.disconnect(what); });
}

void SocketRef::send(std::string_view event, detail::ArgumentWriter& arguments) const {
  if (!key_) return;
  if (socketio::is_reserved_event(event)) {
    throw std::invalid_argument("naru: '" + std::string(event) + "' is a reserved event name");
  }
  key_->with([json = std::move(arguments.text()), attachments = std::move(arguments.attachments())](
                 SocketState& socket) { socket.send_event(json, attachments); });
}

// Only the first answer counts, from whichever thread it comes.
struct Ack::State {
  std::shared_ptr<const SocketKey> socket;
  std::uint64_t id = 0;
  std::atomic<bool> answered{false};
};

void Ack::send(detail::ArgumentWriter& arguments) const {
  if (!state_ || state_->answered.exchange(true)) return;
  state_->socket->with([id = state_->id, json = std::move(arguments.text()),
                        attachments = std::move(arguments.attachments())](SocketState& socket) {
    socket.send_ack(id, json, attachments);
  });
}

namespace server {

void SocketKey::with(std::function<void(SocketState&)> task) const {
  const std::shared_ptr<State> alive = state.lock();
  if (!alive) return;
  Worker& home = *alive->workers[worker];
  auto run = [nsp = nsp, &home, id = id, task = std::move(task)] {
    if (hub::Subscriber* found = nsp->hub_of(home).find(id)) {
      task(static_cast<SocketState&>(*found));
    }
  };
  if (Worker::current() == &home) return run();
  home.loop.post(std::move(run));
}

SocketState::SocketState(SocketIoSession& given_session, NamespaceState& given_nsp,
                         std::string given_id, std::string given_auth)
    : session(given_session),
      nsp(given_nsp),
      id(std::move(given_id)),
      auth(std::move(given_auth)),
      face_(*this) {}

SocketState::~SocketState() = default;

hub::WireFormat SocketState::wire_format() const {
  return session.engine().wire_format();
}

void SocketState::deliver(const SharedBytes& bytes, hub::Delivery delivery) {
  if (!connected) return;  // its middlewares are still running
  session.engine().send_encoded(bytes, delivery == hub::Delivery::droppable);
}

SendOutcome SocketState::send_event(detail::ArgumentWriter& arguments, OnAnswer on_answer,
                                    bool droppable, Duration timeout) {
  if (gone) {
    if (on_answer) answer(on_answer, Error{Errc::disconnected, "socket has been disconnected"});
    return SendOutcome::closed;
  }
  if (droppable && session.engine().congested()) {
    session.engine().worker().counters.dropped.add();
    if (on_answer) answer(on_answer, Error{Errc::timed_out, "the event was dropped"});
    return SendOutcome::dropped;
  }
  std::optional<std::uint64_t> ack;
  if (on_answer) {
    if (acks_.size() >= nsp.options.pending_acks) {
      answer(on_answer, Error{Errc::too_many, "too many acknowledgements are due"});
      return SendOutcome::dropped;
    }
    ack = next_ack_++;
    const Instant until = session.engine().worker().loop.now() + timeout;
    acks_.emplace(*ack, PendingAck{std::move(on_answer), until});
    if (until < earliest_) {
      earliest_ = until;
      session.engine().watch_deadline();
    }
  }
  return send_packet(socketio::PacketType::event, ack, arguments.text(), arguments.attachments());
}

SendOutcome SocketState::send_packet(socketio::PacketType type, std::optional<std::uint64_t> ack,
                                     std::string_view json,
                                     const std::vector<std::string>& attachments) {
  std::string head = "4";
  socketio::append_packet(type, nsp.name, ack, {}, attachments.size(), head);
  SendOutcome outcome = session.engine().send_text(head, json);
  for (const std::string& attachment : attachments) {
    outcome = session.engine().send_binary(attachment);
  }
  return outcome;
}

void SocketState::send_event(std::string_view json, const std::vector<std::string>& attachments) {
  if (!gone) send_packet(socketio::PacketType::event, std::nullopt, json, attachments);
}

void SocketState::send_ack(std::uint64_t ack, std::string_view json,
                           const std::vector<std::string>& attachments) {
  if (!gone) send_packet(socketio::PacketType::ack, ack, json, attachments);
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

Ack SocketState::make_ack(std::uint64_t ack_id) {
  Ack ack;
  ack.state_ = std::make_shared<Ack::State>();
  ack.state_->socket = key();
  ack.state_->id = ack_id;
  return ack;
}

std::shared_ptr<const SocketKey> SocketState::key() {
  if (!key_) {
    Worker& worker = session.engine().worker();
    key_ = std::make_shared<const SocketKey>(
        SocketKey{worker.state().weak_from_this(), &nsp, worker.index(), id});
  }
  return key_;
}

void SocketState::on_deadline(Instant now) {
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

}  // namespace server
}  // namespace naru
