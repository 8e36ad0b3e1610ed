// References to plain WebSockets.
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
  server.server.websocket(
      "/ws", {.on_open = [&](WebSocket& ws) { opened.set_value(ws.ref()); }, .keep_request = true});
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

TEST(WebSocketRef, IsTheSameHoweverOftenItIsAskedFor) {
  std::promise<std::vector<WebSocketRef>> opened;
  TestServer server;
  server.server.websocket("/ws", {.on_open = [&](WebSocket& ws) {
                            std::vector<WebSocketRef> refs;
                            for (int i = 0; i < 3; ++i) refs.push_back(ws.ref());
                            opened.set_value(std::move(refs));
                          }});
  server.start();
  WebSocketPeer peer(server.port, "/ws");
  for (const WebSocketRef& ref : opened.get_future().get()) {
    ref.send(binary(as_bytes("x")), {.compress = false, .droppable = true, .key = "k"});
    EXPECT_EQ(peer.hear(), "binary:x");
  }
}

}  // namespace
}  // namespace naru::test
