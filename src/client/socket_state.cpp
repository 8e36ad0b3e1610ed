#include "client/socket_state.hpp"

#include "client/socketio_state.hpp"
#include "json/split.hpp"

#include <span>
#include <utility>

namespace naru::client {
namespace {

// The answer goes to the socket that was asked, not to one that has its name after a reconnection.
class AckRoute final : public Ack::Route {
 public:
  AckRoute(std::shared_ptr<SocketKey> key, std::string socket, std::uint64_t id)
      : key_(std::move(key)), socket_(std::move(socket)), id_(id) {}

  void send(detail::ArgumentWriter& arguments) override {
    socketio::Outgoing message{std::move(arguments.text()), std::move(arguments.attachments())};
    key_->gate->act([key = key_, socket = std::move(socket_), id = id_,
                     message = std::move(message)](SocketIoState& client) mutable {
      SocketState& state = client.socket(key);
      if (state.session().id() == socket) state.acknowledge(id, std::move(message));
    });
  }

 private:
  std::shared_ptr<SocketKey> key_;
  std::string socket_;
  std::uint64_t id_;
};

constexpr std::string_view kOtherRevision =
    "It seems you are trying to reach a Socket.IO server in v2.x with a v3.x client";

}  // namespace

SocketState::SocketState(SocketIoState& client, std::shared_ptr<SocketKey> key,
                         const socketio::ClientSessionOptions& options)
    : client_(client), key_(std::move(key)), face_(key_), session_(key_->nsp, options) {}

// Each handler once, though it may take itself, or others, off.
template <class F, class... A>
void SocketState::tell(const List<F>& handlers, A&&... arguments) {
  if (handlers.empty()) return;
  const List<F> now = handlers;
  for (const auto& handler : now) client_.call_user([&] { (*handler)(face_, arguments...); });
}

// ---- coming and going

void SocketState::connect() {
  if (wanted_ || client_.closed()) return;
  wanted_ = true;
  note();
  client_.open() ? on_open() : client_.connect();
}

void SocketState::disconnect() {
  if (!std::exchange(wanted_, false)) return;
  const bool was_connected = session_.connected();
  session_.leave();
  settle();
  if (was_connected) tell(disconnected, std::string_view("io client disconnect"));
  tell_joining(not_any_more());
  client_.let_go();
}

void SocketState::on_open() {
  session_.join(client_.auth(), client_.engine_sid(), client_.now());
  settle();
  if (session_.nsp() != "/" || !client_.in_root()) return;
  socketio::Packet joined;
  joined.type = socketio::PacketType::connect;
  on_packet(joined);
}

std::string_view SocketState::transport() const {
  return session_.connected() ? client_.transport() : std::string_view();
}

void SocketState::on_lost(std::string_view reason) {
  const bool was_connected = session_.connected();
  session_.connection_lost(client_.now());
  settle();
  if (was_connected) return tell(disconnected, reason);
  if (wanted_) tell(refused, ConnectError{.message = std::string(reason), .active = true});
}

void SocketState::on_attempt_failed(const ConnectError& error) {
  if (wanted_) tell(refused, error);
}

void SocketState::left(std::string_view reason) {
  wanted_ = false;
  settle();
  tell(disconnected, reason);
  client_.let_go();
}

void SocketState::give_up() {
  wanted_ = false;
  note();
  tell_joining(not_any_more());
}

void SocketState::on_end() {
  const bool was_connected = session_.connected();
  wanted_ = false;
  session_.give_up();
  settle();
  if (was_connected) tell(disconnected, std::string_view("io client disconnect"));
  tell_joining(not_any_more());
}

void SocketState::when_connected(Waiters::OnDone done) {
  if (session_.connected()) return client_.call_user([&] { done({}); });
  if (client_.closed()) return client_.call_user([&] { done(not_any_more()); });
  joining_.add(std::move(done));
}

void SocketState::tell_joining(const Result<void>& outcome) {
  joining_.tell(outcome, [this](auto task) { client_.call_user(task); });
}

// ---- what comes

void SocketState::on_packet(const socketio::Packet& packet) {
  using Incoming = socketio::ClientSession::Incoming;
  const Incoming incoming = session_.receive(packet, client_.now());
  switch (incoming) {
    case Incoming::nothing:
      return settle();
    case Incoming::connected:
      settle();
      deliver_held();
      if (session_.connected()) tell(connected);
      if (session_.connected()) tell_joining({});
      return;
    case Incoming::event:
      return dispatch(packet.event, {packet.args, packet.attachments}, packet.id);
    case Incoming::answer:
      answer(session_.answered(), Arguments{packet.args, packet.attachments});
      return settle();
    case Incoming::left:
      return left("io server disconnect");
    case Incoming::flooded:
      return client_.fail("parse error");
    case Incoming::refused:
    case Incoming::not_ours:
      break;
  }
  ConnectError error{.message = std::string(kOtherRevision)};
  if (incoming == Incoming::refused) {
    const JsonView data{packet.data};
    if (const auto text = json_string(data)) error.message = *text;
    if (const auto members = json_members(data)) {
      error.message.clear();
      for (const auto& [name, value] : *members) {
        if (name == "message") error.message = json_string(value).value_or("");
        if (name == "data") error.data_json = value.text;
      }
    }
  }
  wanted_ = false;
  session_.leave();
  settle();
  tell(refused, error);
  tell_joining(Error{Errc::disconnected, "the server has refused"});
  client_.let_go();
}

void SocketState::deliver_held() {
  for (const auto& held : session_.take_held()) {
    std::vector<std::string_view> values;
    if (!json::split_array(held.json, {}, values) || values.empty()) continue;
    const Result<std::string> event = json_string({values.front()});
    if (!event || !session_.connected()) continue;
    dispatch(*event, {std::span(values).subspan(1), held.attachments}, held.id);
  }
}

void SocketState::dispatch(std::string_view event, const Arguments& arguments,
                           std::optional<std::uint64_t> id) {
  tell(any, event, arguments);
  std::vector<std::shared_ptr<const Handler>> found;
  for (const auto& [name, handler] : events) {
    if (name == event) found.push_back(handler);
  }
  if (found.empty()) return;
  const Ack ack = id ? Ack(std::make_shared<AckRoute>(key_, session_.id(), *id)) : Ack();
  for (const auto& handler : found) {
    client_.call_user([&] { handler->call(face_, arguments, ack); });
  }
}

void SocketState::answer(socketio::ClientSession::Call call, Result<Arguments> arguments) {
  auto waiting = calls_.extract(call);
  if (waiting.empty()) return;
  client_.call_user([&] { waiting.mapped()(std::move(arguments)); });
}

// ---- what goes

SendOutcome SocketState::emit(std::string_view event, socketio::Outgoing message,
                              detail::OnAnswer on_answer,
                              const socketio::ClientSession::EmitOptions& how) {
  if (!any_outgoing.empty()) {
    std::vector<std::string_view> values;
    const std::string text = message.json;
    if (json::split_array(text, {}, values) && !values.empty()) {
      const Arguments arguments{std::span(values).subspan(1), message.attachments};
      tell(any_outgoing, event, arguments);
    }
  }
  socketio::ClientSession::EmitOptions options = how;
  options.writable = client_.writable();
  if (on_answer) {
    options.call = ++last_call_;
    calls_.emplace(options.call, std::move(on_answer));
  }
  const auto outcome = session_.emit(std::move(message), options, client_.now());
  settle();
  switch (outcome) {
    case socketio::ClientSession::Emit::sent:
      return client_.writable() ? SendOutcome::sent : SendOutcome::blocked;
    case socketio::ClientSession::Emit::waiting:
      return SendOutcome::blocked;
    case socketio::ClientSession::Emit::dropped:
      break;
  }
  return SendOutcome::dropped;
}

void SocketState::acknowledge(std::uint64_t id, socketio::Outgoing message) {
  session_.acknowledge(id, std::move(message));
  settle();
}

void SocketState::on_time(Instant now) {
  if (session_.deadline() > now) return;
  if (session_.on_deadline(now) == socketio::ClientSession::Due::join_timed_out) {
    client_.fail("timeout");
  }
  settle();
}

// After each call to the session: what it wants sent, whom it wants told, when it looks again.
void SocketState::settle() {
  note();
  client_.send(session_.nsp(), session_.take_out());
  for (const auto& failure : session_.take_failures()) answer(failure.call, failure.error);
  client_.rearm();
}

void SocketState::note() {
  key_->active = wanted_;
  key_->recovered = session_.recovered();
  if (key_->connected == session_.connected()) return;
  const std::lock_guard lock(key_->mutex);
  key_->id = session_.id();
  key_->connected = session_.connected();
}

}  // namespace naru::client
