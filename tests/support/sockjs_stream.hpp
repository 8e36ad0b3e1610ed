#pragma once

#include "sockjs/frame.hpp"
#include "sockjs/messages.hpp"
#include "support/websocket_peer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace naru::test {

// Another protocol's bytes over SockJS, by a WebSocket or by polling: one message for each say(),
// and hear() gives what the messages of one frame say, or "end".
class SockJsStream {
 public:
  enum class Way { websocket, polling };

  SockJsStream(std::uint16_t port, std::string_view service, Way way) {
    // Names spread sessions over loops.
    static int number = 0;
    base_ = std::string(service) + "/000/s" + std::to_string(++number);
    if (way == Way::websocket) {
      websocket_.emplace(port, base_ + "/websocket");
      EXPECT_EQ(websocket_->hear(), "o");
      return;
    }
    sender_.emplace(port);
    receiver_.emplace(port);
    EXPECT_EQ(receiver_->post(base_ + "/xhr", "").body, "o\n");
  }

  void say(std::string_view message) {
    std::string text = "[";
    sockjs::append_string(message, text);
    text += ']';
    if (websocket_) return websocket_->say(text);
    sender_->post(base_ + "/xhr_send", text);
  }
  // Asks for what is to be heard next: only then is there somebody whom the server can tell.
  void listen() {
    if (!websocket_ && !ended_ && !std::exchange(asked_, true)) {
      receiver_->ask("POST", base_ + "/xhr");
    }
  }
  std::string hear() {
    for (;;) {
      const std::string frame = next_frame();
      if (frame == "h" || frame == "h\n") continue;
      if (!frame.starts_with("a")) {
        ended_ = true;
        return "end";
      }
      const auto messages =
          sockjs::read_messages(frame.substr(1), sockjs::Carrier::body, {.messages = 10'000});
      EXPECT_TRUE(messages) << frame;
      std::string all;
      for (const std::string& each : *messages) all += each;
      return all;
    }
  }
  // Goes without a word; by polling, while it is asking.
  void leave() {
    if (websocket_) return websocket_->leave();
    if (!asked_) receiver_->ask("POST", base_ + "/xhr");
    receiver_->leave();
  }

 private:
  std::string next_frame() {
    if (websocket_) return websocket_->hear();
    if (ended_) return "c";
    listen();
    asked_ = false;
    return receiver_->answer().body;
  }

  std::string base_;
  std::optional<WebSocketPeer> websocket_;
  std::optional<Peer> sender_;
  std::optional<Peer> receiver_;
  bool asked_ = false;
  bool ended_ = false;
};

}  // namespace naru::test
