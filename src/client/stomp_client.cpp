#include "naru/stomp_client.hpp"

#include "client/failure.hpp"
#include "client/stomp_state.hpp"

#include <utility>

namespace naru {

using client::Driver;
using client::StompState;
using stomp::Command;

// ---- the client

StompClient::StompClient(std::string_view url, StompClientOptions options)
    : state_(std::make_shared<StompState>(*this, url, std::move(options))) {}

StompClient::~StompClient() {
  close();
  if (state_->gate()->in_loop()) state_->owner = nullptr;
  Driver::leave(*state_);
}

void StompClient::start() {
  Driver::start(state_);
}
void StompClient::wait() {
  state_->driver.wait();
}
int StompClient::run() {
  const std::shared_ptr<StompState> state = state_;  // a handler may destroy us
  Driver::run(state, [](auto& each) { return each.turn(Duration::max()); });
  return client::exit_status(state->failure);
}
bool StompClient::poll(std::chrono::milliseconds wait) {
  return Driver::poll(state_, wait);
}
int StompClient::fd() {
  return state_->driver.fd();
}

void StompClient::close() {
  state_->gate()->act([](StompState& state) { state.close(); });
}

void StompClient::when_connected(std::function<void(Result<void>)> done) {
  state_->gate()->ask(std::move(done),
                      [](auto& state, auto told) { state.when_open(std::move(told)); });
}

bool StompClient::connected() const {
  return state_->gate()->connection != 0;
}

std::string_view StompClient::version() const {
  return state_->version();
}

StompSubscription StompClient::subscribe(std::string_view destination,
                                         std::function<void(const StompMessage&)> handler,
                                         StompSubscribeOptions options) {
  constexpr stomp::AckMode kModes[]{stomp::AckMode::automatic, stomp::AckMode::client,
                                    stomp::AckMode::client_individual};
  auto key = std::make_shared<client::SubscriptionKey>();
  key->destination = destination;
  key->ack = kModes[static_cast<std::size_t>(options.ack)];
  key->headers = std::move(options.headers);
  key->handler = std::move(handler);
  key->on_subscribed = std::move(options.on_subscribed);
  state_->gate()->act([key](StompState& state) { state.subscribe(key); });
  return {state_->gate(), std::move(key)};
}

void StompSubscription::unsubscribe() const {
  gate_->act([key = key_](StompState& state) { state.unsubscribe(*key); });
}

// ---- what is sent

namespace {

SendOutcome send(client::StompGate& gate, std::uint64_t connection, std::string_view destination,
                 std::string_view body, StompSendOptions options, std::string transaction) {
  const std::size_t size = destination.size() + body.size();
  if (gate.in_loop()) {  // nothing outlives the call
    return gate.say(connection, size, std::move(options.on_receipt),
                    [&](const stomp::ClientSession& session, std::uint64_t receipt) {
                      return session.send(destination, body, options.headers, transaction, receipt);
                    });
  }
  return gate.say(connection, size, std::move(options.on_receipt),
                  [destination = std::string(destination), body = std::string(body),
                   headers = std::move(options.headers), transaction = std::move(transaction)](
                      const stomp::ClientSession& session, std::uint64_t receipt) {
                    return session.send(destination, body, headers, transaction, receipt);
                  });
}

SendOutcome settle(Command how, const std::shared_ptr<const client::DeliveryKey>& key,
                   OnReceipt on_receipt, std::string transaction = {}) {
  return key->gate->say(key->connection, 0, std::move(on_receipt),
                        [how, key, transaction = std::move(transaction)](
                            const stomp::ClientSession& session, std::uint64_t receipt) {
                          return session.settle(how, key->delivery, transaction, receipt);
                        });
}

SendOutcome say(Command what, const std::shared_ptr<const client::TransactionKey>& key,
                OnReceipt on_receipt) {
  return key->gate->say(key->connection, 0, std::move(on_receipt),
                        [what, key](const stomp::ClientSession& session, std::uint64_t receipt) {
                          return session.transaction(what, key->name, receipt);
                        });
}

}  // namespace

SendOutcome StompClient::send(std::string_view destination, std::string_view body,
                              StompSendOptions options) {
  return naru::send(*state_->gate(), 0, destination, body, std::move(options), {});
}

SendOutcome StompDelivery::ack(OnReceipt on_receipt) const {
  return settle(Command::ack, key_, std::move(on_receipt));
}
SendOutcome StompDelivery::nack(OnReceipt on_receipt) const {
  return settle(Command::nack, key_, std::move(on_receipt));
}

StompTransaction StompClient::begin() {
  const std::shared_ptr<client::StompGate>& gate = state_->gate();
  auto key = std::make_shared<client::TransactionKey>();
  key->gate = gate;
  key->connection = gate->connection;
  if (key->connection != 0) {
    key->name = "naru-" + std::to_string(++gate->transactions);
    say(Command::begin, key, {});
  }
  return StompTransaction(std::move(key));
}

SendOutcome StompTransaction::send(std::string_view destination, std::string_view body,
                                   StompSendOptions options) const {
  if (key_->connection == 0) return SendOutcome::closed;
  return naru::send(*key_->gate, key_->connection, destination, body, std::move(options),
                    key_->name);
}
SendOutcome StompTransaction::ack(const StompDelivery& delivery) const {
  if (key_->connection != delivery.key_->connection) return SendOutcome::closed;
  return settle(Command::ack, delivery.key_, {}, key_->name);
}
SendOutcome StompTransaction::nack(const StompDelivery& delivery) const {
  if (key_->connection != delivery.key_->connection) return SendOutcome::closed;
  return settle(Command::nack, delivery.key_, {}, key_->name);
}
SendOutcome StompTransaction::commit(OnReceipt on_receipt) const {
  if (key_->connection == 0) return SendOutcome::closed;
  return say(Command::commit, key_, std::move(on_receipt));
}
SendOutcome StompTransaction::abort(OnReceipt on_receipt) const {
  if (key_->connection == 0) return SendOutcome::closed;
  return say(Command::abort, key_, std::move(on_receipt));
}

// ---- what arrives

std::string_view StompMessage::body() const {
  return frame_.body;
}
std::string_view StompMessage::header(std::string_view name) const {
  return frame_.header(name);
}
std::vector<std::pair<std::string_view, std::string_view>> StompMessage::headers() const {
  std::vector<std::pair<std::string_view, std::string_view>> out;
  for (const stomp::Header& header : frame_.headers) out.emplace_back(header.name, header.value);
  return out;
}
StompDelivery StompMessage::delivery() const {
  return StompDelivery(std::make_shared<const client::DeliveryKey>(
      client::DeliveryKey{gate_,
                          connection_,
                          {.ack = std::string(header("ack")),
                           .message_id = std::string(header("message-id")),
                           .subscription = std::string(header("subscription"))}}));
}

}  // namespace naru
