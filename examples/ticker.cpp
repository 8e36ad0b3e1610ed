// Prices by WebSocket: /prices/EUR sends one of them ten times a second, /prices all. A browser
// that cannot keep up gets the newest of each, and no backlog of old ones.
#include <naru/server.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>

namespace {

// Moves the prices and publishes each to its topic, until it is told to stop.
void tick(const naru::Server& server, const std::stop_token& stop) {
  std::map<std::string, double> prices{{"EUR", 1.08}, {"GBP", 1.27}, {"JPY", 0.0064}};
  std::mt19937 random(std::random_device{}());
  std::normal_distribution<double> change(0, 0.0005);
  while (!stop.stop_requested()) {
    for (auto& [name, price] : prices) {
      price *= 1 + change(random);
      const std::string message = name + " " + std::to_string(price);
      server.topic("prices/" + name).publish(naru::text(message));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

naru::WebSocketOptions route(std::function<void(naru::WebSocket&)> on_open) {
  naru::WebSocketOptions options;
  options.on_open = std::move(on_open);
  options.slow_consumer = naru::SlowConsumer::keep_latest;  // by topic
  options.limit = 64 * 1024;
  options.high_watermark = 16 * 1024;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  naru::Server server;
  server.websocket("/prices", route([](naru::WebSocket& socket) { socket.subscribe("prices/*"); }));
  server.websocket("/prices/:name", route([](naru::WebSocket& socket) {
                     socket.subscribe("prices/" + std::string(socket.request().parameter("name")));
                   }));

  const std::jthread ticker([&server](const std::stop_token& stop) { tick(server, stop); });
  const int port = argc > 1 ? std::stoi(argv[1]) : 3000;
  return server.run({.port = static_cast<std::uint16_t>(port)});
}
