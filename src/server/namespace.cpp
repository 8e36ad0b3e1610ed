// naru::Namespace and naru::Broadcast: what users call, from any thread.
#include "server/answer_collector.hpp"
#include "server/namespace_state.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_server.hpp"
#include "server/state.hpp"

#include <map>
#include <stdexcept>
#include <utility>

namespace naru {
namespace {

using server::NamespaceState;

hub::Audience audience_of(const std::vector<std::string>& rooms,
                          const std::vector<std::string>& except, bool droppable) {
  return {.topics = rooms,
          .except = except,
          .delivery = droppable ? hub::Delivery::droppable : hub::Delivery::reliable};
}

// Node's reserved names of serverSideEmit.
void refuse_reserved_between_servers(std::string_view event) {
  if (event != "connect" && event != "connection" && event != "new_namespace") return;
  throw std::invalid_argument("naru: '" + std::string(event) + "' is a reserved event name");
}

void require_sockets(const NamespaceState& nsp) {
  if (nsp.kind != NamespaceState::Kind::pattern) return;
  throw std::logic_error("naru: a pattern of namespaces has no sockets of its own");
}

}  // namespace

const std::string& Namespace::name() const {
  return state_->name();
}

void Namespace::use(Middleware middleware) {
  state_->change_handlers().middlewares.push_back({.now = std::move(middleware), .later = {}});
}
void Namespace::use_async(AsyncMiddleware middleware) {
  state_->change_handlers().middlewares.push_back({.now = {}, .later = std::move(middleware)});
}
void Namespace::use_packets(PacketMiddleware middleware) {
  state_->change_handlers().packet_middlewares.push_back(std::move(middleware));
}
void Namespace::on_connect(std::function<void(Socket&)> handler) {
  state_->change_handlers().on_connect.push_back(std::move(handler));
}
void Namespace::on_disconnecting(std::function<void(Socket&, std::string_view)> handler) {
  state_->change_handlers().on_disconnecting.push_back(std::move(handler));
}
void Namespace::on_disconnect(std::function<void(Socket&, std::string_view)> handler) {
  state_->change_handlers().on_disconnect.push_back(std::move(handler));
}
void Namespace::on_join_room(std::function<void(Socket&, std::string_view)> handler) {
  state_->change_handlers().on_join_room.push_back(std::move(handler));
}
void Namespace::on_leave_room(std::function<void(Socket&, std::string_view)> handler) {
  state_->change_handlers().on_leave_room.push_back(std::move(handler));
}
void Namespace::on_upgrade(std::function<void(Socket&)> handler) {
  state_->change_handlers().on_upgrade.push_back(std::move(handler));
}
void Namespace::on_any(AnyListener listener) {
  state_->change_handlers().on_any.push_back(std::move(listener));
}
void Namespace::on_any_outgoing(AnyListener listener) {
  state_->change_handlers().on_any_outgoing.push_back(std::move(listener));
}

void Namespace::add_handler(std::string_view event, detail::EventHandler handler) {
  server::refuse_reserved(event);
  state_->change_handlers().events.insert_or_assign(std::string(event), std::move(handler));
}

void Namespace::on_server_event(std::string_view event, ServerListener listener) {
  refuse_reserved_between_servers(event);
  state_->change_handlers().server_events.insert_or_assign(std::string(event), std::move(listener));
}

Broadcast Namespace::everybody() {
  return Broadcast(state_->shared_from_this());
}

std::size_t Namespace::socket_count() const {
  if (state_->kind != NamespaceState::Kind::pattern) return state_->members.load();
  std::size_t count = 0;
  for (const auto& nsp : state_->server.made_by(*state_)) count += nsp->members.load();
  return count;
}

void Namespace::fetch_rooms(std::function<void(std::vector<Room>)> on_rooms) {
  require_sockets(*state_);
  state_->gather<Room>(
      [nsp = state_](unsigned loop, std::vector<Room>& rooms) {
        for (auto& [name, sockets] : nsp->hub_of(loop).topics()) rooms.push_back({name, sockets});
      },
      [on_rooms = std::move(on_rooms)](const std::vector<Room>& parts) {
        std::map<std::string, std::size_t> sums;
        for (const Room& part : parts) sums[part.name] += part.sockets;
        std::vector<Room> rooms;
        for (const auto& [name, sockets] : sums) rooms.push_back({name, sockets});
        on_rooms(std::move(rooms));
      });
}

void Namespace::send_to_servers(std::string_view event, detail::ArgumentWriter& arguments,
                                std::shared_ptr<detail::AnswerSink> answers) {
  refuse_reserved_between_servers(event);
  require_sockets(*state_);
  std::shared_ptr<server::AnswerCollector> collector;
  if (answers) {
    collector =
        std::make_shared<server::AnswerCollector>(state_->shared_from_this(), std::move(answers));
  }
  state_->adapter().server_side_emit(
      {std::move(arguments.text()), std::move(arguments.attachments())},
      {.timeout = state_->options.ack_timeout}, collector);
  if (collector) collector->close();
}

// ---- Broadcast

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
Broadcast Broadcast::except(const std::vector<std::string>& rooms) const {
  Broadcast next = *this;
  next.except_.insert(next.except_.end(), rooms.begin(), rooms.end());
  return next;
}
Broadcast Broadcast::droppable() const {
  Broadcast next = *this;
  next.droppable_ = true;
  return next;
}
Broadcast Broadcast::local() const {
  Broadcast next = *this;
  next.local_ = true;
  return next;
}
Broadcast Broadcast::compress(bool allowed) const {
  Broadcast next = *this;
  next.compress_ = allowed;
  return next;
}
Broadcast Broadcast::timeout(std::chrono::milliseconds deadline) const {
  Broadcast next = *this;
  next.timeout_ = deadline;
  return next;
}

void Broadcast::send(std::string_view event, detail::ArgumentWriter& arguments,
                     std::shared_ptr<detail::AnswerSink> answers) const {
  server::refuse_reserved(event);
  const hub::Flags flags{.local = local_,
                         .compress = compress_,
                         .droppable = droppable_,
                         .timeout = timeout_.value_or(nsp_->options.ack_timeout)};
  const hub::Audience audience = audience_of(rooms_, except_, droppable_);
  if (nsp_->kind == NamespaceState::Kind::pattern) {
    if (answers) require_sockets(*nsp_);
    for (const auto& nsp : nsp_->server.made_by(*nsp_)) {
      hub::Event copy{arguments.text(), arguments.attachments()};
      if (!local_) nsp->adapter().broadcast(copy, audience, flags, nullptr);
      nsp->broadcast_here(std::move(copy), audience, flags, nullptr);
    }
    return;
  }
  std::shared_ptr<server::AnswerCollector> collector;
  if (answers) collector = std::make_shared<server::AnswerCollector>(nsp_, std::move(answers));
  hub::Event whole{std::move(arguments.text()), std::move(arguments.attachments())};
  if (!local_) nsp_->adapter().broadcast(whole, audience, flags, collector);
  nsp_->broadcast_here(std::move(whole), audience, flags, collector);
  if (collector) collector->close();
}

namespace {

// The namespaces that a control operation is for.
template <class Task>
void each_namespace(const std::shared_ptr<NamespaceState>& nsp, Task task) {
  if (nsp->kind != NamespaceState::Kind::pattern) return task(*nsp);
  for (const auto& made : nsp->server.made_by(*nsp)) task(*made);
}

}  // namespace

void Broadcast::sockets_join(const std::vector<std::string>& rooms) const {
  const hub::Audience audience = audience_of(rooms_, except_, false);
  each_namespace(nsp_, [&](NamespaceState& nsp) {
    if (!local_) nsp.adapter().sockets_join(audience, rooms);
    nsp.join_here(audience, rooms);
  });
}

void Broadcast::sockets_leave(const std::vector<std::string>& rooms) const {
  const hub::Audience audience = audience_of(rooms_, except_, false);
  each_namespace(nsp_, [&](NamespaceState& nsp) {
    if (!local_) nsp.adapter().sockets_leave(audience, rooms);
    nsp.leave_here(audience, rooms);
  });
}

void Broadcast::disconnect_sockets(Disconnect what) const {
  const hub::Audience audience = audience_of(rooms_, except_, false);
  const bool connection = what == Disconnect::connection;
  each_namespace(nsp_, [&](NamespaceState& nsp) {
    if (!local_) nsp.adapter().disconnect_sockets(audience, connection);
    nsp.disconnect_here(audience, connection);
  });
}

void Broadcast::fetch_sockets(std::function<void(std::vector<RemoteSocket>)> on_sockets) const {
  require_sockets(*nsp_);
  nsp_->fetch_sockets(audience_of(rooms_, except_, false),
                      {.local = local_, .timeout = timeout_.value_or(nsp_->options.ack_timeout)},
                      std::move(on_sockets));
}

}  // namespace naru
