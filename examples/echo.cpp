// A plain WebSocket echo, and a feed that every visitor of /feed receives.
#include <naru/server.hpp>

#include <string>

int main(int argc, char** argv) {
  naru::Server server;
  server.websocket("/echo", {
                                .on_message = [](naru::WebSocket& socket,
                                                 naru::Message message) { socket.send(message); },
                            });
  server.websocket(
      "/feed",
      {
          .on_open = [](naru::WebSocket& socket) { socket.subscribe("feed"); },
          .on_message = [feed = server.topic("feed")](
                            naru::WebSocket&, naru::Message message) { feed.publish(message); },
      });

  const int port = argc > 1 ? std::stoi(argv[1]) : 3000;
  return server.run({.port = static_cast<std::uint16_t>(port)});
}
