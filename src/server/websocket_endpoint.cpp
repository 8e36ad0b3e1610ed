#include "server/websocket_endpoint.hpp"

#include "server/request_info.hpp"
#include "server/state.hpp"
#include "websocket/handshake.hpp"

#include <memory>
#include <utility>

namespace naru {

using server::PlainWebSocket;

SendOutcome WebSocket::send(Message message) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  if (self.transport_ == nullptr) return SendOutcome::closed;
  const auto opcode = message.binary ? websocket::Opcode::binary : websocket::Opcode::text;
  return self.worker_.count(self.transport_->send(opcode, {}, message.data));
}

void WebSocket::close(std::uint16_t code, std::string_view reason) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  if (self.transport_ != nullptr) self.transport_->close(code, reason);
}

void WebSocket::subscribe(std::string_view topic) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  self.worker_.topics.join(self, topic);
}

void WebSocket::unsubscribe(std::string_view topic) {
  auto& self = static_cast<PlainWebSocket&>(*this);
  self.worker_.topics.leave(self, topic);
}

std::size_t WebSocket::buffered_amount() const {
  const auto& self = static_cast<const PlainWebSocket&>(*this);
  return self.transport_ == nullptr ? 0 : self.transport_->buffered();
}

std::string_view WebSocket::subprotocol() const {
  return static_cast<const PlainWebSocket&>(*this).subprotocol_;
}
const RequestInfo& WebSocket::request() const {
  return static_cast<const PlainWebSocket&>(*this).request_;
}
std::any& WebSocket::data() {
  return static_cast<PlainWebSocket&>(*this).data_;
}

struct WebSocketRef::Target {
  std::weak_ptr<server::State> state;
  unsigned worker = 0;
  std::uint64_t number = 0;
};

WebSocketRef WebSocket::ref() {
  auto& self = static_cast<PlainWebSocket&>(*this);
  if (self.number_ == 0) self.number_ = self.worker_.number_of(self);
  WebSocketRef ref;
  ref.target_ = std::make_shared<const WebSocketRef::Target>(WebSocketRef::Target{
      self.worker_.state().weak_from_this(), self.worker_.index(), self.number_});
  return ref;
}

void WebSocketRef::with(std::function<void(WebSocket&)> task) const {
  if (!target_) return;
  const std::shared_ptr<server::State> state = target_->state.lock();
  if (!state) return;
  server::Worker& worker = *state->workers[target_->worker];
  worker.loop.post([&worker, number = target_->number, task = std::move(task)] {
    if (PlainWebSocket* socket = worker.find_websocket(number)) {
      if (!server::run_user_code(worker.state(), "protocol=websocket", [&] { task(*socket); })) {
        socket->close(websocket::close_code::internal_error, "internal error");
      }
    }
  });
}

void WebSocketRef::send(Message message) const {
  with([data = std::string(message.data), is_binary = message.binary](WebSocket& socket) {
    socket.send({data, is_binary});
  });
}

void WebSocketRef::close(std::uint16_t code, std::string_view reason) const {
  with([code, reason = std::string(reason)](WebSocket& socket) { socket.close(code, reason); });
}

namespace server {

PlainWebSocket::PlainWebSocket(Worker& worker, const WebSocketOptions& options, RequestInfo request,
                               std::string subprotocol)
    : worker_(worker),
      options_(options),
      request_(std::move(request)),
      subprotocol_(std::move(subprotocol)) {
  worker_.topics.add(*this);
}

PlainWebSocket::~PlainWebSocket() {
  if (number_ != 0) worker_.forget_websocket(number_);
}

void PlainWebSocket::deliver(const SharedBytes& bytes, hub::Delivery delivery) {
  if (transport_ == nullptr) return;
  worker_.count(transport_->send_encoded(bytes, delivery == hub::Delivery::droppable));
}

template <class Call>
void PlainWebSocket::guarded(Call call) {
  if (!run_user_code(worker_.state(), "protocol=websocket", call)) {
    close(websocket::close_code::internal_error, "internal error");
  }
}

void PlainWebSocket::on_websocket_open(transport::WebSocketTransport& transport) {
  transport_ = &transport;
  if (options_.on_open) guarded([&] { options_.on_open(*this); });
}

void PlainWebSocket::on_websocket_message(transport::WebSocketTransport&, bool binary,
                                          std::span<char> payload) {
  worker_.counters.messages_in.add();
  if (!options_.on_message) return;
  guarded([&] { options_.on_message(*this, {{payload.data(), payload.size()}, binary}); });
}

void PlainWebSocket::on_websocket_drain(transport::WebSocketTransport&) {
  if (options_.on_drain) guarded([&] { options_.on_drain(*this); });
}

void PlainWebSocket::on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                                         std::string_view reason) {
  worker_.topics.remove(*this);
  if (options_.on_close) guarded([&] { options_.on_close(*this, code, reason); });
  transport_ = nullptr;
}

void PlainWebSocket::on_websocket_violation(transport::WebSocketTransport&, const Error& error) {
  worker_.log_violation("websocket", request_.address, error.text);
}

MessagePublication::MessagePublication(Message message) {
  std::string frame;
  websocket::append_frame(message.binary ? websocket::Opcode::binary : websocket::Opcode::text, {},
                          message.data, frame);
  frame_ = std::make_shared<const std::string>(std::move(frame));
}

SharedBytes MessagePublication::encode(hub::WireFormat) const {
  return frame_;
}

void WebSocketEndpoint::on_head(Worker&, transport::HttpConnection& connection) {
  connection.limit_body(kSmallBody);
}

void WebSocketEndpoint::on_request(Worker& worker, transport::HttpConnection& connection) {
  const http::Request& request = connection.request();
  websocket::Handshake handshake = websocket::accept_handshake(request, options_.subprotocols);
  const auto refuse = [&](http::Response response) {
    connection.respond(std::move(response), transport::HttpConnection::After::close);
  };
  if (!handshake.accepted) return refuse(std::move(handshake.response));
  if (!origin_allowed(options_.origins, request, connection.stream().tls())) {
    worker.log_violation("websocket", connection.stream().peer_address(), "origin not allowed");
    return refuse(http::plain(403));
  }
  RequestInfo info = request_info(request, connection.stream());
  if (options_.on_upgrade) {
    int status = 0;
    const bool succeeded = run_user_code(worker.state(), "protocol=websocket",
                                         [&] { status = options_.on_upgrade(info); });
    if (!succeeded) status = 500;
    if (status != 0) return refuse(http::plain(status));
  }
  connection.upgrade(std::make_unique<transport::WebSocketTransport>(
      std::make_unique<PlainWebSocket>(worker, options_, std::move(info),
                                       std::move(handshake.subprotocol)),
      websocket::Limits{.message_bytes = options_.message_bytes, .fragments = options_.fragments},
      transport::WebSocketTimes{.idle_timeout = options_.idle_timeout,
                                .close_timeout = options_.close_timeout},
      transport::OutboxLimits{.high_watermark = options_.high_watermark, .limit = options_.limit},
      std::move(handshake.response)));
}

}  // namespace server
}  // namespace naru
