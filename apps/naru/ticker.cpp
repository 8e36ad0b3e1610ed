#include "ticker.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace naru::app {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string decimal(std::int64_t cents) {
  const std::string tail = std::to_string(cents % 100);
  return std::to_string(cents / 100) + (tail.size() == 1 ? ".0" : ".") + tail;
}

}  // namespace

// xorshift64 (Marsaglia 2003): nothing here has to be hard to guess.
std::uint64_t Market::next_random() {
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  return random_;
}

// Up to 0.6 % up or down, never to nothing.
void Market::step() {
  ++number_;
  for (std::int64_t& cents : cents_) {
    const auto tenths = static_cast<std::int64_t>(next_random() % 13) - 6;
    cents = std::clamp<std::int64_t>(cents + cents * tenths / 1000, 100, 1'000'000);
  }
}

std::string Market::json(std::int64_t at) const {
  std::string out = R"({"n":)" + std::to_string(number_) + R"(,"at":)" + std::to_string(at);
  out += R"(,"prices":{)";
  for (std::size_t i = 0; i < kSymbols.size(); ++i) {
    if (i > 0) out += ',';
    out += '"';
    out += kSymbols[i];
    out += R"(":)" + decimal(cents_[i]);
  }
  return out + "}}";
}

Ticker::Ticker(Server& server, Namespace& nsp) : server_(server), nsp_(nsp) {
  const std::string topic(kTopic);
  WebSocketOptions plain;
  plain.slow_consumer = SlowConsumer::keep_latest;
  plain.on_open = [topic](WebSocket& ws) { ws.subscribe(topic); };
  server.websocket("/ticker/ws", plain);
  SockJsOptions sockjs;
  sockjs.on_open = [topic](SockJs& session) { session.subscribe(topic); };
  server.sockjs("/ticker/sockjs", sockjs);
  StompOptions stomp;
  stomp.permit = [topic](std::string_view, stomp::Access access, std::string_view destination) {
    return access == stomp::Access::subscribe && destination == "/topic/" + topic;
  };
  server.stomp("/ticker/stomp", stomp).sockjs("/ticker/stomp/sockjs", {});
  // Tells the page how its clock differs from ours: latencies are measured by both.
  nsp.on("clock", [](Socket&, const Ack& ack) { ack(now_ms()); });
}

void Ticker::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, stop, kEvery, [&] { return stop.stop_requested(); })) publish();
  });
}

// Who is slow misses some: the next list has all prices again.
void Ticker::publish() {
  market_.step();
  const std::string list = market_.json(now_ms());
  server_.topic(std::string(kTopic)).publish(json_message(list), {.droppable = true});
  nsp_.droppable().emit("prices", JsonView{list});
}

}  // namespace naru::app
