// References, topics and slow consumers of plain WebSockets.
#include "support/test_server.hpp"

#include <future>
#include <string>
#include <thread>
#include <vector>

namespace naru::test {
namespace {

TEST(WebSocketRef, ReachesItsSocketFromAnyThread) {
  std::promise<WebSocketRef> opened;
  TestServer server;
  server.server.websocket("/ws", {.on_open = [&](WebSocket& ws) { opened.set_value(ws.ref()); }});
  server.start();
  WebSocketPeer peer(server.port, "/ws");
  const WebSocketRef ref = opened.get_future().get();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([ref] {
      for (int n = 0; n < 100; ++n) ref.send(text("hello"));
    });
  }
  for (int i = 0; i < 400; ++i) ASSERT_EQ(peer.hear(), "hello");
  for (std::thread& thread : threads) thread.join();
  ref.with([](WebSocket& ws) { ws.send(text(ws.request().path)); });
  EXPECT_EQ(peer.hear(), "/ws");
  ref.close(4000, "done");
  EXPECT_EQ(peer.hear(), "close 4000");
}

TEST(WebSocketRef, DoesNothingOnceItsSocketOrServerHasGone) {
  WebSocketRef nobody;
  nobody.send(text("x"));
  std::promise<WebSocketRef> opened;
  Journal journal;
  WebSocketRef ref;
  {
    TestServer server;
    server.server.websocket("/ws", {.on_open = [&](WebSocket& ws) { opened.set_value(ws.ref()); },
                                    .on_close = [&](WebSocket&, std::uint16_t,
                                                    std::string_view) { journal.note("closed"); }});
    server.start();
    {
      WebSocketPeer peer(server.port, "/ws");
      ref = opened.get_future().get();
    }
    EXPECT_EQ(journal.next(), "closed");
    ref.send(text("x"));
    ref.with([&](WebSocket&) { journal.note("found"); });
  }
  ref.send(text("x"));
  ref.close();
  EXPECT_TRUE(journal.empty());
}

// A task that throws ends its own socket, not the loop.
TEST(WebSocketRef, CatchesWhatATaskThrows) {
  std::promise<WebSocketRef> opened;
  TestServer server;
  server.server.websocket("/ws", {.on_open = [&](WebSocket& ws) { opened.set_value(ws.ref()); }});
  server.start();
  WebSocketPeer peer(server.port, "/ws");
  opened.get_future().get().with([](WebSocket&) { throw std::runtime_error("a task"); });
  EXPECT_EQ(peer.hear(), "close 1011");
}

TEST(Topic, ReachesSubscribersOnEveryLoopInOrder) {
  Journal journal;
  TestServer server(4);
  server.server.websocket("/ws", {.on_message = [&](WebSocket& ws, Message message) {
                            if (message.data == "leave") {
                              ws.unsubscribe("news");
                            } else if (message.data == "join") {
                              ws.subscribe("news");
                            } else {
                              server.server.topic("news").publish(message);
                            }
                            journal.note("done");
                          }});
  server.start();
  std::vector<WebSocketPeer> peers;
  for (int i = 0; i < 32; ++i) {
    peers.emplace_back(server.port, "/ws");
    peers.back().say("join");
    EXPECT_EQ(journal.next(), "done");
  }
  for (int i = 0; i < 200; ++i) peers[0].say(std::to_string(i));
  for (WebSocketPeer& peer : peers) {
    for (int i = 0; i < 200; ++i) ASSERT_EQ(peer.hear(), std::to_string(i));
  }
  for (int i = 0; i < 200; ++i) journal.next();
  peers[1].say("leave");
  EXPECT_EQ(journal.next(), "done");
  server.server.topic("news").publish(binary(as_bytes("last")));  // from a thread of our own
  EXPECT_EQ(peers[0].hear(), "binary:last");
  EXPECT_EQ(peers[2].hear(), "binary:last");
  peers[1].say_close();
  EXPECT_EQ(peers[1].hear(), "close 1000");
}

// ---- peers that do not read

const std::string kLarge(50'000, 'x');

// Does on its loop, to a peer that does not read, what a test says.
class SlowConsumer : public ::testing::Test {
 protected:
  void start(WebSocketOptions options) {
    options.on_close = [this](WebSocket&, std::uint16_t code, std::string_view) {
      journal.note("closed " + std::to_string(code));
    };
    options.on_drain = [this](WebSocket&) { journal.note("drained"); };
    server.server.websocket("/ws", std::move(options));
    server.start();
  }
  // Sends until the outcome is this.
  static void send_until(WebSocket& ws, SendOutcome wanted) {
    while (ws.send(text(kLarge)) != wanted) {
    }
  }
  Journal journal;
  TestServer server;
};

TEST_F(SlowConsumer, IsClosedAboveTheLimit) {
  start({.on_message = [](WebSocket& ws, Message) { send_until(ws, SendOutcome::closed); },
         .limit = 1'000'000});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("flood");
  EXPECT_EQ(journal.next(), "closed 1006");
  EXPECT_EQ(server.server.stats().slow_closed, 1U);
  EXPECT_EQ(peer.hear_until("end"), "end");
}

TEST_F(SlowConsumer, IsClosedByAPublicationAboveTheLimit) {
  start({.on_message =
             [this](WebSocket& ws, Message) {
               ws.subscribe("news");
               while (server.server.stats().slow_closed == 0) {
                 server.server.topic("news").publish(text(kLarge));
               }
             },
         .limit = 1'000'000});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("flood");
  EXPECT_EQ(journal.next(), "closed 1006");
}

TEST_F(SlowConsumer, MissesWhatIsDroppable) {
  start({.on_message = [this](WebSocket& ws, Message) {
    ws.subscribe("news");
    while (server.server.stats().dropped < 10) {
      server.server.topic("news").publish(text(kLarge), Topic::Delivery::droppable);
    }
    EXPECT_LT(ws.buffered_amount(), 200'000U);
    ws.send(text("not droppable"));
  }});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("flood");
  EXPECT_EQ(peer.hear_until("not"), "not droppable");
  EXPECT_EQ(server.server.stats().slow_closed, 0U);
}

TEST_F(SlowConsumer, IsToldWhenItHasReadAll) {
  start({.on_message = [](WebSocket& ws, Message) {
    send_until(ws, SendOutcome::blocked);
    ws.send(text("the last"));
  }});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("fill");
  EXPECT_EQ(peer.hear_until("the last"), "the last");
  EXPECT_EQ(journal.next(), "drained");
}

TEST_F(SlowConsumer, IsSentItsCloseBehindEverything) {
  start({.on_message = [](WebSocket& ws, Message) {
    send_until(ws, SendOutcome::blocked);
    ws.close(4000);
  }});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("fill");
  EXPECT_EQ(peer.hear_until("close"), "close 4000");
}

// KJ, and Own 9 of websocket.md 14: pongs to a peer that never reads take no memory.
TEST_F(SlowConsumer, CannotMakePongsPileUp) {
  std::promise<WebSocketRef> opened;
  start({.on_open = [&](WebSocket& ws) { opened.set_value(ws.ref()); }});
  WebSocketPeer peer(server.port, "/ws");
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += raw_frame(0x89, std::string(125, 'p'));
  for (int i = 0; i < 100; ++i) peer.send(pings);
  opened.get_future().get().with([&](WebSocket& ws) {
    EXPECT_LT(ws.buffered_amount(), 100'000U);
    journal.note("looked");
  });
  EXPECT_EQ(journal.next(), "looked");
}

}  // namespace
}  // namespace naru::test
