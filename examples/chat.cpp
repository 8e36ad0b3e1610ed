// A chat room over Socket.IO: any socket.io-client 3 or 4 can connect to it.
#include <naru/server.hpp>

#include <string>

int main(int argc, char** argv) {
  naru::Server server;
  naru::Namespace& chat = server.socketio("/socket.io/").of("/chat");

  chat.on_connect([](naru::Socket& socket) {
    socket.join("lobby");
    socket.to("lobby").emit("joined", socket.id());
  });
  chat.on("say", [](naru::Socket& socket, const std::string& text) {
    socket.to("lobby").emit("said", socket.id(), text);
  });
  // What a handler returns is the acknowledgement.
  chat.on("add", [](naru::Socket&, int a, int b) { return a + b; });
  chat.on_disconnect([&chat](naru::Socket& socket, std::string_view reason) {
    chat.to("lobby").emit("left", socket.id(), reason);
  });

  const int port = argc > 1 ? std::stoi(argv[1]) : 3000;
  return server.run({.port = static_cast<std::uint16_t>(port)});
}
