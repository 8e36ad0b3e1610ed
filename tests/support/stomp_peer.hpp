#pragma once

#include "stomp/decoder.hpp"
#include "support/sockjs_stream.hpp"
#include "support/websocket_peer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::test {

enum class StompWay { websocket, tcp, tls, sockjs, polling };
// Carries text only.
inline bool by_sockjs(StompWay way) {
  return way == StompWay::sockjs || way == StompWay::polling;
}

// A STOMP client that tells what it hears in few words: "connected 1.2", "a: hello" for a message
// of the subscription a ("a: hello again" when it was redelivered), "receipt r", "error text",
// "end".
class StompPeer {
 public:
  StompPeer(std::uint16_t port, StompWay way) : way_(way) {
    if (way == StompWay::websocket) {
      websocket_.emplace(port, "/stomp", "Sec-WebSocket-Protocol: v12.stomp\r\n");
    } else if (by_sockjs(way)) {
      sockjs_.emplace(
          port, "/sockjs",
          way == StompWay::sockjs ? SockJsStream::Way::websocket : SockJsStream::Way::polling);
    } else {
      stream_.emplace(port, way == StompWay::tls ? Wire::tls : Wire::tcp);
    }
  }

  // One frame, without its NUL.
  void say(std::string_view text) { send(std::string(text) + '\0'); }
  void send(std::string_view bytes) {
    if (websocket_) {
      websocket_->say(bytes);
    } else if (sockjs_) {
      sockjs_->say(bytes);
    } else {
      stream_->send(bytes);
    }
  }
  std::string connect(std::string_view headers = {}, std::string_view version = "1.2") {
    say("CONNECT\naccept-version:" + std::string(version) + "\n" + std::string(headers) + "\n");
    return hear();
  }
  void subscribe(std::string_view id, std::string_view destination, std::string_view more = {}) {
    say("SUBSCRIBE\nreceipt:sub\nid:" + std::string(id) +
        "\ndestination:" + std::string(destination) + "\n" + std::string(more) + "\n");
    EXPECT_EQ(hear(), "receipt sub");
  }
  void publish(std::string_view destination, std::string_view body, std::string_view more = {}) {
    say("SEND\ndestination:" + std::string(destination) + "\n" + std::string(more) + "\n" +
        std::string(body));
  }
  // Until all that was said is done.
  void settle() {
    say("SEND\ndestination:/topic/nobody\nreceipt:done\n\n");
    EXPECT_EQ(hear(), "receipt done");
  }

  void listen() {
    if (sockjs_) sockjs_->listen();
  }
  std::string hear() {
    if (!next()) return "end";
    switch (frame().command) {
      case stomp::Command::connected:
        return "connected " + header("version");
      case stomp::Command::message:
        return header("subscription") + ": " + std::string(frame().body) +
               (header("redelivered") == "true" ? " again" : "");
      case stomp::Command::receipt:
        return "receipt " + header("receipt-id");
      case stomp::Command::error:
        return "error " + header("message");
      default:
        return "unknown";
    }
  }
  // Of the last frame.
  std::string header(std::string_view name) const { return std::string(frame().header(name)); }
  // The next bytes as they come, from WebSockets by messages.
  std::string hear_raw() {
    if (sockjs_) return sockjs_->hear();
    return websocket_ ? websocket_->hear() : stream_->read(1);
  }
  void leave() {
    if (websocket_) {
      websocket_->leave();
    } else if (sockjs_) {
      sockjs_->leave();
    } else {
      stream_->leave();
    }
  }

  const stomp::Frame& frame() const { return *frame_; }

 private:
  // The server's versions differ in escapes that these tests do not use but in 1.2.
  bool next() {
    decoder_.set_version(stomp::Version::v12);
    for (;;) {
      if (at_ == bytes_.size()) {
        bytes_ = hear_raw();
        at_ = 0;
        if (bytes_.starts_with("binary:")) at_ = 7;
        if (bytes_.empty() || bytes_ == "end" || bytes_.starts_with("close ")) return false;
      }
      Cursor in(std::span<char>(bytes_).subspan(at_));
      const auto read = decoder_.receive(in);
      at_ = bytes_.size() - in.size();
      EXPECT_TRUE(read) << (read ? "" : read.error().text);
      if (!read) return false;
      if (*read != nullptr) return true;
    }
  }

  StompWay way_;
  std::optional<WebSocketPeer> websocket_;
  std::optional<SockJsStream> sockjs_;
  std::optional<Peer> stream_;
  std::string bytes_;
  std::size_t at_ = 0;
  static constexpr stomp::Limits kLimits{.body_bytes = std::size_t{16} << 20U};
  std::unique_ptr<stomp::Frame> frame_ = std::make_unique<stomp::Frame>();
  stomp::Decoder decoder_{kLimits, *frame_};
};

}  // namespace naru::test
