#include "server/plain_websocket.hpp"

#include "server/message_publication.hpp"
#include "server/presence_table.hpp"
#include "server/state.hpp"
#include "server/topic_table.hpp"
#include "websocket/close_code.hpp"

#include <string>
#include <utility>

namespace naru {

using server::PlainWebSocket;

SendOutcome WebSocket::send(Message message, const SendOptions& options) {
  return static_cast<PlainWebSocket&>(*this).send_message(message, options);
}

SendOutcome WebSocket::send_part(Message piece, Part part) {
  return static_cast<PlainWebSocket&>(*this).send_piece(piece, part);
}

void WebSocket::ping(std::string_view payload) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  self.catch_up();
  if (self.transport_ != nullptr) self.transport_->ping(payload);
}

void WebSocket::close(std::uint16_t code, std::string_view reason) {
  static_cast<PlainWebSocket&>(*this).close_in_order(code, reason);
}

void WebSocket::subscribe(std::string_view topic) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  if (self.transport_ == nullptr) return;
  hub::Hub& topics = self.route_.worker.topics;
  if (!topics.has(self)) topics.add(self);
  if (!server::presence_of(topic).empty()) return self.watch(std::string(topic));
  if (topic.ends_with('*')) {
    topics.join_prefix(self, topic.substr(0, topic.size() - 1));
  } else {
    topics.join(self, topic);
  }
}

void WebSocket::subscribe(std::string_view topic, Member member) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  if (self.transport_ == nullptr) return;
  Attendance attendance =
      self.route_.worker.state().topic(std::string(topic)).enter(std::move(member));
  self.extras().attendances.insert_or_assign(std::string(topic), std::move(attendance));
  subscribe(topic);
}

void WebSocket::unsubscribe(std::string_view topic) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  if (self.extras_ != nullptr) {
    auto& attendances = self.extras_->attendances;
    if (const auto found = attendances.find(topic); found != attendances.end()) {
      attendances.erase(found);
    }
  }
  hub::Hub& topics = self.route_.worker.topics;
  if (topic.ends_with('*')) {
    topics.leave_prefix(self, topic.substr(0, topic.size() - 1));
  } else {
    topics.leave(self, topic);
  }
}

void WebSocket::publish(std::string_view topic, Message message, const PublishOptions& options) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  server::check_publication(message, options);
  server::publish(self.route_.worker.state(), topic, message, options, &self);
}

std::size_t WebSocket::buffered_amount() const {
  const auto& self = static_cast<const PlainWebSocket&>(*this);
  if (self.transport_ == nullptr) return 0;
  self.catch_up();
  const std::size_t held = self.has_backlog() ? self.extras_->backlog->bytes() : 0;
  return self.transport_->buffered() + held;
}

std::string_view WebSocket::subprotocol() const {
  const auto& self = static_cast<const PlainWebSocket&>(*this);
  if (self.subprotocol_ == PlainWebSocket::kNoSubprotocol) return {};
  return self.options().subprotocols[self.subprotocol_];
}

const RequestInfo& WebSocket::request() const {
  static const RequestInfo kForgotten;
  const auto& self = static_cast<const PlainWebSocket&>(*this);
  const bool known = self.extras_ != nullptr && self.extras_->request != nullptr;
  return known ? *self.extras_->request : kForgotten;
}

std::any& WebSocket::data() {
  return static_cast<PlainWebSocket&>(*this).extras().data;
}

WebSocketRef WebSocket::ref() {
  auto& self = static_cast<PlainWebSocket&>(*this);
  server::Worker& worker = self.route_.worker;
  WebSocketRef ref;
  ref.state_ = worker.state().weak_from_this();
  ref.worker_ = worker.index();
  ref.number_ = self.number();
  return ref;
}

void WebSocketRef::with(std::function<void(WebSocket&)> task) const {
  const std::shared_ptr<server::State> state = state_.lock();
  if (!state) return;
  server::Worker& worker = *state->workers[worker_];
  worker.loop.post([&worker, number = number_, task = std::move(task)] {
    if (PlainWebSocket* socket = worker.find_websocket(number)) {
      if (!server::run_user_code(worker.state(), "protocol=websocket", [&] { task(*socket); })) {
        socket->close(websocket::close_code::internal_error, "internal error");
      }
    }
  });
}

void WebSocketRef::send(Message message, const SendOptions& options) const {
  with([data = std::string(message.data), is_binary = message.binary, compress = options.compress,
        droppable = options.droppable, key = std::string(options.key)](WebSocket& socket) {
    socket.send({data, is_binary}, {.compress = compress, .droppable = droppable, .key = key});
  });
}

void WebSocketRef::close(std::uint16_t code, std::string_view reason) const {
  with([code, reason = std::string(reason)](WebSocket& socket) { socket.close(code, reason); });
}

namespace server {

PlainWebSocket::PlainWebSocket(const WebSocketRoute& route, std::unique_ptr<RequestInfo> request,
                               std::any data, std::uint16_t subprotocol)
    : route_(route), subprotocol_(subprotocol) {
  if (request == nullptr && !data.has_value()) return;
  extras().request = std::move(request);
  extras().data = std::move(data);
}

PlainWebSocket::~PlainWebSocket() {
  if (extras_ != nullptr && extras_->number != 0) {
    route_.worker.forget_websocket(extras_->number);
  }
}

PlainWebSocket::Extras& PlainWebSocket::extras() {
  if (extras_ == nullptr) extras_ = std::make_unique<Extras>();
  return *extras_;
}

std::uint64_t PlainWebSocket::number() {
  if (extras().number == 0) extras().number = route_.worker.number_of(*this);
  return extras().number;
}

// Subscribes to a presence: told first how things stand, then what changes.
void PlainWebSocket::watch(std::string topic) {
  Worker& worker = route_.worker;
  const auto told = [&worker, number = number(), topic](const hub::History::Replay& replay) {
    PlainWebSocket* self = worker.find_websocket(number);
    if (self == nullptr || self->transport_ == nullptr) return;
    for (const auto& each : replay.missed) {
      self->send(static_cast<const MessagePublication&>(*each).message());
    }
    worker.topics.join(*self, topic);
  };
  worker.state().topic_table->ask(worker, {.topic = topic}, told);
}

template <class Call>
void PlainWebSocket::guarded(Call call) {
  if (!run_user_code(route_.worker.state(), "protocol=websocket", call)) {
    close(websocket::close_code::internal_error, "internal error");
  }
}

void PlainWebSocket::on_websocket_open(transport::WebSocketTransport& transport) {
  transport_ = &transport;
  if (options().on_open) guarded([&] { options().on_open(*this); });
  if (options().keep_request || extras_ == nullptr) return;
  extras_->request.reset();
  const bool needed = extras_->data.has_value() || extras_->number != 0 ||
                      extras_->backlog != nullptr || !extras_->dropped.empty() ||
                      !extras_->attendances.empty();
  if (!needed) extras_.reset();
}

void PlainWebSocket::on_websocket_message(transport::WebSocketTransport&, bool binary,
                                          std::span<char> payload) {
  route_.worker.counters.messages_in.add();
  if (!options().on_message) return;
  guarded([&] { options().on_message(*this, {{payload.data(), payload.size()}, binary}); });
}

void PlainWebSocket::on_websocket_part(transport::WebSocketTransport&,
                                       const websocket::Event& event) {
  if (event.last) route_.worker.counters.messages_in.add();
  if (!options().on_part) return;
  const MessagePart part{.data = {event.payload.data(), event.payload.size()},
                         .binary = event.binary,
                         .first = event.first,
                         .last = event.last};
  guarded([&] { options().on_part(*this, part); });
}

void PlainWebSocket::on_websocket_pong(transport::WebSocketTransport&, std::string_view payload) {
  if (options().on_pong) guarded([&] { options().on_pong(*this, payload); });
}

void PlainWebSocket::on_websocket_drain(transport::WebSocketTransport&) {
  if (!in_parts_) {
    release(Release::what_fits);
    if (has_backlog()) return;  // more is to leave
  }
  if (options().on_drain) guarded([&] { options().on_drain(*this); });
}

void PlainWebSocket::on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                                         std::string_view reason) {
  route_.worker.topics.remove(*this);
  transport_ = nullptr;
  if (extras_ != nullptr) {
    extras_->backlog.reset();
    extras_->attendances.clear();
  }
  if (options().on_close) guarded([&] { options().on_close(*this, code, reason); });
}

void PlainWebSocket::on_websocket_violation(transport::WebSocketTransport& transport,
                                            const Error& error) {
  route_.worker.log_violation("websocket", transport.stream().peer_address(), error.text);
}

}  // namespace server
}  // namespace naru
