#include "naru/push.hpp"

#include "server/push_world.hpp"

#include <atomic>
#include <thread>

namespace naru::test {
namespace {

constexpr std::string_view kKey = "s3cret";

// Topics below "kept/" have a history, those below "keyed/" ask for a key, "hidden/" is closed.
struct PushServer : TestServer {
  explicit PushServer(unsigned loops = 1, PushOptions options = {}) : TestServer(loops) {
    options.keys = {std::string(kKey)};
    server.topics("kept/", {.history = {.count = 100}});
    server.topics("kept/few/", {.history = {.count = 2}});
    server.topics("keyed/", {.subscribe = Access::key});
    server.topics("hidden/", {.subscribe = Access::nobody, .publish = Access::nobody});
    server.push("/push/", options);
    server.push_api("/api/", {.keys = {std::string(kKey)}, .batch = 3});
    start();
  }
  void publish(std::string_view topic, std::string_view text, std::string_view event = {}) {
    server.topic(topic).publish(naru::text(text), {.event = event});
  }
};

// Publishes, and returns once that is kept and delivered.
void publish_now(const PushServer& server, std::string_view topic, std::string_view text) {
  Peer peer(server.port);
  const std::string body =
      "{\"topic\":\"" + std::string(topic) + "\",\"text\":\"" + std::string(text) + "\"}";
  ASSERT_EQ(peer.post("/api/publish", body, kAuthorization).status, 200);
}

// Once so many subscribe to it, as the server says.
void await_subscribers(Peer& peer, std::string_view topic, int count) {
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  const std::string wanted = ":" + std::to_string(count) + "}";
  const std::string target = "/api/presence?topic=" + std::string(topic);
  while (peer.get(target, kAuthorization).body.find(wanted) == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up) << wanted;
  }
}
// ---- server-sent events

TEST(PushEvents, ComeAsTheyArePublished) {
  PushServer server;
  Stream stream(server, "/push/news");
  EXPECT_EQ(stream.head.status, 200);
  EXPECT_EQ(stream.head.field("content-type"), "text/event-stream");
  EXPECT_EQ(stream.head.field("cache-control"), "no-store, no-transform");
  EXPECT_EQ(stream.head.field("x-accel-buffering"), "no");
  EXPECT_EQ(stream.event(),
            "event: subscribed\ndata: {\"topics\":[\"news\"],\"recovered\":true,\"cursor\":\"\"}");
  server.publish("news", "hello", "greeting");
  EXPECT_EQ(stream.event(), "event: greeting\ndata: hello");
  server.publish("other", "no");
  server.server.topic("news").publish(naru::binary(as_bytes("\x01\x02")));
  EXPECT_EQ(stream.event(), "data: AQI=");
}

// CVE-2026-22735: what is published cannot add fields or events of its own.
TEST(PushEvents, CannotBeForgedByLineEnds) {
  PushServer server;
  Stream stream(server, "/push/news");
  stream.event();
  server.publish("news", "a\r\rdata: forged\n\nevent: forged\r\nid: 9");
  EXPECT_EQ(stream.event(),
            "data: a\ndata: \ndata: data: forged\ndata: \ndata: event: forged\n"
            "data: id: 9");
  EXPECT_THROW(server.publish("news", "x", "a\nid: 9"), std::invalid_argument);
}

TEST(PushEvents, AreMadeUpForFromTheLastId) {
  PushServer server;
  std::string last;
  {
    Stream stream(server, "/push/kept/a");
    last = id_of(stream.event());
    EXPECT_TRUE(last.ends_with(".0")) << last;
    server.publish("kept/a", "one");
    const std::string event = stream.event();
    EXPECT_TRUE(event.ends_with(".1\ndata: one")) << event;
    last = id_of(event);
  }
  server.publish("kept/a", "two");
  server.publish("kept/a", "three");
  // The field goes before the query.
  Stream stream(server, "/push/kept/a?last_event_id=zzz.0", "Last-Event-ID: " + last + "\r\n");
  const std::string first = stream.event();
  EXPECT_EQ(id_of(first), last);
  EXPECT_NE(first.find("event: subscribed\n"), std::string::npos);
  EXPECT_NE(first.find("\"recovered\":true"), std::string::npos);
  EXPECT_TRUE(stream.event().ends_with(".2\ndata: two"));
  EXPECT_TRUE(stream.event().ends_with(".3\ndata: three"));
  server.publish("kept/a", "four");
  EXPECT_TRUE(stream.event().ends_with(".4\ndata: four"));
  Stream by_query(server, "/push/kept/a?last_event_id=" + last);
  by_query.event();
  EXPECT_TRUE(by_query.event().ends_with("data: two"));
}

TEST(PushEvents, SayThatNothingCouldBeMadeUpFor) {
  PushServer server;
  std::string old;
  {
    Stream stream(server, "/push/kept/few/a");
    old = id_of(stream.event());
  }
  int newest = 3;
  for (const std::string_view text : {"1", "2", "3"}) publish_now(server, "kept/few/a", text);
  for (const std::string& id : {old, std::string("zzz.3"), std::string("<nonsense>")}) {
    Stream stream(server, "/push/kept/few/a", "Last-Event-ID: " + id + "\r\n");
    const std::string first = stream.event();
    EXPECT_NE(first.find("event: reset\n"), std::string::npos) << first;
    EXPECT_NE(first.find("\"recovered\":false"), std::string::npos);
    EXPECT_TRUE(id_of(first).ends_with("." + std::to_string(newest))) << first;
    server.publish("kept/few/b", "other");
    server.publish("kept/few/a", "live");
    EXPECT_TRUE(stream.event().ends_with("data: live"));  // and nothing of the old ones
    ++newest;
  }
}

TEST(PushEvents, OfSeveralTopicsComeInEnvelopesWithOneCursor) {
  PushServer server(2);
  std::string last;
  {
    Stream stream(server, "/push/kept/a,kept/b,news");
    const std::string first = stream.event();
    EXPECT_NE(first.find(R"("topics":["kept/a","kept/b","news"])"), std::string::npos);
    server.publish("kept/a", "1", "tick");
    const std::string event = stream.event();
    EXPECT_NE(event.find("event: tick\ndata: {\"topic\":\"kept/a\",\"event\":\"tick\",\"epoch\":"),
              std::string::npos)
        << event;
    last = id_of(event);
    EXPECT_TRUE(last.ends_with(".1~" + last.substr(last.find('~') + 1))) << last;
    EXPECT_TRUE(last.ends_with(".0~-")) << last;
  }
  server.publish("kept/b", "2");
  Stream stream(server, "/push/kept/a,kept/b,news", "Last-Event-ID: " + last + "\r\n");
  EXPECT_NE(stream.event().find("\"recovered\":true"), std::string::npos);
  EXPECT_NE(stream.event().find(R"("topic":"kept/b")"), std::string::npos);
  // A cursor of other topics recovers nothing.
  Stream other(server, "/push/kept/a,kept/b", "Last-Event-ID: " + last + "\r\n");
  EXPECT_NE(other.event().find("event: reset"), std::string::npos);
}

TEST(PushEvents, EndWithTheServer) {
  PushServer server;
  Stream stream(server, "/push/news");
  stream.event();
  server.server.stop();
  EXPECT_TRUE(stream.ended());
}

TEST(PushEvents, BeatWhileNothingHappens) {
  PushServer server(1, {.heartbeat = 10ms});
  Stream stream(server, "/push/news");
  stream.event();
  EXPECT_EQ(stream.read_through("\n\n"), ":\n\n");
  Stream lines(server, "/push/news", {}, "application/x-ndjson");
  lines.line();
  EXPECT_EQ(lines.line(), "{}\n");
}

// The slow one is closed; it comes back with its last id, and the others have noticed nothing.
TEST(PushEvents, OfASlowReaderEnd) {
  PushServer server(1, {.outbox_bytes = 100'000});
  Stream slow(server, "/push/news");
  Stream quick(server, "/push/news");
  slow.event();
  quick.event();
  const std::string block(100'000, 'x');
  for (int i = 0; server.server.stats().slow_closed == 0 && i < 1000; ++i) {
    server.publish("news", block);
    EXPECT_EQ(quick.event().size(), block.size() + 6);
  }
  EXPECT_EQ(server.server.stats().slow_closed, 1U);
}

// What is made up for is more than may wait for a reader, and comes all the same.
TEST(PushEvents, OfAHistoryMayBeMoreThanTheOutbox) {
  PushServer server(1, {.outbox_bytes = 20'000});
  std::string start;
  {
    Stream stream(server, "/push/kept/a");
    start = id_of(stream.event());
  }
  const std::string block(5'000, 'x');
  for (int i = 0; i < 100; ++i) publish_now(server, "kept/a", block);
  Stream stream(server, "/push/kept/a", "Last-Event-ID: " + start + "\r\n");
  stream.event();
  for (int i = 1; i <= 100; ++i) {
    EXPECT_TRUE(id_of(stream.event()).ends_with("." + std::to_string(i)));
  }
}

// ---- JSON lines

TEST(PushLines, AreEnvelopes) {
  PushServer server;
  Stream stream(server, "/push/kept/a", {}, "application/x-ndjson");
  EXPECT_EQ(stream.head.field("content-type"), "application/x-ndjson");
  EXPECT_NE(stream.line().find("\"recovered\":true"), std::string::npos);
  server.server.topic("kept/a").publish(json_message("{\n\"a\": [1,\r\n2]}"),
                                        {.event = "tick", .headers = {{"x", "y"}}});
  const std::string line = stream.line();
  EXPECT_TRUE(line.ends_with(R"("offset":1,"headers":{"x":"y"},"data":{ "a": [1,  2]}})"
                             "\n"))
      << line;
}

// ---- polls

TEST(PushPoll, GivesWhatCameBetweenTwoPollsOnce) {
  PushServer server(2);
  Peer peer(server.port);
  const std::string start = member(peer.get("/push/kept/a?wait=0").body, "cursor");
  EXPECT_TRUE(start.ends_with(".0")) << start;
  server.publish("kept/a", "one");
  server.publish("kept/a", "two");
  std::string cursor = start;
  std::string seen;
  while (seen.find("two") == std::string::npos) {
    const Answer answer = peer.get("/push/kept/a?wait=10&cursor=" + cursor);
    seen += answer.body;
    cursor = member(answer.body, "cursor");
    EXPECT_EQ(answer.field("etag"), '"' + cursor + '"');
    EXPECT_EQ(answer.field("cache-control"), "no-store");
  }
  EXPECT_EQ(seen.find("one"), seen.rfind("one"));
  EXPECT_TRUE(cursor.ends_with(".2"));
  EXPECT_NE(peer.get("/push/kept/a?wait=0&cursor=" + cursor).body.find("\"messages\":[]"),
            std::string::npos);
}

TEST(PushPoll, WaitsForWhatComes) {
  PushServer server;
  Peer peer(server.port);
  const std::string cursor = member(peer.get("/push/kept/a?wait=0").body, "cursor");
  peer.ask("GET", "/push/kept/a?wait=60&cursor=" + cursor);
  EXPECT_FALSE(peer.has_input());
  // Once it waits it counts as a subscriber.
  Peer other(server.port);
  await_subscribers(other, "kept/a", 1);
  server.publish("kept/a", "at last");
  EXPECT_NE(peer.answer().body.find(R"("data":"at last"})"), std::string::npos);
}

TEST(PushPoll, OfAnETagIsNotModified) {
  PushServer server;
  Peer peer(server.port);
  const std::string tag = peer.get("/push/kept/a?wait=0").field("etag");
  EXPECT_EQ(peer.get("/push/kept/a?wait=0", "If-None-Match: " + tag + "\r\n").status, 304);
  publish_now(server, "kept/a", "new");
  const Answer answer = peer.get("/push/kept/a?wait=0", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.field("etag"), tag);
}

TEST(PushPoll, EndsInTime) {
  PushServer server(1, {.wait = 20ms});
  Peer peer(server.port);
  EXPECT_NE(peer.get("/push/kept/a").body.find("\"messages\":[]"), std::string::npos);
}

TEST(PushPoll, GivesPages) {
  PushServer server(1, {.poll_messages = 2});
  Peer peer(server.port);
  const std::string start = member(peer.get("/push/kept/a?wait=0").body, "cursor");
  for (const std::string_view text : {"1", "2", "3"}) publish_now(server, "kept/a", text);
  const std::string first = peer.get("/push/kept/a?wait=0&cursor=" + start).body;
  EXPECT_NE(first.find("\"more\":true"), std::string::npos) << first;
  EXPECT_TRUE(member(first, "cursor").ends_with(".2"));
  const std::string second = peer.get("/push/kept/a?wait=0&cursor=" + member(first, "cursor")).body;
  EXPECT_NE(second.find("\"more\":false"), std::string::npos);
  EXPECT_NE(second.find(R"("data":"3")"), std::string::npos);
}

TEST(PushPoll, ThatWasLeftKeepsNothing) {
  PushServer server;
  Peer other(server.port);
  {
    Peer peer(server.port);
    peer.ask("GET", "/push/kept/a?wait=60");
    await_subscribers(other, "kept/a", 1);
  }
  await_subscribers(other, "kept/a", 0);
}

// ---- who may

TEST(PushAccess, IsAsTheTopicSays) {
  PushServer server;
  Peer peer(server.port);
  EXPECT_EQ(peer.get("/push/keyed/a?wait=0").status, 401);
  EXPECT_EQ(peer.get("/push/keyed/a?wait=0", "Authorization: Bearer wrong\r\n").status, 401);
  EXPECT_EQ(peer.get("/push/keyed/a?wait=0", kAuthorization).status, 200);
  EXPECT_EQ(peer.get("/push/keyed/a?wait=0", "X-API-Key: s3cret\r\n").status, 200);
  EXPECT_EQ(peer.get("/push/keyed/a?wait=0&key=s3cret").status, 200);
  EXPECT_EQ(peer.get("/push/news,keyed/a?wait=0").status, 401);
  EXPECT_EQ(peer.get("/push/hidden/a?wait=0", kAuthorization).status, 403);
}

TEST(PushAccess, RefusesWhatIsNoTopic) {
  PushServer server(1, {.topics = 2, .topic_bytes = 10});
  Peer peer(server.port);
  for (const std::string_view bad :
       {"", "a,", "a,a", "a,b,c", "a*", "a%0Ab", "%", "12345678901", "a%2Cb", "$user/a", "%24a"}) {
    EXPECT_EQ(peer.get("/push/" + std::string(bad) + "?wait=0").status, 400) << bad;
  }
  EXPECT_EQ(peer.get("/push/a%20b,1234567890?wait=0").status, 200);
  EXPECT_EQ(peer.post("/push/a", "x").status, 405);
}

TEST(PushAccess, AnswersThePreflightOfALongId) {
  PushServer server(1, {.cors = {.origins = {"https://a.example"}}});
  Peer peer(server.port);
  peer.ask("OPTIONS", "/push/news", {},
           "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n"
           "Access-Control-Request-Headers: last-event-id\r\n");
  const Answer answer = peer.answer();
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(answer.field("access-control-allow-headers"), "last-event-id");
  const Answer other = peer.get("/push/news?wait=0", "Origin: https://b.example\r\n");
  EXPECT_EQ(other.field("access-control-allow-origin"), "");
}

// ---- the API

TEST(PushApi, Publishes) {
  PushServer server(2);
  Stream stream(server, "/push/kept/a");
  stream.event();
  Peer peer(server.port);
  const Answer answer = peer.post(
      "/api/publish", R"({"topic":"kept/a","event":"tick","data":{"p":1}})", kAuthorization);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(R"("offset":1,"receivers":1})"), std::string::npos) << answer.body;
  EXPECT_EQ(member(answer.body, "topic"), "kept/a");
  EXPECT_FALSE(member(answer.body, "epoch").empty());
  EXPECT_TRUE(stream.event().ends_with("event: tick\ndata: {\"p\":1}"));
  EXPECT_EQ(peer.post("/api/publish", R"({"topic":"news","text":"x"})", kAuthorization).body,
            "{\"topic\":\"news\",\"receivers\":0}\n");
}

TEST(PushApi, PublishesABatchAndSaysWhatIsWrongWithEach) {
  PushServer server;
  Peer peer(server.port);
  const Answer answer = peer.post(
      "/api/batch",
      R"([{"topic":"a","text":"1"},{"topic":"hidden/b","text":"2"},{"topic":"c","base64":"AQI="}])",
      kAuthorization);
  EXPECT_EQ(answer.body,
            "{\"results\":[{\"topic\":\"a\",\"receivers\":0},{\"error\":{\"code\":\"forbidden\","
            "\"message\":\"this topic is the program's\"}},{\"topic\":\"c\",\"receivers\":0}]}\n");
  EXPECT_EQ(peer.post("/api/batch", "[1,2,3,4]", kAuthorization).status, 413);
  EXPECT_EQ(peer.post("/api/batch", "[]", kAuthorization).status, 400);
}

TEST(PushApi, RefusesWhatItCannotRead) {
  PushServer server;
  Peer peer(server.port);
  for (const std::string_view bad :
       {"", "{", "[]", "{}", R"({"topic":"a"})", R"({"text":"x"})", R"({"topic":5,"text":"x"})",
        R"({"topic":"a*","text":"x"})", R"({"topic":"$a","text":"x"})", R"({"topic":"a","text":5})",
        R"({"topic":"a","base64":"!"})", R"({"topic":"a","text":"x","event":"a\nb"})",
        R"({"topic":"a","text":"x","headers":{"a":"b\r\nc"}})",
        R"({"topic":"a","text":"x","surprise":1})", "\xff"}) {
    const Answer answer = peer.post("/api/publish", bad, kAuthorization);
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_TRUE(answer.body.starts_with("{\"error\":{\"code\":\"")) << answer.body;
  }
}

TEST(PushApi, AsksForAKey) {
  PushServer server;
  Peer peer(server.port);
  for (const std::string_view call : {"publish", "batch"}) {
    EXPECT_EQ(peer.post("/api/" + std::string(call) + "?key=s3cret", "{}").status, 401) << call;
  }
  for (const std::string_view call : {"history", "presence", "info"}) {
    EXPECT_EQ(peer.get("/api/" + std::string(call)).status, 401) << call;
    EXPECT_EQ(peer.post("/api/" + std::string(call), "{}", kAuthorization).status, 405) << call;
  }
  EXPECT_EQ(peer.get("/api/publish", kAuthorization).status, 405);
  EXPECT_EQ(peer.get("/api/nothing", kAuthorization).status, 404);
}

TEST(PushApi, PublishesOnceForAnIdempotencyKey) {
  PushServer server(3);
  Peer peer(server.port);
  const std::string fields = kAuthorization + "Idempotency-Key: k1\r\n";
  const std::string body = R"({"topic":"kept/a","text":"x"})";
  const Answer first = peer.post("/api/publish", body, fields);
  EXPECT_NE(first.body.find("\"offset\":1,"), std::string::npos) << first.body;
  Peer other(server.port);
  const Answer again = other.post("/api/publish", body, fields);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(other.post("/api/publish", R"({"topic":"kept/a","text":"y"})", fields).status, 422);
  EXPECT_EQ(other
                .post("/api/publish", body,
                      kAuthorization + "Idempotency-Key: " + std::string(201, 'k') + "\r\n")
                .status,
            400);
  EXPECT_NE(other.post("/api/publish", body, kAuthorization).body.find("\"offset\":2,"),
            std::string::npos);
}

TEST(PushApi, TellsTheHistory) {
  PushServer server(2);
  Peer peer(server.port);
  for (const std::string_view text : {"1", "2", "3"}) {
    peer.post("/api/publish", R"({"topic":"kept/a","text":")" + std::string(text) + "\"}",
              kAuthorization);
  }
  const std::string two = peer.get("/api/history?topic=kept/a&limit=2", kAuthorization).body;
  EXPECT_EQ(two.find(R"("data":"1")"), std::string::npos);
  EXPECT_LT(two.find(R"("data":"2")"), two.find(R"("data":"3")"));
  const std::string epoch = member(two, "epoch");
  const std::string rest =
      peer.get("/api/history?topic=kept/a&cursor=" + epoch + ".2", kAuthorization).body;
  EXPECT_EQ(rest.find(R"("data":"2")"), std::string::npos);
  EXPECT_NE(rest.find(R"("data":"3")"), std::string::npos);
  EXPECT_EQ(peer.get("/api/history?topic=news", kAuthorization).status, 404);
  EXPECT_EQ(peer.get("/api/history?topic=kept/a&cursor=x", kAuthorization).status, 400);
}

TEST(PushApi, CountsSubscribersOnEveryLoop) {
  PushServer server(2);
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(std::make_unique<Stream>(server, "/push/news"));
    streams.back()->event();
  }
  Peer peer(server.port);
  EXPECT_EQ(peer.get("/api/presence?topic=news", kAuthorization).body,
            "{\"topic\":\"news\",\"subscribers\":4}\n");
  EXPECT_EQ(peer.get("/api/info", kAuthorization).body,
            "{\"name\":\"naru\",\"loops\":2,\"subscribers\":4}\n");
}

// ---- one hub

TEST(PushHub, IsTheOneOfPlainWebSockets) {
  TestServer server(2);
  server.server.topics("", {.history = {.count = 10}});
  server.server.push("/push/");
  server.server.websocket(
      "/ws", {.on_open = [](WebSocket& ws) { ws.subscribe("prices"); },
              .on_message = [](WebSocket& ws, Message message) { ws.publish("prices", message); }});
  server.start();
  Peer poll(server.port);
  const std::string cursor = member(poll.get("/push/prices?wait=0").body, "cursor");
  WebSocketPeer first(server.port, "/ws");
  WebSocketPeer second(server.port, "/ws");
  first.say("from one");
  EXPECT_EQ(second.hear(), "from one");
  second.say("from two");
  EXPECT_EQ(first.hear(), "from two");  // and not its own
  const std::string all = poll.get("/push/prices?wait=0&cursor=" + cursor).body;
  EXPECT_LT(all.find("from one"), all.find("from two"));
  EXPECT_NE(all.find("from two"), std::string::npos);
}

// While two threads publish as fast as they can, subscribers on all loops come, go, and come back
// with their cursor: each has seen every offset once, in order, and the same text at each.
TEST(PushHub, LosesAndDoublesNothingBetweenReplayAndLive) {
  TestServer server(4);
  constexpr int kEach = 1500;
  server.server.topics("", {.history = {.count = 2 * kEach, .bytes = 64U << 20U}});
  server.server.push("/push/", {.poll_messages = 50});
  server.start();
  std::string cursor;
  {
    Peer peer(server.port);
    cursor = member(peer.get("/push/prices?wait=0").body, "cursor");
  }
  std::vector<std::thread> publishers;
  for (const char name : {'a', 'b'}) {
    publishers.emplace_back([&server, name] {
      for (int i = 0; i < kEach; ++i) {
        server.server.topic("prices").publish(naru::text(name + std::to_string(i)));
      }
    });
  }
  const std::string epoch = cursor.substr(0, cursor.find('.'));
  // The texts that one sees that comes by again and again.
  const auto follow = [&](bool events) {
    std::vector<std::string> texts;
    while (texts.size() < 2 * kEach && !::testing::Test::HasFailure()) {
      Peer peer(server.port);
      const std::string from = epoch + "." + std::to_string(texts.size());
      if (!events) {
        const std::string body = peer.get("/push/prices?wait=1&cursor=" + from).body;
        for (std::size_t at = 0; (at = body.find("\"data\":\"", at)) != std::string::npos;) {
          at += 8;
          texts.push_back(body.substr(at, body.find('"', at) - at));
        }
        EXPECT_EQ(member(body, "cursor"), epoch + "." + std::to_string(texts.size()));
        continue;
      }
      peer.send("GET /push/prices HTTP/1.0\r\nAccept: text/event-stream\r\nLast-Event-ID: " + from +
                "\r\n\r\n");
      for (int i = 0; i < 100 && texts.size() < 2 * kEach; ++i) {
        const std::string event = peer.read_through("\n\n");
        if (!event.starts_with("id: ") || event.find("\nevent: ") != std::string::npos) continue;
        const auto data = event.find("\ndata: ");
        texts.push_back(event.substr(data + 7, event.size() - data - 9));
        EXPECT_EQ(id_of(event), epoch + "." + std::to_string(texts.size()));
      }
    }
    return texts;
  };
  std::vector<std::string> by_events;
  std::thread other([&] { by_events = follow(true); });
  const std::vector<std::string> by_polls = follow(false);
  other.join();
  for (auto& each : publishers) each.join();
  EXPECT_EQ(by_polls, by_events);
  EXPECT_EQ(by_polls.size(), std::size_t{2 * kEach});
}

}  // namespace
}  // namespace naru::test
