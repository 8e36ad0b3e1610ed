// The client of client.cpp in a loop of the program's own: what is typed and what arrives wait in
// one poll(), there is no other thread, and a coroutine asks.
//   example_own_loop [http://127.0.0.1:3000/chat]
#include "naru/coroutine.hpp"

#include <array>
#include <chrono>
#include <iostream>
#include <poll.h>
#include <string>
#include <unistd.h>

naru::Task greet(naru::ClientSocket chat) {
  const naru::Result<void> joined = co_await naru::connected(chat);
  if (!joined) {
    std::cout << "not connected: " << joined.error().text << std::endl;
    co_return;
  }
  std::cout << "connected as " << chat.id() << std::endl;
  const naru::Result<int> sum =
      co_await naru::call<int>(chat.timeout(std::chrono::seconds(5)), "add", 2, 3);
  std::cout << "2 + 3 = " << (sum ? std::to_string(*sum) : "?") << std::endl;
}

int main(int argc, char** argv) {
  naru::Client client(argc > 1 ? argv[1] : "http://127.0.0.1:3000/chat");
  const naru::ClientSocket chat = client.socket();
  chat.on("said", [](const std::string& who, const std::string& text) {
    std::cout << who << ": " << text << std::endl;
  });
  greet(chat);

  std::string typed;
  std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {client.fd(), POLLIN, 0}}};
  do {
    ::poll(watched.data(), watched.size(), -1);
    if (watched[0].revents == 0) continue;
    std::array<char, 4096> bytes;
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count <= 0) {
      watched[0].fd = -1;
      client.close();
      continue;
    }
    typed.append(bytes.data(), static_cast<std::size_t>(count));
    for (std::size_t end = 0; (end = typed.find('\n')) != std::string::npos;) {
      chat.emit("say", typed.substr(0, end));
      typed.erase(0, end + 1);
    }
  } while (client.poll(std::chrono::milliseconds(0)));
  return 0;
}
