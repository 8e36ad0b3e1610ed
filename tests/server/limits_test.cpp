// What peers can make grow at the server as a whole: connections, and sessions that outlive them.
#include "support/test_server.hpp"

#include <string>

namespace naru::test {
namespace {

TEST(ServerLimits, TurnsAwayConnectionsAboveTheLimit) {
  TestServer server(ServerOptions{.loops = 1, .connections = 2});
  server.start();
  Peer first(server.port);
  EXPECT_EQ(first.get("/").status, 404);
  {
    Peer second(server.port);
    EXPECT_EQ(second.get("/").status, 404);
    EXPECT_EQ(Peer(server.port).read_to_end(), "");
    EXPECT_TRUE(server.counts(&Stats::refused, 1));
    EXPECT_EQ(first.get("/").status, 404);  // nobody else notices
  }
  // Once one has gone there is room again; the server hears of it in its own time.
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  int status = 0;
  while (status != 404 && std::chrono::steady_clock::now() < give_up) {
    Peer next(server.port);
    next.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string answer = next.read_to_end();
    status = answer.starts_with("HTTP/1.1 404") ? 404 : 0;
  }
  EXPECT_EQ(status, 404);
}

TEST(ServerLimits, RefusesSessionsAboveTheLimit) {
  TestServer server(ServerOptions{.loops = 1, .sessions = 2});
  server.server.engineio("/engine.io/", {});
  server.start();
  Engine engine(server, "/engine.io/");
  const std::string sid = engine.open_session();
  WebSocketPeer websocket = engine.open_websocket();
  const Answer refused = Peer(server.port).get(engine.target("polling"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.field("retry-after"), "5");
  WebSocketPeer late{Peer(server.port)};
  EXPECT_EQ(late.open(engine.target("websocket")).status, 503);
  EXPECT_EQ(engine.post(sid, "1").body, "ok");  // one ends, and there is room again
  EXPECT_FALSE(engine.open_session().empty());
}

}  // namespace
}  // namespace naru::test
