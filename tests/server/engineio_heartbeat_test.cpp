// Heartbeat, sizes and closing on both transports (socketio.md 1.11, 1.13).
#include "support/test_server.hpp"

#include <string>

namespace naru::test {
namespace {

class EngineIoHeartbeat : public ::testing::Test {
 protected:
  void start(EngineIoOptions options) {
    options.on_message = [](EngineSocket& socket, Message message) {
      if (message.data == "close") return socket.close();
      if (message.data == "throw") throw std::runtime_error("a handler");
      socket.send(message);
    };
    options.on_close = [this](EngineSocket&, std::string_view reason) {
      journal.note(std::string(reason));
    };
    server.server.engineio("/engine.io/", std::move(options));
    server.start();
  }
  Journal journal;
  TestServer server;
  Engine engine{server, "/engine.io/"};
};

TEST_F(EngineIoHeartbeat, PingsAndTakesPongsOnWebSocket) {
  start({{.ping_interval = 20ms, .ping_timeout = 5s}});
  WebSocketPeer peer = engine.open_websocket();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(peer.hear(), "2");
    peer.say("3");
  }
  EXPECT_TRUE(journal.empty());
}

TEST_F(EngineIoHeartbeat, PingsAndTakesPongsOnPolling) {
  start({{.ping_interval = 20ms, .ping_timeout = 5s}});
  const std::string sid = engine.open_session();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(engine.poll(sid).body, "2");
    EXPECT_EQ(engine.post(sid, "3").body, "ok");
  }
  EXPECT_TRUE(journal.empty());
}

TEST_F(EngineIoHeartbeat, EndsASilentWebSocket) {
  start({{.ping_interval = 20ms, .ping_timeout = 20ms}});
  WebSocketPeer peer = engine.open_websocket();
  EXPECT_EQ(peer.hear(), "2");
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "ping timeout");
}

TEST_F(EngineIoHeartbeat, EndsASilentPollingSession) {
  start({{.ping_interval = 20ms, .ping_timeout = 20ms}});
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.poll(sid).body, "2");
  EXPECT_EQ(journal.next(), "ping timeout");
  EXPECT_EQ(engine.poll(sid).status, 400);
}

TEST_F(EngineIoHeartbeat, IsNotSatisfiedByOtherTraffic) {
  start({{.ping_interval = 20ms, .ping_timeout = 60ms}});
  WebSocketPeer peer = engine.open_websocket();
  std::string heard;
  for (peer.say("4x"); !(heard = peer.hear()).starts_with("close") && heard != "end";) {
    if (heard == "4x") peer.say("4x");
  }
  EXPECT_EQ(journal.next(), "ping timeout");
}

TEST_F(EngineIoHeartbeat, TakesUnaskedPongs) {  // GHSA-cgwc-pv48-fhj5
  start({});
  WebSocketPeer peer = engine.open_websocket();
  std::string pongs;
  for (int i = 0; i < 10'000; ++i) pongs += text_frame("3");
  peer.send(pongs + text_frame("4alive"));
  EXPECT_EQ(peer.hear(), "4alive");
}

TEST_F(EngineIoHeartbeat, EndsAWebSocketWhoseClientPings) {
  start({});
  WebSocketPeer peer = engine.open_websocket();
  peer.say("2");
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "transport error");
}

TEST_F(EngineIoHeartbeat, EndsAWebSocketByABadPacket) {
  start({});
  for (const char* bad : {"", "x", "9", "b!"}) {
    WebSocketPeer peer = engine.open_websocket();
    peer.say(bad);
    EXPECT_EQ(peer.hear(), "close 1005") << bad;
    EXPECT_EQ(journal.next(), "parse error");
  }
}

TEST_F(EngineIoHeartbeat, IgnoresPacketsOutOfPlace) {
  start({});
  WebSocketPeer peer = engine.open_websocket();
  for (const char* packet : {"0", "6", "5", "3probe"}) peer.say(packet);
  peer.say("4alive");
  EXPECT_EQ(peer.hear(), "4alive");
}

TEST_F(EngineIoHeartbeat, EndsAWebSocketByACloseOfEitherKind) {
  start({});
  WebSocketPeer by_packet = engine.open_websocket();
  by_packet.say("1");
  EXPECT_EQ(by_packet.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "transport close");
  WebSocketPeer by_frame = engine.open_websocket();
  by_frame.say_close(1000);
  EXPECT_EQ(by_frame.hear(), "close 1000");
  EXPECT_EQ(journal.next(), "transport close");
  WebSocketPeer by_reset = engine.open_websocket();
  by_reset.reset();
  EXPECT_EQ(journal.next(), "transport close");
}

TEST_F(EngineIoHeartbeat, EndsAWebSocketByAViolation) {
  start({{.max_payload = 1000}});
  WebSocketPeer large = engine.open_websocket();
  large.say("4" + std::string(1000, 'x'));
  EXPECT_EQ(large.hear(), "close 1009");
  EXPECT_EQ(journal.next(), "transport error");
  WebSocketPeer exact = engine.open_websocket();
  exact.say("4" + std::string(999, 'x'));
  EXPECT_EQ(exact.hear().size(), 1000U);
  exact.say("4\xff");
  EXPECT_EQ(exact.hear(), "close 1007");
  EXPECT_EQ(journal.next(), "transport error");
}

TEST_F(EngineIoHeartbeat, ClosesFromAHandler) {
  start({});
  WebSocketPeer peer = engine.open_websocket();
  peer.say("4close");
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "forced close");
  WebSocketPeer thrower = engine.open_websocket();
  thrower.say("4throw");
  EXPECT_EQ(thrower.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "forced close");
}

TEST_F(EngineIoHeartbeat, ClosesASlowConsumer) {
  start({{.max_payload = 1 << 20, .limit = 1 << 20}});
  WebSocketPeer peer(server.port, Wire::tcp, 4096);
  EXPECT_EQ(peer.open(engine.target("websocket")).status, 101);
  const std::string message = text_frame("4" + std::string(1 << 19, 'x'));
  for (std::string_view left = message; journal.empty();) {
    left.remove_prefix(peer.send_some(left));
    if (left.empty()) left = message;
  }
  EXPECT_EQ(journal.next(), "transport close");
  EXPECT_TRUE(server.counts(&Stats::slow_closed, 1));
}

}  // namespace
}  // namespace naru::test
