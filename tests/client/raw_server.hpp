#pragma once

#include "support/websocket_peer.hpp"
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace naru::test {

// One accepted connection, with calls that wait; the test's word for what a server does.
class Talk {
 public:
  explicit Talk(int fd) : fd_(fd) {
    const timeval limit{10, 0};  // only ends a test that has failed
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  ~Talk() { ::close(fd_); }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  int fd() const { return fd_; }
  void send(std::string_view bytes) const { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void send_bytewise(std::string_view bytes) const {
    for (std::size_t i = 0; i < bytes.size(); ++i) send(bytes.substr(i, 1));
  }
  // Fewer bytes when the client ends before.
  std::string read(std::size_t count) {
    while (in_.size() < count && more()) {
    }
    return take(std::min(count, in_.size()));
  }
  std::string read_through(std::string_view delimiter) {
    while (in_.find(delimiter) == std::string::npos && more()) {
    }
    const std::size_t at = in_.find(delimiter);
    return take(at == std::string::npos ? in_.size() : at + delimiter.size());
  }
  std::string read_head() { return read_through("\r\n\r\n"); }
  // Until the client ends the connection.
  std::string read_to_end() {
    while (more()) {
    }
    return take(in_.size());
  }
  void end() const { ::shutdown(fd_, SHUT_WR); }

  // ---- WebSocket

  // Reads the request and answers it by a 101 with these lines, each ending in CRLF.
  std::string accept(std::string_view lines = {}) {
    std::string head = read_head();
    send(switching(head, lines));
    return head;
  }
  static std::string switching(std::string_view request, std::string_view lines = {}) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept_of(request) + "\r\n" + std::string(lines) + "\r\n";
  }
  static std::string accept_of(std::string_view request) {
    return websocket::accept_value(field(request, "Sec-WebSocket-Key"));
  }
  // The value of a field in a head, "" when it is not there.
  static std::string field(std::string_view head, std::string_view name) {
    const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string_view::npos) return {};
    const std::size_t from = at + name.size() + 4;
    return std::string(head.substr(from, head.find("\r\n", from) - from));
  }
  // One short frame of the client, as text: the opcode's first byte in hex, and what it carries.
  struct Frame {
    unsigned first = 0;
    std::string mask;
    std::string payload;
  };
  Frame read_frame() {
    Frame frame;
    const std::string head = read(2);
    if (head.size() < 2) return frame;
    frame.first = static_cast<unsigned char>(head[0]);
    const unsigned second = static_cast<unsigned char>(head[1]);
    EXPECT_NE(second & 0x80U, 0U) << "a client masks";
    std::size_t size = second & 0x7fU;
    if (size >= 126) {
      const std::string length = read(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : length) size = size << 8U | static_cast<unsigned char>(c);
    }
    frame.mask = read(4);
    frame.payload = read(size);
    for (std::size_t i = 0; i < frame.payload.size(); ++i) {
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ frame.mask[i % 4]);
    }
    return frame;
  }
  // One frame as servers send them.
  void say(unsigned first, std::string_view payload) const {
    std::string frame(1, static_cast<char>(first));
    if (payload.size() < 126) {
      frame += static_cast<char>(payload.size());
    } else {
      frame += static_cast<char>(126);
      frame += static_cast<char>(payload.size() >> 8U);
      frame += static_cast<char>(payload.size());
    }
    send(frame.append(payload));
  }
  void say_close(std::uint16_t code = 1000) const {
    const std::array<char, 2> payload{static_cast<char>(code >> 8U), static_cast<char>(code)};
    say(0x88, {payload.data(), payload.size()});
  }
  // Reads on to the client's Close, answers it, and waits for the end: the code, 1005 for none.
  std::uint16_t hear_close() {
    for (;;) {
      const Frame frame = read_frame();
      if (frame.first == 0) return 0;
      if (frame.first != 0x88) continue;
      say(0x88, frame.payload);
      if (frame.payload.size() < 2) return 1005;
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(frame.payload[i]); };
      return static_cast<std::uint16_t>(byte(0) << 8U | byte(1));
    }
  }

 private:
  bool more() {
    std::array<char, 65536> buffer;
    const auto count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    in_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  std::string take(std::size_t count) {
    std::string taken = in_.substr(0, count);
    in_.erase(0, count);
    return taken;
  }

  int fd_;
  std::string in_;
};

// A server on a thread of its own, which has these conversations, one per connection, in order.
class RawServer {
 public:
  using Script = std::function<void(Talk&)>;

  explicit RawServer(Script script) : RawServer(std::vector<Script>{std::move(script)}) {}
  explicit RawServer(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    ::shutdown(fd_, SHUT_RDWR);  // wakes accept()
    thread_.join();
    ::close(fd_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::string url(std::string_view target = "/") const {
    return "ws://127.0.0.1:" + std::to_string(port) + std::string(target);
  }
  std::atomic<int> accepted{0};
  std::uint16_t port = 0;

 private:
  void serve() {
    for (const Script& script : scripts_) {
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++accepted;
      Talk talk(fd);
      script(talk);
    }
  }

  std::vector<Script> scripts_;
  int fd_ = -1;
  std::thread thread_;
};

}  // namespace naru::test
