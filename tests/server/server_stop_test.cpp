// Server::stop: everybody is told, nobody is waited for longer than drain_timeout.
#include "support/test_server.hpp"

#include <atomic>
#include <future>
#include <string>
#include <vector>

namespace naru::test {
namespace {

TEST(ServerStop, TellsEverybody) {
  TestServer server(4);
  Journal reasons;
  server.server.websocket("/ws", {});
  server.server.socketio().root().on_disconnect(
      [&](Socket&, std::string_view reason) { reasons.note(std::string(reason)); });
  server.start();
  std::vector<WebSocketPeer> peers;
  for (int i = 0; i < 16; ++i) peers.emplace_back(server.port, "/ws");
  Engine engine(server, "/socket.io/");
  WebSocketPeer joined = engine.open_websocket();
  joined.say("40");
  EXPECT_TRUE(joined.hear().starts_with("40{"));
  Peer idle(server.port);
  EXPECT_EQ(idle.get("/nothing").status, 404);

  auto stopped = std::async(std::launch::async, [&] { server.server.stop(); });
  for (WebSocketPeer& peer : peers) {
    EXPECT_EQ(peer.hear(), "close 1001");
    peer.say_close(1001);
    peer.end();
  }
  EXPECT_EQ(joined.hear_close(), "close 1001");  // no DISCONNECT before: clients reconnect
  joined.end();
  EXPECT_TRUE(idle.ended());
  idle.end();
  EXPECT_EQ(reasons.next(), "server shutting down");
  stopped.get();
}

TEST(ServerStop, AnswersAPollThatWaits) {
  TestServer server(1);
  server.server.engineio("/engine.io/", {});
  server.start();
  Engine engine(server, "/engine.io/");
  const std::string sid = engine.open_session();
  Peer poll(server.port);
  poll.ask("GET", engine.target("polling", sid));
  auto stopped = std::async(std::launch::async, [&] { server.server.stop(); });
  const Answer answer = poll.answer();
  EXPECT_TRUE(answer.body == "1" ||
              answer.body ==
                  "6\x1e"
                  "1" ||
              answer.status == 0)
      << answer.body;  // 0: stop() came before the poll
  poll.leave();
  stopped.get();
}

TEST(ServerStop, DoesNotWaitForPeersThatNeverAnswer) {
  TestServer server(2, 50ms);
  server.server.websocket("/ws", {});
  server.start();
  WebSocketPeer silent(server.port, "/ws");
  server.server.stop();
  EXPECT_EQ(silent.hear(), "close 1001");
  EXPECT_EQ(silent.hear(), "end");
}

// Handlers run once more when what is left is torn down; what they send goes nowhere.
TEST(ServerStop, LetsHandlersPublishToTheEnd) {
  std::vector<WebSocketPeer> peers;
  WebSocketRef first;
  {
    TestServer server(4, 20ms);
    std::promise<WebSocketRef> opened;
    std::atomic<int> open = 0;
    Namespace& root = server.server.socketio().root();
    server.server.websocket("/ws", {.on_open =
                                        [&](WebSocket& ws) {
                                          ws.subscribe("news");
                                          if (open++ == 0) opened.set_value(ws.ref());
                                        },
                                    .on_close =
                                        [&](WebSocket&, std::uint16_t, std::string_view) {
                                          server.server.topic("news").publish(text("one has left"));
                                          root.emit("left");
                                          first.send(text("bye"));
                                        }});
    server.start();
    for (int i = 0; i < 16; ++i) peers.emplace_back(server.port, "/ws");
    first = opened.get_future().get();
  }
  for (WebSocketPeer& peer : peers) EXPECT_EQ(peer.hear_until("end"), "end");
}

TEST(ServerStop, MayComeTwiceOrNeverStarted) {
  TestServer server;
  server.server.websocket("/ws", {});
  server.start();
  server.server.stop();
  server.server.stop();
  Server unused;
  unused.stop();
}

// A Topic that a handler keeps must not keep the server alive.
TEST(ServerStop, FreesAServerWhoseHandlersKeepTopics) {
  TestServer server;
  const Topic topic = server.server.topic("news");
  server.server.websocket(
      "/ws", {.on_message = [topic](WebSocket&, Message message) { topic.publish(message); }});
  server.start();
}

}  // namespace
}  // namespace naru::test
