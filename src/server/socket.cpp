// naru::Socket, SocketRef, Ack, Next: what users call.
#include "server/namespace_state.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <atomic>
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
bool Socket::recovered() const {
  return state_->resumable && state_->resumable->resumed;
}
Namespace& Socket::nsp() const {
  return state_->nsp.face();
}
const RequestInfo& Socket::request() const {
  return state_->session.engine().request().look();
}
JsonView Socket::auth() const {
  return {state_->auth};
}
std::any& Socket::data() {
  return state_->data;
}
void Socket::write_data_by(WriteData write) {
  state_->write_data = write;
}

std::string_view Socket::transport() const {
  return state_->session.engine().transport() == engineio::Transport::websocket ? "websocket"
                                                                                : "polling";
}

Emitter Emitter::timeout(std::chrono::milliseconds deadline) const {
  Emitter next = *this;
  next.timeout_ = deadline;
  return next;
}
Emitter Emitter::droppable() const {
  Emitter next = *this;
  next.droppable_ = true;
  return next;
}
Emitter Emitter::retries(unsigned times) const {
  Emitter next = *this;
  next.retries_ = times;
  return next;
}
Emitter Emitter::compress(bool allowed) const {
  Emitter next = *this;
  next.compress_ = allowed;
  return next;
}

SendOutcome Socket::send(std::string_view event, detail::ArgumentWriter& arguments,
                         OnAnswer on_answer, const Emitter& how) {
  server::refuse_reserved(event);
  return state_->send_event(arguments,
                            {.on_answer = std::move(on_answer),
                             .timeout = how.timeout_.value_or(state_->nsp.options.ack_timeout),
                             .retries = how.retries_,
                             .droppable = how.droppable_,
                             .compress = how.compress_});
}

void Socket::join(std::string_view room) {
  state_->join(room);
}
void Socket::join(const std::vector<std::string>& rooms) {
  for (const std::string& room : rooms) state_->join(room);
}
void Socket::leave(std::string_view room) {
  state_->leave(room);
}

std::vector<std::string> Socket::rooms() const {
  std::vector<std::string> rooms{state_->id};
  const auto joined = state_->nsp.hub_of(state_->session.engine().worker()).topics_of(*state_);
  rooms.insert(rooms.end(), joined.begin(), joined.end());
  return rooms;
}

Broadcast Socket::broadcast() const {
  return Broadcast(state_->nsp_owner).except(state_->id);
}
Broadcast Socket::local() const {
  return broadcast().local();
}
Broadcast Socket::to(std::string_view room) const {
  return broadcast().to(room);
}
Broadcast Socket::to(const std::vector<std::string>& rooms) const {
  return broadcast().to(rooms);
}
Broadcast Socket::except(std::string_view room) const {
  return broadcast().except(room);
}

void Socket::disconnect(Disconnect what) {
  state_->session.disconnect(*state_, what);
}

// ---- handlers of its own

void Socket::add_handler(std::string_view event, detail::EventHandler handler) {
  server::refuse_reserved(event);
  state_->own().events.emplace_back(
      std::string(event), std::make_shared<const detail::EventHandler>(std::move(handler)));
}
void Socket::off(std::string_view event) {
  std::erase_if(state_->own().events, [&](const auto& each) { return each.first == event; });
}
void Socket::use(PacketMiddleware middleware) {
  state_->own().packet_middlewares.push_back(std::move(middleware));
}
void Socket::on_error(std::function<void(Socket&, const Refusal&)> handler) {
  state_->own().on_error.push_back(std::move(handler));
}
void Socket::on_any(AnyListener listener) {
  state_->own().on_any.push_back(std::move(listener));
}
void Socket::on_any_outgoing(AnyListener listener) {
  state_->own().on_any_outgoing.push_back(std::move(listener));
}
void Socket::off_any() {
  state_->own().on_any.clear();
}
void Socket::off_any_outgoing() {
  state_->own().on_any_outgoing.clear();
}
void Socket::on_disconnecting(std::function<void(Socket&, std::string_view)> handler) {
  state_->own().on_disconnecting.push_back(std::move(handler));
}
void Socket::on_disconnect(std::function<void(Socket&, std::string_view)> handler) {
  state_->own().on_disconnect.push_back(std::move(handler));
}

// ---- SocketRef

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
  server::refuse_reserved(event);
  if (key_->nsp->recovery) {
    // It may come back, and on another loop: what is for it goes by its id.
    if (const auto alive = key_->state.lock()) {
      key_->nsp->publish(key_->nsp->make_publication(std::move(arguments.text()),
                                                     std::move(arguments.attachments())),
                         {.topics = {key_->id}});
    }
    return;
  }
  key_->with([json = std::move(arguments.text()), attachments = std::move(arguments.attachments())](
                 SocketState& socket) { socket.send_event(json, attachments, {}); });
}

// ---- Ack and Next: only the first call counts, from whichever thread it comes

namespace {

class AckRoute final : public Ack::Route {
 public:
  AckRoute(std::shared_ptr<const SocketKey> socket, std::uint64_t id)
      : socket_(std::move(socket)), id_(id) {}

  void send(detail::ArgumentWriter& arguments) override {
    socket_->with([id = id_, json = std::move(arguments.text()),
                   attachments = std::move(arguments.attachments())](SocketState& socket) {
      socket.send_ack(id, json, attachments);
    });
  }

 private:
  std::shared_ptr<const SocketKey> socket_;
  std::uint64_t id_;
};

}  // namespace

struct Next::State {
  std::shared_ptr<const SocketKey> socket;
  std::size_t step = 0;
  std::atomic<bool> called{false};
};

void Next::operator()(std::optional<Refusal> refusal) const {
  if (!state_ || state_->called.exchange(true)) return;
  state_->socket->with([step = state_->step, refusal = std::move(refusal)](SocketState& socket) {
    socket.session.resume_middlewares(socket, step, refusal);
  });
}

namespace server {

Ack SocketState::make_ack(std::uint64_t ack_id) {
  return Ack(std::make_shared<AckRoute>(key(), ack_id));
}

Next SocketState::make_next(std::size_t of_step) {
  Next next;
  next.state_ = std::make_shared<Next::State>();
  next.state_->socket = key();
  next.state_->step = of_step;
  return next;
}

}  // namespace server
}  // namespace naru
