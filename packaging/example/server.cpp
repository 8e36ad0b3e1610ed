// Answers who says hello.
//   hello_server [port]
#include <naru/server.hpp>

#include <string>

int main(int argc, char** argv) {
  naru::Server server;
  server.socketio("/socket.io/").of("/").on("hello", [](naru::Socket&, const std::string& name) {
    return "Hello, " + name + "!";
  });
  const int port = argc > 1 ? std::stoi(argv[1]) : 3000;
  return server.run({.port = static_cast<std::uint16_t>(port), .host = "localhost"});
}
