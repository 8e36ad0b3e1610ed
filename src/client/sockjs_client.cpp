#include "naru/sockjs_client.hpp"

#include "client/signals.hpp"
#include "client/sockjs_state.hpp"

#include <cstdio>
#include <utility>

namespace naru {

using client::SockJsState;

SockJsClient::SockJsClient(std::string_view url, SockJsClientOptions options)
    : state_(std::make_shared<SockJsState>(*this, url, std::move(options))) {}

SockJsClient::~SockJsClient() {
  close();
  const bool in_handler = state_->gate()->in_loop();
  if (in_handler) state_->owner = nullptr;
  // In one of its own handlers: the thread comes to its end by itself, and keeps what it needs.
  in_handler ? state_->thread.let_go() : state_->thread.join();
}

SendOutcome SockJsClient::send(Message message) {
  if (state_->gate()->in_loop()) return state_->send(message.data);
  return state_->gate()->hand_over(message.data);
}

void SockJsClient::start() {
  const std::shared_ptr<SockJsState> kept = state_;  // a handler may destroy us
  kept->thread.start([state = kept] {
    while (state->turn(Duration::max())) {
    }
  });
}

void SockJsClient::wait() {
  state_->thread.join();
  if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
}

int SockJsClient::run() {
  const std::shared_ptr<SockJsState> state = state_;  // a handler may destroy us
  {
    const client::Signals signals(state->loop, [&state] { state->close(); });
    while (state->turn(Duration::max())) {
    }
  }
  if (state->thrown) std::rethrow_exception(std::exchange(state->thrown, nullptr));
  if (!state->failure) return 0;
  std::fprintf(stderr, "naru: %s\n", state->failure->text.c_str());
  return 1;
}

bool SockJsClient::poll(std::chrono::milliseconds wait) {
  const std::shared_ptr<SockJsState> state = state_;
  const bool more = state->turn(wait);
  if (state->thrown) std::rethrow_exception(std::exchange(state->thrown, nullptr));
  return more;
}

void SockJsClient::close() {
  state_->gate()->act([](SockJsState& state) { state.close(); });
}

bool SockJsClient::is_open() const {
  return state_->gate()->session != 0;
}

}  // namespace naru
