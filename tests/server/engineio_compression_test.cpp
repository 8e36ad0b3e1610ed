// permessage-deflate under Engine.IO and Socket.IO.
#include "support/socketio_peer.hpp"
#include "support/strict_inflater.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::test {
namespace {

using Mode = Compression::Mode;

std::string offer(std::string_view parameters = {}) {
  return "Sec-WebSocket-Extensions: permessage-deflate" + std::string(parameters) + "\r\n";
}

// A Socket.IO client that inflates what it hears as strictly as the agreed window allows.
class DeflatePeer : public WebSocketPeer {
 public:
  DeflatePeer(const TestServer& server, std::string_view parameters, int window_bits, bool context,
              std::string_view target = "/socket.io/?EIO=4&transport=websocket")
      : WebSocketPeer(server.port), inflater_(window_bits), context_(context) {
    const Answer opened = open(target, offer(parameters));
    EXPECT_EQ(opened.status, 101);
    agreed = opened.field("sec-websocket-extensions");
  }

  std::string hear() {
    const std::string head = read(2);
    if (head.size() < 2) return "end";
    std::size_t size = static_cast<unsigned char>(head[1]);
    if (size >= 126) {
      const std::string length = read(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : length) size = size << 8U | static_cast<unsigned char>(c);
    }
    std::string payload = read(size);
    last_size = size;
    if ((static_cast<unsigned char>(head[0]) & 0x40U) == 0) return payload;
    ++inflated;
    const std::string message = inflater_.message(payload).value_or("corrupt");
    if (!context_) inflater_.reset();
    return message;
  }

  void join() {
    EXPECT_TRUE(hear().starts_with("0{\"sid\":"));
    say("40");
    EXPECT_TRUE(hear().starts_with("40{\"sid\":"));
  }

  std::string agreed;
  int inflated = 0;
  std::size_t last_size = 0;

 private:
  StrictInflater inflater_;
  bool context_;
};

SocketIoOptions with(const Compression& compression) {
  return {.transport = {.compression = compression}};
}

// What event number `n` carries: more than the threshold for most.
std::string news(int n) {
  std::string text;
  const int items = n % 40;
  for (int i = 0; i < items; ++i)
    text += "item " + std::to_string(n * 31 + i) + " of the news of today, in detail; ";
  return text;
}

void serve_news(Server& server, const Compression& compression) {
  Namespace& nsp = server.socketio("/socket.io/", with(compression)).root();
  nsp.on("all", [](Socket& socket, int n) { socket.nsp().emit("news", news(n)); });
  nsp.on("me", [](Socket& socket, int n) { socket.emit("news", news(n)); });
  nsp.on("bytes",
         [](Socket& socket, int n) { socket.nsp().emit("bytes", news(n), as_bytes(news(n))); });
}
std::string heard_of(int n) {
  return R"(42["news",")" + news(n) + "\"]";
}
std::string ask(std::string_view event, int n) {
  return R"(42[")" + std::string(event) + "\"," + std::to_string(n) + "]";
}

class EngineIoCompression : public ::testing::TestWithParam<unsigned> {
 protected:
  TestServer server{GetParam()};
};

TEST_P(EngineIoCompression, IsOffByDefault) {
  server.server.socketio();
  server.start();
  DeflatePeer peer(server, "; client_max_window_bits", 15, false);
  EXPECT_EQ(peer.agreed, "");
}

TEST_P(EngineIoCompression, CompressesLongPacketsAndNoOthers) {
  serve_news(server.server, {.mode = Mode::shared});
  server.start();
  DeflatePeer peer(server, "; client_max_window_bits", 15, false);
  EXPECT_EQ(peer.agreed,
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  peer.join();
  peer.say(ask("me", 1));
  EXPECT_EQ(peer.hear(), heard_of(1));
  EXPECT_EQ(peer.inflated, 0);
  peer.say(ask("me", 39));
  EXPECT_EQ(peer.hear(), heard_of(39));
  EXPECT_EQ(peer.inflated, 1);
  EXPECT_LT(peer.last_size, news(39).size() / 2);
}

// Receivers of every kind hear the same, while messages to one of them come between: those with a
// context of their own would be the first to go wrong.
void expect_all_hear(TestServer& server, const Compression& compression, bool context) {
  serve_news(server.server, compression);
  server.start();
  std::vector<std::unique_ptr<DeflatePeer>> peers;
  for (const int bits : {15, 12, 9, 8}) {
    const std::string parameters =
        bits == 15 ? "" : "; server_max_window_bits=" + std::to_string(bits);
    peers.push_back(std::make_unique<DeflatePeer>(server, parameters, bits, context));
    peers.back()->join();
  }
  SocketIoPeer plain(server);
  plain.join();
  for (int n = 1; n < 200; ++n) {
    DeflatePeer& one = *peers[static_cast<std::size_t>(n) % peers.size()];
    one.say(ask("me", n + 7));
    ASSERT_EQ(one.hear(), heard_of(n + 7)) << n;
    if (n % 5 == 0) {
      plain.say(ask("bytes", n));
      const std::string head =
          R"(451-["bytes",")" + news(n) + R"(",{"_placeholder":true,"num":0}])";
      ASSERT_EQ(plain.hear(), head);
      ASSERT_EQ(plain.hear(), "binary:" + news(n));
      for (auto& peer : peers) {
        ASSERT_EQ(peer->hear(), head) << n;
        ASSERT_EQ(peer->hear(), news(n)) << n;
      }
    } else {
      plain.say(ask("all", n));
      ASSERT_EQ(plain.hear(), heard_of(n));
      for (auto& peer : peers) ASSERT_EQ(peer->hear(), heard_of(n)) << n;
    }
  }
  for (auto& peer : peers) EXPECT_GT(peer->inflated, 20);
}

TEST_P(EngineIoCompression, OfARoomReachesEveryWindow) {
  expect_all_hear(server, {.mode = Mode::shared, .threshold = 400}, false);
}

TEST_P(EngineIoCompression, OfARoomMixesWithContexts) {
  expect_all_hear(server, {.mode = Mode::dedicated, .threshold = 100}, true);
}

TEST_P(EngineIoCompression, SurvivesTheUpgradeFromPolling) {
  serve_news(server.server, {.mode = Mode::shared});
  server.start();
  Peer poll(server.port);
  poll.send("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: test\r\n\r\n");
  const std::string sid = sid_of(poll.answer().body);
  DeflatePeer peer(server, "", 15, false, "/socket.io/?EIO=4&transport=websocket&sid=" + sid);
  EXPECT_NE(peer.agreed, "");
  peer.say("2probe");
  EXPECT_EQ(peer.hear(), "3probe");
  peer.say("5");
  peer.say("40");
  EXPECT_TRUE(peer.hear().starts_with("40{\"sid\":"));
  peer.say(ask("all", 39));
  EXPECT_EQ(peer.hear(), heard_of(39));
  EXPECT_EQ(peer.inflated, 1);
}

TEST(EngineIoCompressionOptions, AreChecked) {
  Server server;
  EXPECT_THROW(server.socketio("/a/", with({.window_bits = 16})), std::invalid_argument);
  EXPECT_THROW(server.socketio("/b/", with({.level = 0})), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Loops, EngineIoCompression, ::testing::Values(1U, 4U));

}  // namespace
}  // namespace naru::test
