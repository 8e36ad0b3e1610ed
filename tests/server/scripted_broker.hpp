#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace naru::test {

// A relay's connection, at the broker's end: what it hears and says is the test's script. What it
// waits for comes, or the test fails.
class BrokerSide {
 public:
  explicit BrokerSide(int fd) : fd_(fd) {}
  ~BrokerSide() { leave(); }
  BrokerSide(BrokerSide&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)), ended_(other.ended_) {}
  BrokerSide& operator=(BrokerSide&&) = delete;

  // The next frame, without heart-beats before it and its NUL; "end" when there is none.
  std::string hear() {
    while (in_.find('\0') == std::string::npos && more()) {
    }
    const std::size_t begin = std::min(in_.find_first_not_of('\n'), in_.size());
    const std::size_t end = in_.find('\0', begin);
    if (end == std::string::npos) return "end";
    std::string text = in_.substr(begin, end - begin);
    in_.erase(0, end + 1);
    return text;
  }
  // Exactly so many bytes; fewer when the input ends before.
  std::string read(std::size_t count) {
    while (in_.size() < count && more()) {
    }
    std::string text = in_.substr(0, count);
    in_.erase(0, count);
    return text;
  }
  void say(std::string_view text) { send(std::string(text) + '\0'); }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t sent = send_some(bytes);
      bytes.remove_prefix(sent);
      if (sent == 0 && !wait(POLLOUT)) return;
    }
  }
  std::size_t send_some(std::string_view bytes) const {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  // Whether the relay has left, as far as is known now.
  bool ended() {
    receive();
    return ended_;
  }
  // Answers CONNECT, which it returns.
  std::string welcome(std::string_view heartbeat = "0,0") {
    std::string connect = hear();
    say("CONNECTED\nversion:1.2\nheart-beat:" + std::string(heartbeat) + "\n\n");
    return connect;
  }
  void leave() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  void receive() {
    std::array<char, 65536> buffer;
    const auto count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count > 0) in_.append(buffer.data(), static_cast<std::size_t>(count));
    ended_ = ended_ || count == 0 || (count < 0 && errno != EAGAIN);
  }
  bool more() {
    const std::size_t before = in_.size();
    for (;;) {
      receive();
      if (in_.size() > before) return true;
      if (ended_ || !wait(POLLIN)) return false;
    }
  }
  // The bound only ends a test that has failed.
  bool wait(short events) {
    pollfd waiting{fd_, events, 0};
    const bool ready = ::poll(&waiting, 1, 10'000) == 1;
    EXPECT_TRUE(ready) << "nothing came within 10 s; input so far: " << in_.substr(0, 200);
    ended_ = ended_ || !ready;
    return ready;
  }

  int fd_;
  std::string in_;
  bool ended_ = false;
};

// A broker that listens on a port of the system's choice, and later again on the same one.
class ScriptedBroker {
 public:
  ScriptedBroker() { listen(); }
  ~ScriptedBroker() { close(); }
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  void listen() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(port_);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof(where)), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    socklen_t size = sizeof(where);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size);
    port_ = ntohs(where.sin_port);
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  std::uint16_t port() const { return port_; }

  BrokerSide accept() const {
    pollfd waiting{fd_, POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, 10'000), 1) << "nobody connects";
    return BrokerSide(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  }

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace naru::test
