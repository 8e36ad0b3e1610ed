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
                                    .on_close = [&](WebSocket&, std::uint16_t, std::string_view) {
                                      journal.note("closed");
                                    }});
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
  server.server.websocket("/ws", {.on_message =
                                      [&](WebSocket& ws, Message message) {
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

class SlowConsumer : public ::testing::Test {
 protected:
  // Opens a WebSocket that will not read; what is published to "news" is for it.
  void start(WebSocketOptions options) {
    options.on_open = [this](WebSocket& ws) {
      ws.subscribe("news");
      opened.set_value(ws.ref());
    };
    options.on_close = [this](WebSocket&, std::uint16_t code, std::string_view) {
      journal.note("closed " + std::to_string(code));
    };
    server.server.websocket("/ws", std::move(options));
    server.start();
    EXPECT_EQ(peer().open("/ws").status, 101);
    ref = opened.get_future().get();
  }
  WebSocketPeer& peer() {
    if (!peer_) peer_.emplace(server.port, Wire::tcp, 4096);
    return *peer_;
  }
  // Publishes until `counter` has risen.
  void publish_until(std::uint64_t Stats::* counter, Topic::Delivery delivery) {
    const std::string message(50'000, 'x');
    for (int i = 0; i < 20'000 && server.server.stats().*counter == 0; ++i) {
      server.server.topic("news").publish(text(message), delivery);
      std::promise<void> turn;
      ref.with([&](WebSocket&) { turn.set_value(); });
      if (server.server.stats().*counter == 0) {
        turn.get_future().wait_for(1ms);  // it never comes when the socket has gone meanwhile
      }
      server.server.stats();
      std::promise<void>().swap(turn);
    }
  }

  Journal journal;
  std::promise<WebSocketRef> opened;
  TestServer server;
  WebSocketRef ref;

 private:
  std::optional<WebSocketPeer> peer_;
};

}  // namespace
}  // namespace naru::test
