// Plain WebSockets: handshake policies, handlers, times (websocket.md 1, 6, 7).
#include "support/test_server.hpp"

#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

class WebSocketEndpoint : public ::testing::Test {
 protected:
  void start(WebSocketOptions options = {}) {
    if (!options.on_message) {
      options.on_message = [](WebSocket& ws, Message message) { ws.send(message); };
    }
    if (!options.on_close) {
      options.on_close = [this](WebSocket&, std::uint16_t code, std::string_view reason) {
        journal.note(std::to_string(code) + std::string(reason.empty() ? "" : " ") +
                     std::string(reason));
      };
    }
    server.server.websocket("/ws", std::move(options));
    server.start();
  }
  int status_with(std::string_view fields, std::string_view target = "/ws") {
    return WebSocketPeer(server.port).open(target, fields).status;
  }
  void expect_echo() {
    WebSocketPeer peer(server.port, "/ws");
    peer.say("alive");
    EXPECT_EQ(peer.hear(), "alive");
    peer.say_close();
    EXPECT_EQ(peer.hear(), "close 1000");
    EXPECT_EQ(journal.next(), "1000");
  }

  Journal journal;
  TestServer server;
};

TEST_F(WebSocketEndpoint, EchoesTextAndBinary) {
  start();
  WebSocketPeer peer(server.port, "/ws");
  peer.say("hello");
  EXPECT_EQ(peer.hear(), "hello");
  peer.say_binary(std::string(70'000, '\0'));
  EXPECT_EQ(peer.hear(), "binary:" + std::string(70'000, '\0'));
  peer.send(raw_frame(0x89, "beat"));
  EXPECT_EQ(peer.hear(), "pong:beat");
  peer.send(raw_frame(0x01, "in ") + raw_frame(0x00, "three ") + raw_frame(0x80, "parts"));
  EXPECT_EQ(peer.hear(), "in three parts");
}

TEST_F(WebSocketEndpoint, ServesByTls) {
  server.server.websocket("/ws",
                          {.on_open = [](WebSocket& ws) { EXPECT_TRUE(ws.request().secure); },
                           .on_message = [](WebSocket& ws, Message message) { ws.send(message); }});
  server.start_tls();
  WebSocketPeer peer(server.port, "/ws", "Origin: https://test\r\n", Wire::tls);
  peer.say("hello");
  EXPECT_EQ(peer.hear(), "hello");
}

TEST_F(WebSocketEndpoint, IsOnlyAtItsPath) {
  start();
  EXPECT_EQ(status_with({}, "/other"), 404);
  EXPECT_EQ(status_with({}, "/ws/more"), 404);
  EXPECT_EQ(status_with({}, "/ws?query=1"), 101);
}

TEST_F(WebSocketEndpoint, RefusesWhatIsNoHandshake) {
  start();
  Peer peer(server.port);
  const Answer plain = peer.get("/ws");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(status_with("Sec-WebSocket-Key: again==\r\n"), 400);
  Peer old(server.port);
  old.send(
      "GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(old.answer().field("sec-websocket-version"), "13");
}

// ---- who may connect

TEST_F(WebSocketEndpoint, IsForItsOwnOriginByDefault) {  // CVE-2026-41700, CSWSH
  start();
  EXPECT_EQ(status_with({}), 101);
  EXPECT_EQ(status_with("Origin: http://test\r\n"), 101);
  EXPECT_EQ(status_with("Origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(status_with("Origin: https://test\r\n"), 403);
  EXPECT_EQ(status_with("Origin: http://test:81\r\n"), 403);
  EXPECT_EQ(status_with("Origin: null\r\n"), 403);
  EXPECT_EQ(status_with("Origin: http://test\r\nOrigin: http://evil.example\r\n"), 403);
}

TEST_F(WebSocketEndpoint, IsForTheOriginsOfAList) {
  start({.origins = {.kind = OriginPolicy::Kind::list, .origins = {"https://app.example"}}});
  EXPECT_EQ(status_with("Origin: https://app.example\r\n"), 101);
  EXPECT_EQ(status_with("Origin: https://app.example.evil\r\n"), 403);
  EXPECT_EQ(status_with("Origin: http://test\r\n"), 403);
}

TEST_F(WebSocketEndpoint, IsForAnyOriginWhenToldSo) {
  start({.origins = {.kind = OriginPolicy::Kind::any}});
  EXPECT_EQ(status_with("Origin: http://evil.example\r\n"), 101);
}

// ---- limits and times

TEST_F(WebSocketEndpoint, ClosesByTheCodeOfAViolation) {
  start({.message_bytes = 100, .fragments = 8});
  const auto code_of = [&](const std::string& frames) {
    WebSocketPeer peer(server.port, "/ws");
    peer.send(frames);
    const std::string code = peer.hear_close();
    EXPECT_TRUE(journal.next().starts_with(code.substr(6)));
    return code;
  };
  EXPECT_EQ(code_of(raw_frame(0x83, "")), "close 1002");
  EXPECT_EQ(code_of(text_frame("\xff")), "close 1007");
  EXPECT_EQ(code_of(text_frame(std::string(101, 'x'))), "close 1009");
  std::string fragments = raw_frame(0x01, "");
  for (int i = 0; i < 10; ++i) fragments += raw_frame(0x00, "");
  EXPECT_EQ(code_of(fragments), "close 1008");
  EXPECT_TRUE(server.counts(&Stats::violations, 4));
}

TEST_F(WebSocketEndpoint, HasALimitByDefault) {  // ws CVE-2016-10542, uWebSockets CVE-2016-10544
  start();
  WebSocketPeer peer(server.port, "/ws");
  peer.send(std::string("\x82\xff\0\0\0\0\0\x10\0\1", 10));  // the head of 1 MiB and a byte
  EXPECT_EQ(peer.hear(), "close 1009");
}

TEST_F(WebSocketEndpoint, PingsASilentPeerAndKeepsItWhenItAnswers) {
  start({.idle_timeout = 200ms});
  WebSocketPeer peer(server.port, "/ws");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(peer.hear(), "ping:");
    peer.send(raw_frame(0x8a, ""));
  }
  EXPECT_TRUE(journal.empty());
}

TEST_F(WebSocketEndpoint, ClosesASilentPeer) {
  start({.idle_timeout = 50ms});
  WebSocketPeer peer(server.port, "/ws");
  EXPECT_EQ(peer.hear(), "ping:");
  EXPECT_EQ(peer.hear(), "close 1001");
  EXPECT_EQ(journal.next(), "1006 idle timeout");
}

TEST_F(WebSocketEndpoint, PingsAsOftenAsItIsTold) {
  start({.idle_timeout = 0ms, .ping_interval = 20ms});
  WebSocketPeer peer(server.port, "/ws");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.hear(), "ping:");  // and no answer is waited for
  EXPECT_TRUE(journal.empty());
}

TEST_F(WebSocketEndpoint, PingsSeveralTimesBeforeItClosesASilentPeer) {
  start({.idle_timeout = 200ms, .ping_interval = 50ms});
  WebSocketPeer peer(server.port, "/ws");
  EXPECT_EQ(peer.hear(), "ping:");
  EXPECT_EQ(peer.hear(), "ping:");
  EXPECT_EQ(peer.hear_until("close"), "close 1001");
}

TEST_F(WebSocketEndpoint, DoesNotWaitForACloseForEver) {
  start(
      {.on_message = [](WebSocket& ws, Message) { ws.close(4000, "go"); }, .close_timeout = 30ms});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("x");
  EXPECT_EQ(peer.hear(), "close 4000");
  EXPECT_EQ(journal.next(), "1006");
  EXPECT_EQ(peer.hear(), "end");
}

TEST_F(WebSocketEndpoint, TellsHowItEnded) {
  start();
  WebSocketPeer with_code(server.port, "/ws");
  with_code.send(raw_frame(0x88,
                           "\x0f\xa1"
                           "bye"));
  EXPECT_EQ(with_code.hear(), "close 4001");
  EXPECT_EQ(journal.next(), "4001 bye");
  WebSocketPeer without(server.port, "/ws");
  without.send(raw_frame(0x88, ""));
  EXPECT_EQ(without.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "1005");
  WebSocketPeer half(server.port, "/ws");
  half.send(raw_frame(0x81, "cut").substr(0, 3));
  half.end();
  EXPECT_EQ(journal.next(), "1006");
  WebSocketPeer gone(server.port, "/ws");
  gone.reset();
  EXPECT_EQ(journal.next(), "1006");
}

TEST_F(WebSocketEndpoint, SendsOnlyTheReasonThatItWasGiven) {  // CVE-2026-45736
  start({.on_message = [](WebSocket& ws, Message message) { ws.close(4000, message.data); }});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("why");
  EXPECT_EQ(peer.read(7),
            "\x88\x05\x0f\xa0"
            "why");
}

// ---- handlers

TEST_F(WebSocketEndpoint, MayBeClosedWithinAnyHandler) {  // lws CVE-2025-11677 and its kin
  start({.on_open =
             [](WebSocket& ws) {
               if (ws.request().query == "open") ws.close(4001);
               if (ws.request().query == "throw") throw std::runtime_error("open");
             },
         .on_message =
             [](WebSocket& ws, Message message) {
               if (message.data == "throw") throw std::runtime_error("message");
               if (message.data == "throw an int") throw 1;
               ws.close(4002);
               EXPECT_EQ(ws.send(text("late")), SendOutcome::closed);
               ws.close(4003);
             },
         .on_close =
             [this](WebSocket& ws, std::uint16_t code, std::string_view) {
               ws.close(4004);
               EXPECT_EQ(ws.send(text("late")), SendOutcome::closed);
               ws.subscribe("late");
               ws.ref().send(text("later"));
               journal.note("closed " + std::to_string(code));
               if (code == 4000) throw std::runtime_error("close");
             }});
  WebSocketPeer in_open(server.port, "/ws?open");
  EXPECT_EQ(in_open.hear(), "close 4001");
  in_open.say_close(4001);
  EXPECT_EQ(journal.next(), "closed 4001");
  WebSocketPeer throwing(server.port, "/ws?throw");
  EXPECT_EQ(throwing.hear(), "close 1011");
  throwing.say_close(1011);
  EXPECT_EQ(journal.next(), "closed 1011");
  for (const char* message : {"throw", "throw an int"}) {
    WebSocketPeer peer(server.port, "/ws");
    peer.say(message);
    EXPECT_EQ(peer.hear(), "close 1011");
    peer.reset();
    EXPECT_EQ(journal.next(), "closed 1006");
  }
  WebSocketPeer in_message(server.port, "/ws");
  in_message.send(text_frame("a") + text_frame("b") + close_frame(4002));
  EXPECT_EQ(in_message.hear(), "close 4002");
  EXPECT_EQ(journal.next(), "closed 4002");
  WebSocketPeer in_close(server.port, "/ws");
  in_close.say_close(4000);
  EXPECT_EQ(in_close.hear(), "close 4000");
  EXPECT_EQ(journal.next(), "closed 4000");
  WebSocketPeer reset(server.port, "/ws");
  reset.reset();
  EXPECT_EQ(journal.next(), "closed 1006");
  server.server.topic("late").publish(text("nobody"));
  EXPECT_TRUE(server.counts(&Stats::messages_out, 0));
}

TEST_F(WebSocketEndpoint, SurvivesAResetAtEachByteOfAHandshake) {  // CVE-2022-41940
  start();
  const std::string bytes = upgrade_request("/ws") + text_frame("hello");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    Peer peer(server.port);
    peer.send(bytes.substr(0, cut));
    peer.reset();
  }
  WebSocketPeer peer(server.port, "/ws");
  peer.say("alive");
  EXPECT_EQ(peer.hear(), "alive");
}

TEST_F(WebSocketEndpoint, KeepsItsData) {
  start({.on_open = [](WebSocket& ws) { ws.data() = 0; },
         .on_message =
             [](WebSocket& ws, Message) {
               ws.send(text(std::to_string(++std::any_cast<int&>(ws.data()))));
             }});
  WebSocketPeer peer(server.port, "/ws");
  for (const char* count : {"1", "2", "3"}) {
    peer.say("x");
    EXPECT_EQ(peer.hear(), count);
  }
}

}  // namespace
}  // namespace naru::test
