#include "naru/sockjs_client.hpp"

#include "client/failure.hpp"
#include "client/sockjs_state.hpp"

#include <utility>

namespace naru {

using client::Driver;
using client::SockJsState;

SockJsClient::SockJsClient(std::string_view url, SockJsClientOptions options)
    : state_(std::make_shared<SockJsState>(*this, url, std::move(options))) {}

SockJsClient::~SockJsClient() {
  close();
  if (state_->gate()->in_loop()) state_->owner = nullptr;
  Driver::leave(*state_);
}

SendOutcome SockJsClient::send(Message message) {
  if (state_->gate()->in_loop()) return state_->send(message.data);
  return state_->hand_over(message.data);
}

void SockJsClient::start() {
  Driver::start(state_);
}
void SockJsClient::wait() {
  state_->driver.wait();
}
int SockJsClient::run() {
  const std::shared_ptr<SockJsState> state = state_;  // a handler may destroy us
  Driver::run(state, [](auto& each) { return each.turn(Duration::max()); });
  return client::exit_status(state->failure);
}
bool SockJsClient::poll(std::chrono::milliseconds wait) {
  return Driver::poll(state_, wait);
}
int SockJsClient::fd() {
  return state_->driver.fd();
}

void SockJsClient::close() {
  state_->gate()->act([](SockJsState& state) { state.close(); });
}

void SockJsClient::when_connected(std::function<void(Result<void>)> done) {
  state_->gate()->ask(std::move(done),
                      [](auto& state, auto told) { state.when_open(std::move(told)); });
}

bool SockJsClient::is_open() const {
  return state_->gate()->connection != 0;
}

}  // namespace naru
