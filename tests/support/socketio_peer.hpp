#pragma once

#include "support/test_server.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace naru::test {

// A Socket.IO client over WebSocket that speaks in packets: say("42[\"hi\"]"), hear().
class SocketIoPeer : public WebSocketPeer {
 public:
  explicit SocketIoPeer(const TestServer& server, std::string_view path = "/socket.io/")
      : WebSocketPeer(server.port, std::string(path) + "?EIO=4&transport=websocket") {
    EXPECT_TRUE(hear().starts_with("0{\"sid\":"));
  }
  // Joins a namespace ("" is the root's); the socket's id.
  std::string join(std::string_view nsp = {}, std::string_view auth = {}) {
    std::string head = "40";
    if (!nsp.empty()) head.append(nsp).append(",");
    say(head + std::string(auth));
    const std::string heard = hear_until(head);
    EXPECT_TRUE(heard.starts_with(head + "{\"sid\":")) << heard;
    return sid_of(heard);
  }
};

}  // namespace naru::test
