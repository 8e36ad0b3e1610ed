// Says hello once, and prints the answer.
//   hello_client [http://localhost:3000]
#include <naru/client.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  naru::Client client(argc > 1 ? argv[1] : "http://localhost:3000", {.reconnection = false});
  bool answered = false;
  const naru::ClientSocket socket = client.socket();
  socket.timeout(std::chrono::seconds(5))
      .emit_with_ack("hello", "C++", [&](const naru::Result<std::string>& answer) {
        answered = answer.has_value();
        std::cout << (answered ? *answer : "no answer") << std::endl;
        client.close();
      });
  socket.on_connect_error([&](naru::ClientSocket&, const naru::ConnectError& error) {
    std::cerr << error.message << std::endl;
    client.close();
  });
  client.start();
  client.wait();
  return answered ? 0 : 1;
}
