#include "naru/websocket_client.hpp"

#include "client/signals.hpp"
#include "client/state.hpp"
#include "websocket/close_code.hpp"

#include <cstdio>
#include <utility>

namespace naru {

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
    : state_(std::make_unique<client::State>(*this, url, std::move(options))) {}

WebSocketClient::~WebSocketClient() {
  close(websocket::close_code::going_away);
  if (state_->thread.joinable()) state_->thread.join();
}

void WebSocketClient::start() {
  state_->thread = std::thread([this] { state_->run(); });
}

void WebSocketClient::wait() {
  if (state_->thread.joinable()) state_->thread.join();
  if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
}

int WebSocketClient::run() {
  {
    const client::Signals signals(state_->loop,
                                  [this] { close(websocket::close_code::going_away); });
    state_->run();
  }
  if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
  if (!state_->failure) return 0;
  std::fprintf(stderr, "naru: %s\n", state_->failure->text.c_str());
  return 1;
}

SendOutcome WebSocketClient::send(Message message, const SendOptions& options) {
  if (state_->in_loop_thread()) return state_->send(message, options);
  return state_->hand_over(message, options);
}

SendOutcome WebSocketClient::send_part(Message piece, Part part) {
  if (state_->in_loop_thread()) return state_->send_part(piece, part);
  return state_->hand_over_part(piece, part);
}

void WebSocketClient::ping(std::string_view payload) {
  if (state_->in_loop_thread()) return state_->ping(payload);
  state_->loop.post(
      [state = state_.get(), payload = std::string(payload)] { state->ping(payload); });
}

void WebSocketClient::close(std::uint16_t code, std::string_view reason) {
  if (state_->in_loop_thread()) return state_->close(code, reason);
  state_->loop.post(
      [state = state_.get(), code, reason = std::string(reason)] { state->close(code, reason); });
}

bool WebSocketClient::is_open() const {
  return state_->is_open();
}
std::size_t WebSocketClient::buffered_amount() const {
  return state_->in_loop_thread() ? state_->buffered() : state_->waiting();
}
std::string_view WebSocketClient::subprotocol() const {
  return state_->subprotocol;
}
const Headers& WebSocketClient::headers() const {
  return state_->headers;
}

}  // namespace naru
