// Long messages piece by piece, both ways; pings.
#include "support/test_server.hpp"

#include <string>

namespace naru::test {
namespace {

TEST(WebSocketParts, ComeAsTheyArrive) {
  Journal journal;
  TestServer server;
  server.server.websocket(
      "/ws", {.on_message = [&](WebSocket&, Message) { journal.note("whole"); },
              .on_part =
                  [&](WebSocket&, MessagePart part) {
                    journal.note(std::string(part.first ? "[" : "") + std::string(part.data) +
                                 (part.last ? "]" : "") + (part.binary ? "b" : ""));
                  }});
  server.start();
  WebSocketPeer peer(server.port, "/ws");
  peer.send(raw_frame(0x01, "one "));
  EXPECT_EQ(journal.next(), "[one ");  // nobody waits for the rest
  peer.send(raw_frame(0x00, "two "));
  EXPECT_EQ(journal.next(), "two ");
  const std::string frame = raw_frame(0x80, "three");
  peer.send(frame.substr(0, 8));
  EXPECT_EQ(journal.next(), "th");
  peer.send(frame.substr(8));
  EXPECT_EQ(journal.next(), "ree]");
  peer.say_binary("whole");
  EXPECT_EQ(journal.next(), "[whole]b");
  EXPECT_TRUE(server.counts(&Stats::messages_in, 2));
}

TEST(WebSocketParts, AreHeldToTheLimitsOfTheWhole) {
  Journal journal;
  TestServer server;
  server.server.websocket(
      "/ws", {.on_part = [](WebSocket&, MessagePart) {},
              .on_close = [&](WebSocket&, std::uint16_t code,
                              std::string_view) { journal.note(std::to_string(code)); },
              .message_bytes = 100,
              .fragments = 4});
  server.start();
  WebSocketPeer large(server.port, "/ws");
  large.send(raw_frame(0x01, std::string(60, 'x')) + raw_frame(0x00, std::string(60, 'x')));
  EXPECT_EQ(large.hear_close(), "close 1009");
  EXPECT_EQ(journal.next(), "1009");
  WebSocketPeer many(server.port, "/ws");
  many.send(raw_frame(0x01, "x"));
  for (int i = 0; i < 5; ++i) many.send(raw_frame(0x00, "x"));
  EXPECT_EQ(many.hear_close(), "close 1008");
  WebSocketPeer bad(server.port, "/ws");
  bad.send(raw_frame(0x01, "\xc3") + raw_frame(0x80, "x"));
  EXPECT_EQ(bad.hear_close(), "close 1007");
}

TEST(WebSocketParts, CloseFromWithinAPart) {
  TestServer server;
  server.server.websocket("/ws", {.on_part = [](WebSocket& ws, MessagePart part) {
                            if (part.data == "throw") throw std::runtime_error("part");
                            ws.close(4000);
                          }});
  server.start();
  WebSocketPeer closed(server.port, "/ws");
  closed.send(raw_frame(0x01, "a") + raw_frame(0x00, "b") + raw_frame(0x80, "c"));
  EXPECT_EQ(closed.hear_close(), "close 4000");
  WebSocketPeer thrown(server.port, "/ws");
  thrown.send(raw_frame(0x01, "throw") + raw_frame(0x80, "c"));
  EXPECT_EQ(thrown.hear_close(), "close 1011");
}

// The frames, as they are on the wire.
std::string frame(unsigned first, std::string_view payload) {
  return std::string(1, static_cast<char>(first)) + static_cast<char>(payload.size()) +
         std::string(payload);
}

TEST(WebSocketParts, AreSentWithoutOtherMessagesBetween) {
  for (const SlowConsumer policy : {SlowConsumer::disconnect, SlowConsumer::drop_newest,
                                    SlowConsumer::drop_oldest, SlowConsumer::keep_latest}) {
    TestServer server;
    server.server.websocket(
        "/ws", {.on_message =
                    [&](WebSocket& ws, Message) {
                      ws.subscribe("news");
                      EXPECT_EQ(ws.send_part(text("one "), Part::more), SendOutcome::sent);
                      EXPECT_EQ(ws.send(text("later")), SendOutcome::blocked);
                      server.server.topic("news").publish(binary(as_bytes("news")));
                      ws.ping("beat");
                      EXPECT_GE(ws.buffered_amount(), 9U);
                      EXPECT_EQ(ws.send_part(binary(as_bytes("two ")), Part::more),
                                SendOutcome::sent);
                      EXPECT_EQ(ws.send_part(text("three"), Part::last), SendOutcome::sent);
                      EXPECT_EQ(ws.send(text("last")), SendOutcome::sent);
                    },
                .slow_consumer = policy});
    server.start();
    WebSocketPeer peer(server.port, "/ws");
    peer.say("go");
    const std::string expected = frame(0x01, "one ") + frame(0x89, "beat") + frame(0x00, "two ") +
                                 frame(0x80, "three") + frame(0x81, "later") + frame(0x82, "news") +
                                 frame(0x81, "last");
    EXPECT_EQ(peer.read(expected.size()), expected);
    EXPECT_TRUE(server.counts(&Stats::messages_out, 4));
    EXPECT_EQ(server.server.stats().dropped, 0U);
  }
}

TEST(WebSocketParts, MayBeLeftUnfinishedByAClose) {
  TestServer server;
  server.server.websocket("/ws", {.on_message = [&](WebSocket& ws, Message) {
                            ws.send_part(text("one"), Part::more);
                            ws.send(text("never"));
                            ws.close(4000);
                            EXPECT_EQ(ws.send_part(text("x"), Part::last), SendOutcome::closed);
                          }});
  server.start();
  WebSocketPeer peer(server.port, "/ws");
  peer.say("go");
  const std::string expected = frame(0x01, "one") + frame(0x88, "\x0f\xa0");
  EXPECT_EQ(peer.read(expected.size()), expected);
}

// What waits behind an unfinished message is held to the limit too.
TEST(WebSocketParts, KeepTheLimitOfWhatWaitsBehindThem) {
  for (const SlowConsumer policy : {SlowConsumer::disconnect, SlowConsumer::drop_newest,
                                    SlowConsumer::drop_oldest, SlowConsumer::keep_latest}) {
    Journal journal;
    TestServer server;
    server.server.websocket(
        "/ws", {.on_message =
                    [&](WebSocket& ws, Message) {
                      ws.send_part(text("one"), Part::more);
                      std::size_t most = 0;
                      for (int i = 0; i < 1000; ++i) {
                        if (ws.send(text(std::string(1000, 'x'))) == SendOutcome::closed) break;
                        most = std::max(most, ws.buffered_amount());
                      }
                      EXPECT_LE(most, 100'000U);
                      EXPECT_GE(most, 90'000U);
                      journal.note("looked");
                    },
                .high_watermark = 1000,
                .limit = 100'000,
                .slow_consumer = policy});
    server.start();
    WebSocketPeer peer(server.port, "/ws");
    peer.say("go");
    EXPECT_EQ(journal.next(), "looked");
    const bool disconnects = policy == SlowConsumer::disconnect;
    EXPECT_TRUE(server.counts(&Stats::slow_closed, disconnects ? 1 : 0));
    EXPECT_EQ(server.server.stats().dropped > 800, !disconnects);
  }
}

TEST(WebSocketParts, CloseAConsumerThatIsSlowForThem) {
  for (const SlowConsumer policy : {SlowConsumer::disconnect, SlowConsumer::drop_oldest}) {
    TestServer server;
    server.server.websocket(
        "/ws", {.on_message =
                    [](WebSocket& ws, Message) {
                      const std::string piece(100'000, 'x');
                      while (ws.send_part(text(piece), Part::more) != SendOutcome::closed) {
                      }
                    },
                .limit = 1'000'000,
                .slow_consumer = policy});
    server.start();
    WebSocketPeer peer(server.port, "/ws");
    peer.say("go");
    EXPECT_TRUE(server.counts(&Stats::slow_closed, 1));
  }
}

// A long message that its sender feeds as fast as the peer reads.
TEST(WebSocketParts, GoOnWhenTheQueueHasDrained) {
  constexpr int kPieces = 400;
  const std::string piece(50'000, 'x');
  TestServer server;
  const auto feed = [&](WebSocket& ws) {
    int& sent = std::any_cast<int&>(ws.data());
    while (sent < kPieces) {
      ++sent;
      if (ws.send_part(binary(as_bytes(piece)), sent == kPieces ? Part::last : Part::more) ==
          SendOutcome::blocked) {
        EXPECT_LT(ws.buffered_amount(), 200'000U);
        return;
      }
    }
  };
  server.server.websocket("/ws", {.on_message =
                                      [&](WebSocket& ws, Message) {
                                        ws.data() = 0;
                                        feed(ws);
                                      },
                                  .on_drain = feed});
  server.start();
  WebSocketPeer peer(server.port, "/ws");
  peer.say("go");
  const std::string head = std::string("\x7e\xc3\x50", 3);
  for (int i = 1; i <= kPieces; ++i) {
    const char first = static_cast<char>((i == 1 ? 0x02U : 0x00U) | (i == kPieces ? 0x80U : 0U));
    ASSERT_EQ(peer.read(4), first + head) << i;
    ASSERT_EQ(peer.read(piece.size()), piece) << i;
  }
}

TEST(WebSocketPing, IsAnsweredToOnPong) {
  Journal journal;
  TestServer server;
  server.server.websocket("/ws", {.on_open = [](WebSocket& ws) { ws.ping("beat"); },
                                  .on_pong =
                                      [&](WebSocket& ws, std::string_view payload) {
                                        journal.note("pong " + std::string(payload));
                                        if (payload == "close") ws.close(4000);
                                        if (payload == "throw") throw std::runtime_error("pong");
                                      }});
  server.start();
  WebSocketPeer peer(server.port, "/ws");
  EXPECT_EQ(peer.hear(), "ping:beat");
  peer.send(raw_frame(0x8a, "beat"));
  EXPECT_EQ(journal.next(), "pong beat");
  peer.send(raw_frame(0x8a, "close"));
  EXPECT_EQ(peer.hear_close(), "close 4000");
  WebSocketPeer other(server.port, "/ws");
  other.send(raw_frame(0x8a, "throw"));
  EXPECT_EQ(other.hear_close(), "close 1011");
}

}  // namespace
}  // namespace naru::test
