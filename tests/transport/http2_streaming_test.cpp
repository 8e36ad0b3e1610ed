#include "http_world.hpp"
#include "support/http2_client.hpp"

namespace naru::transport {
namespace {

using http2::testing::get;
using test::Http2Client;
using test::Wire;
using namespace std::chrono_literals;

// Every request to /stream is answered by what stays open: `streams`, on the loop.
struct StreamingWorld : HttpWorld {
  explicit StreamingWorld(OutboxLimits outbox = {}, Duration stall_timeout = 30s)
      : HttpWorld({}, Wire::tcp, Version::http2) {
    on_complete = [this, outbox, stall_timeout](HttpExchange& exchange) {
      if (exchange.request().path != "/stream") return exchange.respond({.body = "plain"});
      const std::size_t at = streams.size();
      streams.push_back(&exchange.stream_response(
          {.fields = {{"content-type", "text/event-stream"}}},
          {.outbox = outbox,
           .stall_timeout = stall_timeout,
           .on_drain = [this, at] { journal.note("drained " + std::to_string(at)); },
           .on_close = [this, at] { journal.note("closed " + std::to_string(at)); }}));
      streams.back()->append("hello");
    };
  }
  ~StreamingWorld() override { stop(); }
  std::vector<ResponseStream*> streams;
};

TEST(Http2Streaming, SendsPiecesSideBySideAndEnds) {
  StreamingWorld world;
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto first = client.ask(get("/stream"));
  const auto second = client.ask(get("/stream"));
  EXPECT_TRUE(client.hears("1 data hello"));
  EXPECT_TRUE(client.hears("3 data hello"));
  world.post([&] {
    EXPECT_EQ(world.streams[0]->framing(), http::Framing::bare);
    world.streams[1]->append_framed(std::make_shared<const std::string>(" to you"));
    world.streams[0]->append(" there");
    world.streams[0]->end();
  });
  EXPECT_EQ(client.answer(first).body, "hello there");
  EXPECT_EQ(client.answer(first).field("content-length"), "");
  EXPECT_TRUE(client.hears("3 data  to you"));
  EXPECT_FALSE(client.peer.heard("3 end"));
  EXPECT_EQ(client.get("/next").body, "plain");
  world.post([&] { world.streams[1]->end(); });
  EXPECT_EQ(client.answer(second).body, "hello to you");
  EXPECT_TRUE(world.journal.empty());
}

TEST(Http2Streaming, HasNoBodyForHead) {
  StreamingWorld world;
  world.start();
  Http2Client client(world.port, Wire::tcp);
  auto fields = get("/stream");
  fields[0].second = "HEAD";
  EXPECT_EQ(client.answer(client.ask(fields)).status, 200);
  EXPECT_EQ(client.get("/next").body, "plain");
}

TEST(Http2Streaming, TellsThatThePeerHasGone) {
  StreamingWorld world;
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto reset = client.ask(get("/stream"));
  client.ask(get("/stream"));
  EXPECT_TRUE(client.hears("3 data hello"));
  client.peer.reset(reset);
  client.flush();
  EXPECT_EQ(world.journal.next(), "closed 0");
  client.leave();
  EXPECT_EQ(world.journal.next(), "closed 1");
}

TEST(Http2Streaming, WaitsBehindTheWindowOfItsOwnStreamAlone) {
  StreamingWorld world({.high_watermark = 100'000, .limit = 16U << 20U});
  world.start();
  Http2Client client(world.port, Wire::tcp, {.consumes = false});
  const auto slow = client.ask(get("/stream"));
  EXPECT_TRUE(client.hears("1 data hello"));
  world.post([&] {
    ResponseStream& stream = *world.streams[0];
    EXPECT_EQ(stream.append(std::string(100'000, 'x')), Push::queued);
    EXPECT_EQ(stream.append(std::string(100'000, 'x')), Push::high);
    EXPECT_EQ(stream.buffered(), 200'005U - 65'535U);  // what the window does not take
    EXPECT_EQ(stream.append("droppable", Droppable::yes), Push::dropped);
    world.journal.note("full");
  });
  EXPECT_EQ(world.journal.next(), "full");
  EXPECT_EQ(client.get("/next").body, "plain");
  client.peer.widen(slow, 1'000'000);
  EXPECT_TRUE(client.listen([&] { return client.peer.received[slow].size() == 200'005; }));
  EXPECT_EQ(world.journal.next(), "drained 0");
}

TEST(Http2Streaming, BreaksOffAboveTheLimit) {
  StreamingWorld world({.high_watermark = 1000, .limit = 100'000});
  world.start();
  Http2Client client(world.port, Wire::tcp, {.consumes = false});
  client.ask(get("/stream"));
  EXPECT_TRUE(client.hears("1 data hello"));
  world.post([&] {
    EXPECT_EQ(world.streams[0]->append(std::string(200'000, 'x')), Push::overflow);
    EXPECT_TRUE(world.journal.empty());  // not from within
  });
  EXPECT_EQ(world.journal.next(), "closed 0");
  EXPECT_TRUE(client.hears("1 reset 8"));
  EXPECT_EQ(client.get("/next").body, "plain");
}

TEST(Http2Streaming, GivesUpAPeerThatTakesNothing) {
  StreamingWorld world({}, 10ms);
  world.start();
  Http2Client client(world.port, Wire::tcp, {.consumes = false});
  client.ask(get("/stream"));
  EXPECT_TRUE(client.hears("1 data hello"));
  world.post([&] { world.streams[0]->append(std::string(200'000, 'x')); });
  EXPECT_EQ(world.journal.next(), "closed 0");
}

TEST(Http2Streaming, EndsWithTheServer) {
  StreamingWorld world;
  world.start();
  Http2Client client(world.port, Wire::tcp);
  const auto stream = client.ask(get("/stream"));
  EXPECT_TRUE(client.hears("1 data hello"));
  world.post([&] {
    for (const auto& each : world.loop().streams()) each->handler().on_shutdown();
  });
  EXPECT_EQ(client.answer(stream).body, "hello");
  EXPECT_EQ(world.journal.next(), "closed 0");
}

}  // namespace
}  // namespace naru::transport
