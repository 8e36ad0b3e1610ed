#include "engineio/packet.hpp"
#include "server/namespace_state.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"
#include "websocket/frame.hpp"

#include <stdexcept>
#include <utility>

namespace naru {
namespace {

void refuse_reserved(std::string_view event) {
  if (!socketio::is_reserved_event(event)) return;
  throw std::invalid_argument("naru: '" + std::string(event) + "' is a reserved event name");
}

}  // namespace

const std::string& Namespace::name() const {
  return state_->name;
}

void Namespace::use(Middleware middleware) {
  state_->require_not_started();
  state_->middlewares.push_back(std::move(middleware));
}

void Namespace::on_connect(std::function<void(Socket&)> handler) {
  state_->require_not_started();
  state_->on_connect.push_back(std::move(handler));
}

void Namespace::on_disconnecting(std::function<void(Socket&, std::string_view)> handler) {
  state_->require_not_started();
  state_->on_disconnecting.push_back(std::move(handler));
}

void Namespace::on_disconnect(std::function<void(Socket&, std::string_view)> handler) {
  state_->require_not_started();
  state_->on_disconnect.push_back(std::move(handler));
}

void Namespace::add_handler(std::string_view event, EventHandler handler) {
  refuse_reserved(event);
  state_->add_handler(event, std::move(handler));
}

Broadcast Namespace::everybody() {
  return Broadcast(*state_);
}
Broadcast Namespace::to(std::string_view room) {
  return everybody().to(room);
}
Broadcast Namespace::except(std::string_view room) {
  return everybody().except(room);
}
Broadcast Namespace::droppable() {
  return everybody().droppable();
}

Broadcast Broadcast::to(std::string_view room) const {
  Broadcast next = *this;
  next.rooms_.emplace_back(room);
  return next;
}

Broadcast Broadcast::to(const std::vector<std::string>& rooms) const {
  Broadcast next = *this;
  next.rooms_.insert(next.rooms_.end(), rooms.begin(), rooms.end());
  return next;
}

Broadcast Broadcast::except(std::string_view room) const {
  Broadcast next = *this;
  next.except_.emplace_back(room);
  return next;
}

Broadcast Broadcast::droppable() const {
  Broadcast next = *this;
  next.droppable_ = true;
  return next;
}

void Broadcast::send(std::string_view event, detail::ArgumentWriter& arguments) const {
  refuse_reserved(event);
  nsp_->publish(std::make_shared<const server::EventPublication>(
                    nsp_->name, std::move(arguments.text()), std::move(arguments.attachments())),
                {.topics = rooms_,
                 .except = except_,
                 .delivery = droppable_ ? hub::Delivery::droppable : hub::Delivery::reliable});
}

namespace server {

SharedBytes EventPublication::encode(hub::WireFormat format) const {
  std::string head = "4";
  socketio::append_packet(socketio::PacketType::event, nsp_, std::nullopt, {}, attachments_.size(),
                          head);
  std::string bytes;
  if (format == kWebSocketFormat) {
    websocket::append_frame(websocket::Opcode::text, head, json_, bytes);
    for (const std::string& attachment : attachments_) {
      websocket::append_frame(websocket::Opcode::binary, {}, attachment, bytes);
    }
  } else {
    bytes = head + json_;
    for (const std::string& attachment : attachments_) {
      engineio::append_binary_payload(attachment, bytes);
    }
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

NamespaceState::NamespaceState(State& given_state, const SocketIoOptions& given_options,
                               std::string given_name)
    : state(given_state),
      options(given_options),
      name(std::move(given_name)),
      where_("nsp=" + log_safe(name)),
      face_(*this) {
  for (std::size_t i = 0; i < state.workers.size(); ++i) {
    hubs_.push_back(std::make_unique<hub::Hub>());
  }
}

void NamespaceState::require_not_started() const {
  if (state.started)
    throw std::logic_error("naru: handlers are registered before the server starts");
}

hub::Hub& NamespaceState::hub_of(const Worker& worker) {
  return *hubs_[worker.index()];
}

void NamespaceState::add_handler(std::string_view event, Namespace::EventHandler handler) {
  require_not_started();
  handlers_.insert_or_assign(std::string(event), std::move(handler));
}

void NamespaceState::dispatch(SocketState& socket, const socketio::Packet& packet) {
  const auto found = handlers_.find(packet.event);
  if (found == handlers_.end()) return;
  const Arguments arguments{packet.args, packet.attachments};
  const Ack ack = packet.id ? socket.make_ack(*packet.id) : Ack();
  bool fits = true;
  const bool succeeded =
      run_user_code(state, where_, [&] { fits = found->second(socket.face(), arguments, ack); });
  if (!succeeded) return socket.session.close();
  if (!fits) {
    socket.session.violate("arguments of event '" + log_safe(packet.event, 40) +
                           "' do not fit its handler");
  }
}

void NamespaceState::publish(std::shared_ptr<const hub::Publication> publication,
                             const hub::Audience& audience) {
  Worker* here = Worker::current();
  for (std::size_t i = 0; i < state.workers.size(); ++i) {
    Worker* worker = state.workers[i].get();
    if (worker == here && &worker->state() == &state) {
      hubs_[i]->publish(*publication, audience);
    } else {
      worker->loop.post(
          [this, i, publication, audience] { hubs_[i]->publish(*publication, audience); });
    }
  }
}

}  // namespace server
}  // namespace naru
