#pragma once

#include "io/client.hpp"
#include "io/tls_client.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
#include <utility>

namespace naru::test {

enum class Wire { tcp, tls, tls_h2 };

// How an HTTP request was answered; status 0 when the connection ended instead.
struct Answer {
  int status = 0;
  std::string head;
  std::string body;

  std::string field(std::string_view name) const {
    std::string lower = head;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto at = lower.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const auto from = at + 4 + name.size();
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

// The other end of a connection, in the test's thread: what it waits for comes, or the test fails.
class Peer {
 public:
  explicit Peer(std::uint16_t port, Wire wire = Wire::tcp, int receive_buffer = 0) {
    if (wire != Wire::tcp) {
      io::testing::TlsOptions options;
      if (wire == Wire::tls_h2) options.alpn = "\x02h2\x08http/1.1";
      client_ = std::make_unique<io::testing::TlsClient>(port, options, receive_buffer);
    } else {
      client_ = std::make_unique<io::testing::Client>(AF_INET, port, receive_buffer);
    }
    shake_hands();
  }
  // By a connection of the test's own making.
  explicit Peer(std::unique_ptr<io::testing::Client> client) : client_(std::move(client)) {
    shake_hands();
  }

  // ---- bytes

  void send(std::string_view bytes) {
    for (;;) {
      bytes.remove_prefix(client_->send(bytes));
      if (bytes.empty()) return;
      if (!wait(POLLOUT)) return;
    }
  }
  // As much as the peer takes now.
  std::size_t send_some(std::string_view bytes) { return client_->send(bytes); }
  // Exactly so many bytes; fewer when the input ends before.
  std::string read(std::size_t count) {
    while (in_.size() < count && more()) {
    }
    return take(std::min(count, in_.size()));
  }
  // Up to the delimiter and with it; everything when the input ends before.
  std::string read_through(std::string_view delimiter) {
    while (in_.find(delimiter) == std::string::npos && more()) {
    }
    const auto at = in_.find(delimiter);
    return take(at == std::string::npos ? in_.size() : at + delimiter.size());
  }
  std::string read_to_end() {
    while (more()) {
    }
    return take(in_.size());
  }
  // Whether the input ends, with nothing more before its end.
  bool ended() { return !more() && in_.empty(); }
  bool was_reset() const { return input_ == io::testing::Client::Input::reset; }
  // Whether something to read is there already.
  bool has_input() {
    if (in_.empty()) receive_now();
    return !in_.empty();
  }

  void end() { client_->end(); }
  void reset() { client_->reset(); }
  void leave() { client_->close(); }

  // ---- HTTP

  // Sends a request whose answer is read later.
  void ask(std::string_view method, std::string_view target, std::string_view body = {},
           std::string_view fields = {}) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n");
    text.append(fields);
    if (!body.empty() || method == "POST") {
      text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    send(text.append("\r\n").append(body));
  }
  Answer answer(std::string_view method = "GET") {
    Answer answer;
    answer.head = read_through("\r\n\r\n");
    if (!answer.head.starts_with("HTTP/1.1 ")) return answer;
    answer.status = std::stoi(answer.head.substr(9, 3));
    const std::string length = answer.field("content-length");
    if (method != "HEAD" && !length.empty()) answer.body = read(std::stoul(length));
    return answer;
  }
  Answer get(std::string_view target, std::string_view fields = {}) {
    ask("GET", target, {}, fields);
    return answer();
  }
  Answer post(std::string_view target, std::string_view body, std::string_view fields = {}) {
    ask("POST", target, body, fields);
    return answer();
  }

 protected:
  std::string take(std::size_t count) {
    std::string taken = in_.substr(0, count);
    in_.erase(0, count);
    return taken;
  }
  // Waits for more input; false when it has ended.
  bool more() {
    const std::size_t before = in_.size();
    for (;;) {
      receive_now();
      if (in_.size() > before) return true;
      if (input_ != io::testing::Client::Input::open) return false;
      if (!wait(POLLIN)) return false;
    }
  }
  std::string in_;

 private:
  void shake_hands() {
    while (!client_->handshake() && wait(POLLIN)) {
    }
  }
  void receive_now() {
    if (input_ == io::testing::Client::Input::open) input_ = client_->receive(in_);
  }
  // The bound only ends a test that has failed.
  bool wait(short events) {
    pollfd waiting{client_->fd(), events, 0};
    const bool ready = ::poll(&waiting, 1, 10'000) == 1;
    EXPECT_TRUE(ready) << "nothing came within 10 s; input so far: " << in_.substr(0, 200);
    if (!ready) input_ = io::testing::Client::Input::ended;
    return ready;
  }

  std::unique_ptr<io::testing::Client> client_;
  io::testing::Client::Input input_ = io::testing::Client::Input::open;
};

}  // namespace naru::test
