// A client of the chat of chat.cpp, or of the same one written for Node: what is typed is said.
//   example_client [http://127.0.0.1:3000/chat]
#include "naru/client.hpp"

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  naru::Client client(argc > 1 ? argv[1] : "http://127.0.0.1:3000/chat");
  const naru::ClientSocket chat = client.socket();

  chat.on_connect([](naru::ClientSocket& socket) {
    std::cout << "connected as " << socket.id() << " by " << socket.transport() << std::endl;
    socket.timeout(std::chrono::seconds(5)).emit_with_ack("add", 2, 3, [](naru::Result<int> sum) {
      std::cout << "2 + 3 = " << (sum ? std::to_string(*sum) : "?") << std::endl;
    });
  });
  chat.on_connect_error([](naru::ClientSocket&, const naru::ConnectError& error) {
    std::cout << "not connected: " << error.message << std::endl;
  });
  chat.on_disconnect([](naru::ClientSocket&, std::string_view reason) {
    std::cout << "disconnected: " << reason << std::endl;
  });
  chat.on("said", [](const std::string& who, const std::string& text) {
    std::cout << who << ": " << text << std::endl;
  });

  client.start();  // a thread of its own; handlers run there
  for (std::string line; std::getline(std::cin, line);) chat.emit("say", line);
  client.close();
  client.wait();
  return 0;
}
