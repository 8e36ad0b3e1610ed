// SockJS sessions over WebSocket, framed and raw (sockjs.md 4.2, 6.7, 6.8).
#include "support/sockjs_peer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace naru::test {
namespace {

class SockJsOverWebSocket : public ::testing::Test {
 protected:
  void start(SockJsOptions options = sockjs_echo()) {
    options.on_close = [this](SockJs&, std::uint16_t code, std::string_view reason) {
      journal.note(std::to_string(code) + " " + std::string(reason));
    };
    server.server.sockjs("/echo", std::move(options));
    server.start();
  }
  WebSocketPeer framed(std::string_view fields = {}) {
    WebSocketPeer peer(server.port, "/echo/000/a/websocket", fields);
    EXPECT_EQ(peer.hear(), "o");
    return peer;
  }
  WebSocketPeer raw(std::string_view fields = {}) {
    return {server.port, "/echo/websocket", fields};
  }

  Journal journal;
  TestServer server;
};

TEST_F(SockJsOverWebSocket, EchoesFrames) {
  start();
  WebSocketPeer peer = framed();
  peer.say(R"(["a"])");
  EXPECT_EQ(peer.hear(), R"(a["a"])");
  peer.say("\"b\"");
  EXPECT_EQ(peer.hear(), R"(a["b"])");
  peer.say(R"(["\ud83d\ude00","\u2028"])");
  EXPECT_EQ(peer.hear(), R"(a["\ud83d\ude00"])");
  EXPECT_EQ(peer.hear(), R"(a["\u2028"])");
}

TEST_F(SockJsOverWebSocket, TakesNothingForNoMessage) {
  start();
  WebSocketPeer peer = framed();
  peer.say("");
  peer.say("[]");
  peer.say(R"(["a"])");
  EXPECT_EQ(peer.hear(), R"(a["a"])");
}

TEST_F(SockJsOverWebSocket, HasOneSessionForEachConnection) {
  start();
  WebSocketPeer one = framed();
  WebSocketPeer two = framed();  // of the same name
  one.say(R"(["one"])");
  two.say(R"(["two"])");
  EXPECT_EQ(one.hear(), R"(a["one"])");
  EXPECT_EQ(two.hear(), R"(a["two"])");
  SockJsClient http(server, "/echo", "a");
  EXPECT_EQ(http.send(R"(["x"])"), 404);
}

TEST_F(SockJsOverWebSocket, DropsWhoBreaksTheFraming) {
  start();
  for (const char* text : {"[\"x", "[1]", "{}", "x"}) {
    WebSocketPeer peer = framed();
    peer.say(text);
    EXPECT_EQ(peer.hear(), "close 3000");
    peer.say_close(3000);
    EXPECT_EQ(peer.hear(), "end");
    EXPECT_FALSE(peer.was_reset());
    EXPECT_EQ(journal.next(), "3000 ");
  }
  WebSocketPeer peer = framed();
  peer.say_binary(R"(["x"])");
  EXPECT_EQ(peer.hear(), "close 3000");
}

TEST_F(SockJsOverWebSocket, SaysItsEndInBothProtocols) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [](SockJs& session) {
    session.send(text("last"));
    session.close(3000, "Go away!");
    EXPECT_EQ(session.send(text("lost")), SendOutcome::closed);
  };
  start(options);
  WebSocketPeer peer = framed();
  EXPECT_EQ(peer.hear(), R"(a["last"])");
  EXPECT_EQ(peer.hear(), R"(c[3000,"Go away!"])");
  EXPECT_EQ(peer.hear(), "close 1000");
  peer.say_close();
  EXPECT_EQ(journal.next(), "3000 Go away!");
  WebSocketPeer plain = raw();
  EXPECT_EQ(plain.hear(), "last");
  EXPECT_EQ(plain.hear(), "close 3000");
}

TEST_F(SockJsOverWebSocket, HearsHowThePeerCloses) {
  start();
  framed().say_close(1000);
  EXPECT_EQ(journal.next(), "1000 ");
  framed().leave();
  EXPECT_EQ(journal.next(), "1006 ");
}

TEST_F(SockJsOverWebSocket, CarriesMessagesAsTheyAreWhenRaw) {
  start();
  WebSocketPeer peer = raw();
  peer.say("a\xef\xbf\xbf");
  EXPECT_EQ(peer.hear(), "a\xef\xbf\xbf");
  peer.say_binary("\x01");
  EXPECT_EQ(peer.hear(), "binary:\x01");
}

TEST_F(SockJsOverWebSocket, Beats) {
  SockJsOptions options = sockjs_echo();
  options.heartbeat_interval = 20ms;
  options.heartbeat_timeout = 10s;
  start(options);
  WebSocketPeer peer = framed();
  EXPECT_EQ(peer.hear_until("h"), "h");
  EXPECT_EQ(peer.hear_until("h"), "h");
}

TEST_F(SockJsOverWebSocket, GivesUpWhoDoesNotAnswerAPing) {
  SockJsOptions options = sockjs_echo();
  options.heartbeat_interval = 20ms;
  options.heartbeat_timeout = 20ms;
  options.close_timeout = 20ms;
  start(options);
  WebSocketPeer peer = framed();
  EXPECT_TRUE(journal.next().starts_with("100"));
}

TEST_F(SockJsOverWebSocket, BoundsAMessage) {
  SockJsOptions options = sockjs_echo();
  options.message_bytes = 16;
  options.messages = 2;
  start(options);
  WebSocketPeer peer = framed();
  peer.say(R"(["a","b"])");
  EXPECT_EQ(peer.hear(), R"(a["a"])");
  EXPECT_EQ(peer.hear(), R"(a["b"])");
  peer.say(R"(["a","b","c"])");
  EXPECT_EQ(peer.hear(), "close 3000");
  WebSocketPeer large = framed();
  large.say("[\"" + std::string(13, 'x') + "\"]");
  EXPECT_EQ(large.hear(), "close 1009");
}

TEST_F(SockJsOverWebSocket, SharesATopicWithPlainWebSocketsAndPolling) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [](SockJs& session) { session.subscribe("news"); };
  options.compression.threshold = 1;
  server.server.websocket(
      "/plain",
      {.on_open = [](WebSocket& socket) { socket.subscribe("news"); },
       .on_message = [](WebSocket& socket, Message message) { socket.publish("news", message); }});
  start(options);
  WebSocketPeer one = framed();
  WebSocketPeer two = framed();
  WebSocketPeer three = raw();
  SockJsClient polling(server, "/echo", "p");
  EXPECT_EQ(polling.poll(), "o\n");
  WebSocketPeer plain(server.port, "/plain");
  plain.say("나루\"");
  EXPECT_EQ(one.hear(), R"(a["나루\""])");
  EXPECT_EQ(two.hear(), R"(a["나루\""])");
  EXPECT_EQ(three.hear(), "나루\"");
  EXPECT_EQ(polling.poll(), "a[\"나루\\\"\"]\n");
}

TEST_F(SockJsOverWebSocket, EndsWithTheServer) {
  start();
  WebSocketPeer peer = framed();
  std::thread stopping([&] { server.server.stop(); });
  EXPECT_EQ(peer.hear(), R"(c[1012,"Server is shutting down"])");
  EXPECT_EQ(peer.hear(), "close 1000");
  peer.say_close();
  stopping.join();
  EXPECT_EQ(journal.next(), "1012 Server is shutting down");
}

}  // namespace
}  // namespace naru::test
