#include "transport/http2_connection.hpp"

#include "http_world.hpp"
#include "support/http2_client.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/handshake.hpp"

namespace naru::transport {
namespace {

using http2::testing::extended_connect;
using http2::testing::get;
using http2::testing::post;
using test::Http2Client;
using test::Wire;
using namespace std::chrono_literals;

struct Http2World : HttpWorld {
  explicit Http2World(HttpLimits given = {}) : HttpWorld(given, Wire::tcp, Version::http2) {}
  ~Http2World() override { stop(); }
};

// ---- requests

TEST(Http2Connection, AnswersRequestsSideBySide) {
  Http2World world;
  HttpExchange* waiting = nullptr;  // on the loop
  const auto answer = world.on_complete;
  world.on_complete = [&, answer](HttpExchange& exchange) {
    if (exchange.request().path != "/slow") return answer(exchange);
    waiting = &exchange;
    exchange.respond_later([] {});
  };
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto slow = client.ask(get("/slow"));
  EXPECT_EQ(client.get("/quick").body, "/quick:");
  EXPECT_EQ(client.post("/form", "hello").body, "/form:hello");
  world.post([&] { waiting->respond({.body = "at last"}); });
  EXPECT_EQ(client.answer(slow).body, "at last");
}

TEST(Http2Connection, SendsALargeAnswer) {
  Http2World world;
  const auto file = std::make_shared<const std::string>(3'000'000, 'f');
  world.on_complete = [&](HttpExchange& exchange) { exchange.respond({.shared_body = file}); };
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto first = client.ask(get("/1"));
  const auto second = client.ask(get("/2"));
  EXPECT_EQ(client.answer(first).body, *file);
  EXPECT_EQ(client.answer(second).body, *file);
}

TEST(Http2Connection, TellsThatAPeerHasGoneBeforeItsAnswer) {
  Http2World world;
  world.on_complete = [&](HttpExchange& exchange) {
    exchange.respond_later([&world] { world.journal.note("abandoned"); });
    world.journal.note("waits");
  };
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto reset = client.ask(get("/poll"));
  EXPECT_EQ(world.journal.next(), "waits");
  client.peer.reset(reset);
  client.flush();
  EXPECT_EQ(world.journal.next(), "abandoned");
  client.ask(get("/poll"));
  EXPECT_EQ(world.journal.next(), "waits");
  client.leave();
  EXPECT_EQ(world.journal.next(), "abandoned");
}

TEST(Http2Connection, TellsThatABodyWasLeft) {
  Http2World world;
  world.on_head = [&](HttpExchange& exchange) {
    exchange.watch_body([&world] { world.journal.note("left"); });
    world.journal.note("head");
  };
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.peer.open(post("/"));
  client.peer.send(id, "some");
  client.flush();
  EXPECT_EQ(world.journal.next(), "head");
  client.peer.reset(id);
  client.flush();
  EXPECT_EQ(world.journal.next(), "left");
  EXPECT_EQ(client.post("/again", "x").status, 200);
}

TEST(Http2Connection, LimitsABody) {
  Http2World world;
  world.on_head = [](HttpExchange& exchange) { exchange.limit_body(10); };
  world.start();
  Http2Client client(world.port, Wire::tcp);
  EXPECT_EQ(client.post("/", "0123456789").status, 200);
  EXPECT_EQ(client.post("/", "0123456789x").status, 413);
  const auto unannounced = client.peer.open(post("/"));
  client.peer.send(unannounced, "0123456789x");
  client.flush();
  EXPECT_EQ(client.answer(unannounced).status, 413);
  EXPECT_EQ(client.post("/", "0123456789").status, 200);
}

TEST(Http2Connection, LimitsTheBodiesOfManyRequests) {
  Http2World world({.bodies_bytes = 1000});
  world.start();
  Http2Client client(world.port, Wire::tcp);
  EXPECT_EQ(client.post("/alone", std::string(5000, 'x')).status, 200);
  const auto first = client.peer.open(post("/first"));
  client.peer.send(first, std::string(900, 'x'));
  const auto second = client.peer.open(post("/second"));
  client.peer.send(second, std::string(200, 'x'));
  client.flush();
  EXPECT_EQ(client.answer(second).status, 503);
  client.peer.end(first);
  client.flush();
  EXPECT_EQ(client.answer(first).status, 200);
}

TEST(Http2Connection, ContinuesWhenAsked) {
  Http2World world;
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.peer.open(post("/", {{"expect", "100-continue"}}));
  EXPECT_TRUE(client.hears("1 status 100"));
  client.peer.send(id, "body");
  client.peer.end(id);
  EXPECT_EQ(client.answer(id).body, "/:body");
  EXPECT_EQ(client.get("/", {{"expect", "the spanish inquisition"}}).status, 417);
}

TEST(Http2Connection, GivesUpABodyThatDoesNotCome) {
  Http2World world({.body_timeout = 1ms});
  world.start();
  Http2Client client(world.port, Wire::tcp);
  EXPECT_EQ(client.answer(client.peer.open(post("/"))).status, 408);
}

TEST(Http2Connection, GivesUpAnAnswerThatIsNotTaken) {
  Http2World world({.idle_timeout = 1ms});
  world.on_complete = [](HttpExchange& exchange) { exchange.respond({.body = "does not fit"}); };
  world.start();
  Http2Client client(world.port, Wire::tcp, {.consumes = false, .window = 4});
  client.ask(get("/"));
  EXPECT_TRUE(client.hears("1 reset 8")) << ::testing::PrintToString(client.peer.notes);
}

TEST(Http2Connection, EndsWhenIdle) {
  Http2World world({.idle_timeout = 1ms});
  world.start();
  Http2Client client(world.port, Wire::tcp);
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_TRUE(client.hears("goaway 0"));
  EXPECT_TRUE(client.ended());
}

TEST(Http2Connection, EndsWhenNothingIsAsked) {
  Http2World world({.head_timeout = 1ms});
  world.start();
  Http2Client client(world.port, Wire::tcp);
  EXPECT_TRUE(client.hears("goaway 0"));
}

TEST(Http2Connection, ReportsViolations) {
  Http2World world;
  world.start();
  Http2Client client(world.port, Wire::tcp);
  EXPECT_EQ(client.get("/", {{"x", std::string(20'000, 'x')}}).status, 431);
  EXPECT_EQ(world.journal.next(), "violation 431");
  client.send("this is no frame, but has the length of one or more of them...");
  EXPECT_EQ(world.journal.next(), "violation 0");
  client.read_to_end();
  test::Peer other(world.port);
  other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(world.journal.next(), "violation 0");
  other.read_to_end();
}

TEST(Http2Connection, SurvivesItsEndWhileAnswering) {
  Http2World world;
  world.on_complete = [](HttpExchange& exchange) {
    exchange.stream().abort();
    exchange.respond({.body = "to nobody"});
  };
  world.start();
  Http2Client client(world.port, Wire::tcp);
  client.ask(get("/1"));
  client.ask(get("/2"));
  client.read_to_end();
}

// ---- WebSockets on streams (RFC 8441)

class Echo final : public WebSocketUser {
 public:
  explicit Echo(test::Journal& journal) : journal_(journal) {}
  void on_websocket_open(WebSocketTransport& transport) override { greet(transport); }
  void on_websocket_message(WebSocketTransport& transport, bool, std::span<char> bytes) override {
    const std::string_view text(bytes.data(), bytes.size());
    if (text == "close") return transport.close(1000, {});
    if (text == "abort") return transport.abort();
    if (text == "flood") {
      for (int i = 0; i < 100; ++i) {
        transport.send(websocket::Opcode::text, {}, std::string(10'000, 'f'));
      }
      return journal_.note("buffered " + std::string(transport.buffered() > 0 ? "some" : "none"));
    }
    transport.send(websocket::Opcode::text, "echo ", text);
  }
  void on_websocket_drain(WebSocketTransport&) override { journal_.note("drained"); }
  void on_websocket_closed(WebSocketTransport&, std::uint16_t code, std::string_view) override {
    journal_.note("closed " + std::to_string(code));
  }
  void on_websocket_violation(WebSocketTransport&, const Error&) override {
    journal_.note("violation");
  }

 private:
  static void greet(WebSocketTransport& transport) {
    transport.send(websocket::Opcode::text, {}, "hello");
  }
  test::Journal& journal_;
};

struct EchoWorld : Http2World {
  explicit EchoWorld(HttpLimits given = {}) : Http2World(given) {
    const auto answer = on_complete;
    on_complete = [this, answer](HttpExchange& exchange) {
      if (!websocket::is_upgrade(exchange.request())) return answer(exchange);
      websocket::Handshake handshake = websocket::accept_handshake(exchange.request(), {});
      if (!handshake.accepted) return exchange.respond(std::move(handshake.response));
      EXPECT_FALSE(exchange.can_detach());
      exchange.upgrade(handshake.response,
                       std::make_unique<WebSocketTransport>(std::make_unique<Echo>(journal),
                                                            settings, WebSocketOpening{}));
    };
    start();
  }
  WebSocketSettings settings{.times = {.close_timeout = 1s}, .outbox = {.high_watermark = 1000}};
};

TEST(Http2WebSocket, EchoesOnManyStreams) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(client.open_websocket("/" + std::to_string(i)));
  for (const auto id : ids) {
    EXPECT_EQ(client.status(id), "200");
    EXPECT_EQ(client.hear(id), "hello");
    client.say(id, "from " + std::to_string(id));
  }
  EXPECT_EQ(client.get("/page").body, "/page:");
  for (const auto id : ids) EXPECT_EQ(client.hear(id), "echo from " + std::to_string(id));
}

TEST(Http2WebSocket, RefusesAnotherVersion) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.peer.open(extended_connect("/", {{"sec-websocket-version", "8"}}));
  const test::Answer answer = client.answer(id);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.field("sec-websocket-version"), "13");
}

TEST(Http2WebSocket, TakesFramesInTheBytesOfItsRequest) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.peer.open(extended_connect("/"));
  client.peer.send(id, test::text_frame("early"));
  client.flush();
  EXPECT_EQ(client.hear(id), "hello");
  EXPECT_EQ(client.hear(id), "echo early");
}

TEST(Http2WebSocket, ClosesInOrderWhenThePeerDoes) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.open_websocket("/");
  EXPECT_EQ(client.hear(id), "hello");
  client.say_close(id, 1000);
  EXPECT_EQ(client.hear(id), "close 1000");
  EXPECT_EQ(world.journal.next(), "closed 1000");
  EXPECT_TRUE(client.hears("1 end"));
  client.peer.end(id);
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_FALSE(client.peer.heard("1 reset 0"));
}

TEST(Http2WebSocket, ClosesInOrderWhenWeDo) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.open_websocket("/");
  EXPECT_EQ(client.hear(id), "hello");
  client.say(id, "close");
  EXPECT_EQ(client.hear(id), "close 1000");
  client.say_close(id, 1000);
  EXPECT_TRUE(client.hears("1 end"));
  // It never ends its side: we do not wait for ever.
  EXPECT_TRUE(client.hears("1 reset 0"));
}

TEST(Http2WebSocket, TellsItsCodeToAPeerThatBreaksTheRules) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.open_websocket("/");
  const auto other = client.open_websocket("/other");
  EXPECT_EQ(client.hear(id), "hello");
  client.peer.send(id, std::string("\x81\x01x", 3));  // not masked
  client.flush();
  EXPECT_EQ(client.hear(id), "close 1002");
  EXPECT_EQ(world.journal.next(), "violation");
  EXPECT_EQ(world.journal.next(), "closed 1002");
  client.say(other, "alive");
  EXPECT_EQ(client.hear(other), "hello");
  EXPECT_EQ(client.hear(other), "echo alive");
}

TEST(Http2WebSocket, HearsOfAReset) {  // websocket.md section 14, group 11
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.open_websocket("/");
  client.peer.reset(id);
  client.flush();
  EXPECT_EQ(world.journal.next(), "closed 1006");
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(Http2WebSocket, ResetsWhenItAborts) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.open_websocket("/");
  client.say(id, "abort");
  EXPECT_TRUE(client.hears("1 reset 8"));
  EXPECT_EQ(world.journal.next(), "closed 1006");
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(Http2WebSocket, EndsWithItsConnection) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  client.open_websocket("/1");
  client.open_websocket("/2");
  client.reset();
  EXPECT_EQ(world.journal.next(), "closed 1006");
  EXPECT_EQ(world.journal.next(), "closed 1006");
}

TEST(Http2WebSocket, ItsPeersEndIsTheEnd) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.open_websocket("/");
  client.peer.end(id);
  client.flush();
  EXPECT_EQ(world.journal.next(), "closed 1006");
  EXPECT_TRUE(client.hears("1 end"));
}

TEST(Http2WebSocket, ASlowOneHoldsBackNobody) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp, {.consumes = false, .window = 20'000});
  const auto slow = client.open_websocket("/slow");
  const auto quick = client.open_websocket("/quick");
  client.say(slow, "flood");
  EXPECT_EQ(world.journal.next(), "buffered some");
  EXPECT_EQ(client.hear(quick), "hello");
  client.say(quick, "still");
  EXPECT_EQ(client.hear(quick), "echo still");
  client.peer.widen(slow, 2'000'000);
  EXPECT_TRUE(client.listen([&] { return client.peer.received[slow].size() >= 1'000'000; }));
  EXPECT_EQ(world.journal.next(), "drained");
}

TEST(Http2WebSocket, SaysEverythingBeforeItCloses) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp, {.consumes = false, .window = 20'000});
  const auto id = client.open_websocket("/");
  client.say(id, "flood");
  client.say(id, "close");
  client.peer.widen(id, 2'000'000);
  client.say_close(id);
  EXPECT_TRUE(client.hears("1 end"));
  EXPECT_EQ(client.peer.received[id].size(), 7 + 100 * 10'004U + 4);
}

TEST(Http2WebSocket, IsToldToGoByADrain) {
  EchoWorld world;
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.open_websocket("/");
  EXPECT_EQ(client.hear(id), "hello");
  world.post([&] {
    for (std::size_t i = 0; i < world.loop().streams().size(); ++i) {
      world.loop().streams()[i]->handler().on_shutdown();
    }
  });
  EXPECT_TRUE(client.hears("goaway 0"));
  EXPECT_EQ(client.hear(id), "close 1001");
  client.say_close(id, 1001);
  client.peer.end(id);
  EXPECT_TRUE(client.hears("1 end"));
  EXPECT_TRUE(client.ended());
}

// ---- pausing

// Pauses at the first bytes; a task on the loop lets it go on.
class Pausing final : public io::StreamHandler {
 public:
  Pausing(test::Journal& journal, Pausing*& self) : journal_(journal) { self = this; }
  void on_attached(io::Stream& stream) override { stream_ = &stream; }
  void on_bytes(std::span<char> bytes) override {
    taken_ += bytes.size();
    if (resumed) return journal_.note(taken_ == 300'000 ? "all" : "some");
    stream_->pause_reading();
    journal_.note("paused");
  }
  void on_end() override {
    journal_.note("end");
    stream_->finish();
  }
  void on_deadline(Instant) override {}
  void on_closed(io::StreamEnd) override {}
  void resume() {
    resumed = true;
    stream_->resume_reading();
  }
  bool resumed = false;

 private:
  test::Journal& journal_;
  io::Stream* stream_ = nullptr;
  std::size_t taken_ = 0;
};

TEST(Http2Stream, HoldsBackItsPeerWhilePaused) {
  Http2World world;
  Pausing* handler = nullptr;
  const auto answer = world.on_complete;
  world.on_complete = [&, answer](HttpExchange& exchange) {
    if (exchange.request().protocol.empty()) return answer(exchange);
    exchange.upgrade({}, std::make_unique<Pausing>(world.journal, handler));
  };
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto id = client.peer.open(extended_connect("/"));
  client.peer.send(id, std::string(300'000, 'x'));
  client.peer.end(id);
  EXPECT_EQ(client.get("/other").status, 200);
  EXPECT_EQ(world.journal.next(), "paused");
  world.post([&] { handler->resume(); });
  EXPECT_TRUE(client.hears("1 end"));
  std::string note = world.journal.next();
  while (note == "some") note = world.journal.next();
  EXPECT_EQ(note, "all");
  EXPECT_EQ(world.journal.next(), "end");
}

}  // namespace
}  // namespace naru::transport
