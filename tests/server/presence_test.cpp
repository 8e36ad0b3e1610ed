#include "naru/push.hpp"
#include "server/push_world.hpp"

#include <future>

namespace naru::test {
namespace {

// Topics below "room/" keep presence, of three at most those below "room/few/".
struct PresenceServer : TestServer {
  explicit PresenceServer(unsigned loops = 1) : TestServer(loops) {
    server.topics("room/", {.presence = {.members = 100, .linger = 10ms}});
    server.topics("room/long/", {.presence = {.members = 100, .linger = 1h}});
    server.topics("room/few/",
                  {.presence = {.members = 2, .linger = 10ms, .count_interval = 10ms}});
    server.topics("room/keyed/", {.presence = {.members = 100}, .subscribe = Access::key});
    server.push("/push/", {.keys = {"s3cret"}});
    server.push_api("/api/", {.keys = {"s3cret"}});
    server.websocket("/ws/:topic", {.on_open =
                                        [](WebSocket& ws) {
                                          const std::string topic(ws.request().parameter("topic"));
                                          ws.subscribe(topic);
                                        },
                                    .on_message =
                                        [](WebSocket& ws, Message name) {
                                          ws.subscribe("room/a",
                                                       {.client = std::string(name.data)});
                                          ws.send(naru::text("done"));
                                        }});
    start();
  }
  std::string presence(std::string_view topic) const {
    Peer peer(port);
    return peer.get("/api/presence?topic=" + std::string(topic), kAuthorization).body;
  }
};

// The data of the next event.
std::string data_of(Stream& stream) {
  const std::string event = stream.event();
  const auto at = event.find("data: ");
  return at == std::string::npos ? event : event.substr(at + 6);
}

// One who watches `topic`, and has read who is there.
struct Watcher : Stream {
  Watcher(const TestServer& server, const std::string& topic)
      : Stream(server, "/push/$presence:" + topic) {
    event();  // "subscribed"
    first = data_of(*this);
  }
  std::string first;
};

TEST(Presence, TellsWhoComesAndWhoGoes) {
  PresenceServer server;
  Watcher watcher(server, "room/a");
  EXPECT_EQ(watcher.first, R"({"change":"list","clients":0,"members":[]})");
  {
    Stream ann(server, "/push/room/a?client=c1&user=Ann&info=%7B%22age%22:7%7D");
    const std::string joined = watcher.event();
    EXPECT_TRUE(joined.starts_with("id: ")) << joined;
    EXPECT_TRUE(
        joined.ends_with("\nevent: presence\ndata: {\"change\":\"join\",\"clients\":1,"
                         "\"client\":\"c1\",\"user\":\"Ann\",\"info\":{\"age\":7}}"))
        << joined;
    EXPECT_EQ(Watcher(server, "room/a").first,
              R"({"change":"list","clients":1,"members":[{"client":"c1","user":"Ann",)"
              R"("info":{"age":7}}]})");
  }
  EXPECT_EQ(data_of(watcher),
            R"({"change":"leave","clients":0,"client":"c1","user":"Ann","info":{"age":7}})");
}

TEST(Presence, IsSilentAboutWhoReconnects) {
  PresenceServer server(2);
  {
    Stream ann(server, "/push/room/long/a?client=c1");
  }
  Watcher watcher(server, "room/long/a");
  Stream again(server, "/push/room/long/a?client=c1");
  Stream ben(server, "/push/room/long/a?client=c2");
  while (watcher.first.find("c1") == std::string::npos) watcher.first = data_of(watcher);
  std::string next = data_of(watcher);
  EXPECT_EQ(next, R"({"change":"join","clients":2,"client":"c2"})");
}

TEST(Presence, IsOneOverAllLoops) {
  PresenceServer server(3);
  Watcher watcher(server, "room/a");
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 8; ++i) {
    streams.push_back(
        std::make_unique<Stream>(server, "/push/room/a?client=c" + std::to_string(i)));
    EXPECT_EQ(data_of(watcher), R"({"change":"join","clients":)" + std::to_string(i + 1) +
                                    R"(,"client":"c)" + std::to_string(i) + "\"}");
  }
  streams.clear();
  std::string last;
  for (int i = 0; i < 8; ++i) last = data_of(watcher);
  EXPECT_TRUE(last.starts_with(R"({"change":"leave","clients":0,)")) << last;
}

TEST(Presence, IsANumberOfTooMany) {
  PresenceServer server;
  Watcher watcher(server, "room/few/a");
  std::vector<std::unique_ptr<Stream>> streams;
  const auto come = [&](int i) {
    streams.push_back(
        std::make_unique<Stream>(server, "/push/room/few/a?client=c" + std::to_string(i)));
    return data_of(watcher);
  };
  come(1);
  come(2);
  EXPECT_EQ(come(3), R"({"change":"count","clients":3})");
  EXPECT_EQ(come(4), R"({"change":"count","clients":4})");
  EXPECT_EQ(Watcher(server, "room/few/a").first, R"({"change":"count","clients":4})");
  streams[3]->event();
  EXPECT_EQ(server.presence("room/few/a"),
            "{\"topic\":\"room/few/a\",\"subscribers\":4,\"clients\":4}\n");
  streams.erase(streams.begin(), streams.begin() + 2);
  std::string change;
  while (!change.starts_with(R"({"change":"list")")) change = data_of(watcher);
  EXPECT_EQ(change, R"({"change":"list","clients":2,"members":[{"client":"c3"},{"client":"c4"}]})");
}

TEST(Presence, IsToldToPollsOnceItChanges) {
  PresenceServer server;
  Watcher watcher(server, "room/a");
  Peer peer(server.port);
  const std::string target = "/push/$presence:room/a?wait=0";
  const std::string nobody = peer.get(target).body;
  EXPECT_NE(nobody.find(R"("clients":0)"), std::string::npos) << nobody;
  const auto again = [&](const std::string& cursor) {
    return peer.get(target, "If-None-Match: \"" + cursor + "\"\r\n");
  };
  EXPECT_EQ(again(member(nobody, "cursor")).status, 304);
  Stream ann(server, "/push/room/a?client=c1");
  data_of(watcher);
  const Answer changed = again(member(nobody, "cursor"));
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(changed.body.find(R"("members":[{"client":"c1"}])"), std::string::npos);
  EXPECT_EQ(again(member(changed.body, "cursor")).status, 304);
}

// Beside the topic itself, in one stream.
TEST(Presence, ComesWithTheMessages) {
  PresenceServer server;
  Stream both(server, "/push/room/a,$presence:room/a?client=me");
  both.event();
  std::string event = both.event();
  while (event.find("\"me\"") == std::string::npos) event = both.event();
  EXPECT_NE(event.find(R"("topic":"$presence:room/a")"), std::string::npos) << event;
  server.server.topic("room/a").publish(naru::text("hello"));
  EXPECT_NE(both.event().find(R"("topic":"room/a","data":"hello")"), std::string::npos);
}

TEST(Presence, KnowsPollersAndPlainWebSockets) {
  PresenceServer server;
  WebSocketPeer watcher(server.port, "/ws/$presence:room%2Fa");
  EXPECT_EQ(watcher.hear(), R"({"change":"list","clients":0,"members":[]})");
  {
    WebSocketPeer ann(server.port, "/ws/other");
    ann.say("ann");
    EXPECT_EQ(ann.hear(), "done");
    EXPECT_EQ(watcher.hear(), R"({"change":"join","clients":1,"client":"ann"})");
  }
  EXPECT_EQ(watcher.hear(), R"({"change":"leave","clients":0,"client":"ann"})");
  Peer poll(server.port);
  poll.get("/push/room/a?wait=0&client=ben");
  EXPECT_EQ(watcher.hear(), R"({"change":"join","clients":1,"client":"ben"})");
}

TEST(Presence, IsKeptForTheProgram) {
  PresenceServer server(2);
  const Topic topic = server.server.topic("room/long/a");
  Attendance ann = topic.enter({.client = "ann", .user = "Ann"});
  const Attendance none = server.server.topic("elsewhere").enter({.client = "ann"});
  const auto report = [&topic] {
    std::promise<PresenceReport> promise;
    topic.presence([&promise](const PresenceReport& told) { promise.set_value(told); });
    return promise.get_future().get();
  };
  EXPECT_EQ(report().clients, 1U);
  EXPECT_EQ(report().members, (std::vector<Member>{{.client = "ann", .user = "Ann"}}));
  EXPECT_EQ(server.presence("room/long/a"),
            "{\"topic\":\"room/long/a\",\"subscribers\":0,\"clients\":1,"
            "\"members\":[{\"client\":\"ann\",\"user\":\"Ann\"}]}\n");
  EXPECT_THROW(static_cast<void>(topic.enter({.client = ""})), std::invalid_argument);
  server.server.stop();
  ann.end();
}

TEST(Presence, RemembersNoMoreThanItsBytes) {
  PresenceServer server;
  constexpr std::size_t kMany = 60'000;
  const std::string info = '"' + std::string(1022, 'i') + '"';
  std::vector<Attendance> attendances;
  const Topic topic = server.server.topic("room/long/a");
  for (std::size_t i = 0; i < kMany; ++i) {
    attendances.push_back(topic.enter({.client = std::to_string(i), .info = info}));
  }
  std::promise<std::size_t> seen;
  topic.presence([&seen](const PresenceReport& report) { seen.set_value(report.clients); });
  const std::size_t clients = seen.get_future().get();
  EXPECT_GT(clients, 30'000U);
  EXPECT_LT(clients * info.size(), std::size_t{64} << 20U);
  EXPECT_LT(clients, kMany);
}

TEST(Presence, RefusesWhatNoMemberCanBe) {
  PresenceServer server;
  Peer peer(server.port);
  const auto status = [&peer](const std::string& query) {
    return peer.get("/push/room/a?wait=0&" + query).status;
  };
  EXPECT_EQ(status("client=" + std::string(64, 'a')), 200);
  EXPECT_EQ(status("client=" + std::string(65, 'a')), 400);
  EXPECT_EQ(status("client="), 400);
  EXPECT_EQ(status("client=a%0ab"), 400);
  EXPECT_EQ(status("client=%ff"), 400);
  EXPECT_EQ(status("client=a&user=" + std::string(100, 'u')), 200);
  EXPECT_EQ(status("client=a&user=" + std::string(101, 'u')), 400);
  EXPECT_EQ(status("client=a&info=%22" + std::string(1022, 'i') + "%22"), 200);
  EXPECT_EQ(status("client=a&info=%22" + std::string(1023, 'i') + "%22"), 400);
  EXPECT_EQ(status("client=a&info=%7B"), 400);
}

TEST(Presence, IsReadByWhoMayReadTheTopic) {
  PresenceServer server;
  Peer peer(server.port);
  EXPECT_EQ(peer.get("/push/$presence:room/keyed/a?wait=0").status, 401);
  EXPECT_EQ(peer.get("/push/$presence:room/keyed/a?wait=0", kAuthorization).status, 200);
  EXPECT_EQ(peer.get("/push/$presence:elsewhere?wait=0").status, 400);
  EXPECT_EQ(peer.get("/push/$presence:?wait=0").status, 400);
  EXPECT_EQ(peer.post("/api/publish", R"({"topic":"$presence:room/a","text":"x"})", kAuthorization)
                .status,
            400);
}

}  // namespace
}  // namespace naru::test
