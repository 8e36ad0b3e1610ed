#include "naru/websocket_client.hpp"

#include "client/failure.hpp"
#include "client/state.hpp"
#include "websocket/close_code.hpp"

#include <utility>

namespace naru {

using client::Driver;

std::string_view to_string(ConnectPhase phase) {
  switch (phase) {
    case ConnectPhase::options:
      return "options";
    case ConnectPhase::resolve:
      return "resolve";
    case ConnectPhase::connect:
      return "connect";
    case ConnectPhase::proxy:
      return "proxy";
    case ConnectPhase::tls:
      return "tls";
    case ConnectPhase::handshake:
      return "handshake";
    case ConnectPhase::redirect:
      break;
  }
  return "redirect";
}

WebSocketClient::WebSocketClient(std::string_view url, WebSocketClientOptions options)
    : state_(std::make_shared<client::State>(*this, url, std::move(options))) {}

WebSocketClient::~WebSocketClient() {
  close(websocket::close_code::going_away);
  if (state_->gate()->in_loop()) state_->owner = nullptr;
  Driver::leave(*state_);
}

void WebSocketClient::start() {
  Driver::start(state_);
}
void WebSocketClient::wait() {
  state_->driver.wait();
}
int WebSocketClient::run() {
  const std::shared_ptr<client::State> state = state_;  // a handler may destroy us
  Driver::run(state, [](auto& each) { return each.turn(Duration::max()); });
  return client::exit_status(state->failure);
}
bool WebSocketClient::poll(std::chrono::milliseconds wait) {
  return Driver::poll(state_, wait);
}
int WebSocketClient::fd() {
  return state_->driver.fd();
}

void WebSocketClient::when_connected(std::function<void(Result<void>)> done) {
  state_->gate()->ask(std::move(done),
                      [](auto& state, auto told) { state.when_open(std::move(told)); });
}

SendOutcome WebSocketClient::send(Message message, const SendOptions& options) {
  if (state_->gate()->in_loop()) return state_->send(message, options);
  return state_->hand_over(message, options);
}

SendOutcome WebSocketClient::send_part(Message piece, Part part) {
  if (state_->gate()->in_loop()) return state_->send_part(piece, part);
  return state_->hand_over_part(piece, part);
}

void WebSocketClient::ping(std::string_view payload) {
  state_->gate()->act(
      [payload = std::string(payload)](client::State& state) { state.ping(payload); });
}

void WebSocketClient::close(std::uint16_t code, std::string_view reason) {
  state_->gate()->act(
      [code, reason = std::string(reason)](client::State& state) { state.close(code, reason); });
}

bool WebSocketClient::is_open() const {
  return state_->is_open();
}
std::size_t WebSocketClient::buffered_amount() const {
  return state_->gate()->in_loop() ? state_->buffered() : state_->waiting();
}
std::string_view WebSocketClient::subprotocol() const {
  return state_->subprotocol;
}
const Headers& WebSocketClient::headers() const {
  return state_->headers;
}

}  // namespace naru
