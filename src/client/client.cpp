#include "naru/client.hpp"

#include "client/socketio_state.hpp"
#include "socketio/packet.hpp"

#include <stdexcept>
#include <utility>

namespace naru {

using client::Driver;
using client::SocketIoState;
using client::SocketKey;
using client::SocketState;

// ---- the client

Client::Client(std::string_view url, ClientOptions options)
    : state_(std::make_shared<SocketIoState>(url, std::move(options))) {}

Client::~Client() {
  close();
  Driver::leave(*state_);
}

ClientSocket Client::socket() const {
  return of(state_->nsp());
}
ClientSocket Client::of(std::string_view nsp) const {
  return ClientSocket(state_->key(nsp));
}

void Client::start() {
  state_->turning = true;
  Driver::start(state_);
}
void Client::wait() {
  state_->driver.wait();
}
int Client::run() {
  const std::shared_ptr<SocketIoState> state = state_;  // a handler may destroy us
  bool active = false;
  Driver::run(state, [&active](SocketIoState& each) {
    if (!each.turn(Duration::max())) return false;
    active = active || !each.idle();
    return !active || !each.idle();
  });
  return state->closed() ? 0 : 1;
}
bool Client::poll(std::chrono::milliseconds wait) {
  return Driver::poll(state_, wait);
}
int Client::fd() {
  return state_->driver.fd();
}

void Client::close() {
  state_->gate()->act([](SocketIoState& state) { state.close(); });
}

// ---- its sockets

namespace {

// Does `task` with the socket's state, on its loop.
template <class F>
void act(const std::shared_ptr<SocketKey>& key, F task) {
  key->gate->act(
      [key, task = std::move(task)](SocketIoState& client) mutable { task(client.socket(key)); });
}

template <class F>
std::shared_ptr<const F> share(F handler) {
  return std::make_shared<const F>(std::move(handler));
}

}  // namespace

void ClientSocket::add_handler(std::string_view event,
                               detail::BasicEventHandler<ClientSocket> handler) const {
  act(key_, [event = std::string(event), handler = share(std::move(handler))](SocketState& socket) {
    socket.events.emplace_back(event, handler);
  });
}

void ClientSocket::off(std::string_view event) const {
  act(key_, [event = std::string(event)](SocketState& socket) {
    std::erase_if(socket.events, [&](const auto& each) { return each.first == event; });
  });
}

void ClientSocket::on_any(AnyListener listener) const {
  act(key_, [l = share(std::move(listener))](SocketState& socket) { socket.any.push_back(l); });
}
void ClientSocket::on_any_outgoing(AnyListener listener) const {
  act(key_,
      [l = share(std::move(listener))](SocketState& socket) { socket.any_outgoing.push_back(l); });
}
void ClientSocket::off_any() const {
  act(key_, [](SocketState& socket) { socket.any.clear(); });
}
void ClientSocket::off_any_outgoing() const {
  act(key_, [](SocketState& socket) { socket.any_outgoing.clear(); });
}

void ClientSocket::on_connect(std::function<void(ClientSocket&)> handler) const {
  act(key_,
      [h = share(std::move(handler))](SocketState& socket) { socket.connected.push_back(h); });
}
void ClientSocket::on_connect_error(
    std::function<void(ClientSocket&, const ConnectError&)> handler) const {
  act(key_, [h = share(std::move(handler))](SocketState& socket) { socket.refused.push_back(h); });
}
void ClientSocket::on_disconnect(
    std::function<void(ClientSocket&, std::string_view)> handler) const {
  act(key_,
      [h = share(std::move(handler))](SocketState& socket) { socket.disconnected.push_back(h); });
}

void ClientSocket::when_connected(std::function<void(Result<void>)> done) const {
  key_->gate->ask(std::move(done), [key = key_](SocketIoState& client, auto told) {
    client.socket(key).when_connected(std::move(told));
  });
}

void ClientSocket::connect() const {
  act(key_, [](SocketState& socket) { socket.connect(); });
}
void ClientSocket::disconnect() const {
  act(key_, [](SocketState& socket) { socket.disconnect(); });
}

const std::string& ClientSocket::nsp() const {
  return key_->nsp;
}
std::string ClientSocket::id() const {
  const std::lock_guard lock(key_->mutex);
  return key_->id;
}
bool ClientSocket::connected() const {
  return key_->connected;
}
std::string_view ClientSocket::transport() const {
  std::string_view transport;
  if (key_->gate->in_loop()) {
    act(key_, [&transport](SocketState& socket) { transport = socket.transport(); });
  }
  return transport;
}
bool ClientSocket::active() const {
  return key_->active;
}
bool ClientSocket::recovered() const {
  return key_->recovered;
}

SendOutcome ClientEmitter::send(std::string_view event, detail::ArgumentWriter& arguments,
                                detail::OnAnswer on_answer) const {
  if (socketio::is_reserved_event(event)) {
    throw std::invalid_argument("naru: a reserved event name: " + std::string(event));
  }
  socketio::Outgoing message{std::move(arguments.text()), std::move(arguments.attachments())};
  socketio::ClientSession::EmitOptions how{.timeout = timeout_, .droppable = droppable_};
  client::ClientGate& gate = *key_->gate;
  if (gate.in_loop()) {
    SendOutcome outcome = SendOutcome::closed;
    act(key_, [&](SocketState& socket) {
      outcome = socket.emit(event, std::move(message), std::move(on_answer), how);
    });
    return outcome;
  }
  return gate.hand_over(key_, std::string(event), std::move(message), std::move(on_answer), how);
}

}  // namespace naru
