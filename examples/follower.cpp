// Follows a feed, such as that of examples/ticker.cpp, through every interruption:
//   example_follower ws://localhost:3000/prices
#include <naru/websocket_client.hpp>

#include <chrono>
#include <iostream>

int main(int argc, char** argv) {
  using std::chrono::milliseconds;
  const char* url = argc > 1 ? argv[1] : "ws://localhost:3000/prices";

  naru::WebSocketClient client(
      url, {
               .on_open = [](naru::WebSocketClient&) { std::cout << "connected" << std::endl; },
               .on_message = [](naru::WebSocketClient&,
                                naru::Message price) { std::cout << price.text() << std::endl; },
               .on_close =
                   [](naru::WebSocketClient&, std::uint16_t code, std::string_view reason) {
                     std::cout << "closed: " << code << ' ' << reason << std::endl;
                   },
               .on_failure =
                   [](naru::WebSocketClient&, const naru::ConnectFailure& failure) {
                     std::cout << failure.text << std::endl;
                   },
               .on_reconnecting =
                   [](naru::WebSocketClient&, unsigned attempt, milliseconds delay) {
                     std::cout << "attempt " << attempt << " in " << delay.count() << " ms"
                               << std::endl;
                   },
               // Quick, for one follower. Many of them should keep the defaults, which spread.
               .reconnect = {.enabled = true,
                             .first_delay = milliseconds(100),
                             .min_delay = milliseconds(100),
                             .max_delay = milliseconds(2000)},
               .idle_timeout = std::chrono::seconds(20),
           });
  return client.run();  // until SIGINT or SIGTERM
}
