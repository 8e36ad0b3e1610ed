#include "http_world.hpp"

namespace naru::transport {
namespace {

using test::Peer;
using namespace std::chrono_literals;

// A world whose requests are answered by what stays open; the answer is `stream`, on the loop.
struct StreamingWorld : HttpWorld {
  explicit StreamingWorld(StreamedAnswer given = {}) : settings(std::move(given)) {
    settings.on_close = [this] {
      stream = nullptr;
      journal.note("closed");
    };
    on_complete = [this](HttpExchange& exchange) {
      if (exchange.request().path != "/stream") return exchange.respond({.body = "plain"});
      stream = &exchange.stream_response({.fields = {{"Content-Type", "text/event-stream"}}},
                                         std::move(settings));
      stream->append("hello");
    };
  }
  ~StreamingWorld() override { stop(); }

  ResponseStream* stream = nullptr;
  StreamedAnswer settings;
};

std::string chunk(std::string_view bytes) {
  return http::frame_piece(bytes, http::Framing::chunked);
}

TEST(HttpConnectionStreaming, SendsAPieceAsAChunkAndGoesOnAfterTheEnd) {
  StreamingWorld world;
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  const auto head = peer.answer();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("transfer-encoding"), "chunked");
  EXPECT_EQ(head.field("content-length"), "");
  EXPECT_EQ(head.field("content-type"), "text/event-stream");
  EXPECT_EQ(peer.read_through("hello\r\n"), "5\r\nhello\r\n");
  const auto shared = std::make_shared<const std::string>(chunk(std::string(1000, 'x')));
  world.post([&] {
    EXPECT_EQ(world.stream->framing(), http::Framing::chunked);
    EXPECT_EQ(world.stream->append(""), Push::queued);  // would be the end
    EXPECT_EQ(world.stream->append_framed(shared), Push::queued);
    world.stream->end();
  });
  EXPECT_EQ(peer.read(shared->size()), "3e8\r\n" + std::string(1000, 'x') + "\r\n");
  EXPECT_EQ(peer.read(5), "0\r\n\r\n");
  EXPECT_EQ(peer.get("/next").body, "plain");
  EXPECT_TRUE(world.journal.empty());
}

TEST(HttpConnectionStreaming, KeepsWhatIsPipelinedBehindIt) {
  StreamingWorld world;
  world.start();
  Peer peer(world.port);
  peer.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.answer().status, 200);
  EXPECT_EQ(peer.read_through("hello\r\n"), "5\r\nhello\r\n");
  EXPECT_FALSE(peer.has_input());
  world.post([&] { world.stream->end(); });
  EXPECT_EQ(peer.read(5), "0\r\n\r\n");
  EXPECT_EQ(peer.answer().body, "plain");
}

TEST(HttpConnectionStreaming, ToHttp10EndsWithTheConnection) {
  StreamingWorld world;
  world.start();
  Peer peer(world.port);
  peer.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto head = peer.answer();
  EXPECT_EQ(head.field("transfer-encoding"), "");
  EXPECT_EQ(head.field("connection"), "close");
  EXPECT_EQ(peer.read(5), "hello");
  world.post([&] {
    world.stream->append(" again");
    world.stream->end();
  });
  EXPECT_EQ(peer.read_to_end(), " again");
}

TEST(HttpConnectionStreaming, HasNoBodyForHead) {
  StreamingWorld world;
  world.start();
  Peer peer(world.port);
  peer.ask("HEAD", "/stream");
  EXPECT_EQ(peer.answer("HEAD").status, 200);
  world.post([&] {
    EXPECT_EQ(world.stream->append("more"), Push::queued);
    world.stream->end();
  });
  EXPECT_EQ(peer.get("/next").body, "plain");
}

TEST(HttpConnectionStreaming, TellsThatThePeerHasGone) {
  for (const bool reset : {false, true}) {
    StreamingWorld world;
    world.start();
    Peer peer(world.port);
    peer.ask("GET", "/stream");
    peer.read_through("hello\r\n");
    reset ? peer.reset() : peer.end();
    EXPECT_EQ(world.journal.next(), "closed");
  }
}

TEST(HttpConnectionStreaming, DropsAboveTheHighWatermarkAndTellsWhenItHasLeft) {
  StreamingWorld world({.outbox = {.high_watermark = 100'000, .limit = 64U << 20U}});
  world.settings.on_drain = [&] { world.journal.note("drained"); };
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  peer.read_through("hello\r\n");
  std::size_t sent = 0;
  world.post([&] {
    const std::string block(100'000, 'x');
    Push last = Push::queued;
    while (last == Push::queued) {
      last = world.stream->append(block);
      sent += chunk(block).size();
    }
    EXPECT_EQ(last, Push::high);
    EXPECT_GT(world.stream->buffered(), 100'000U);
    EXPECT_EQ(world.stream->append("droppable", Droppable::yes), Push::dropped);
    EXPECT_EQ(world.stream->append("needed"), Push::high);
    sent += chunk("needed").size();
    world.journal.note("full");
  });
  EXPECT_EQ(world.journal.next(), "full");
  EXPECT_TRUE(peer.read(sent).ends_with("\r\n6\r\nneeded\r\n"));
  EXPECT_EQ(world.journal.next(), "drained");
  world.post([&] { EXPECT_EQ(world.stream->append("droppable", Droppable::yes), Push::queued); });
  EXPECT_EQ(peer.read_through("droppable\r\n"), chunk("droppable"));
}

TEST(HttpConnectionStreaming, MayEndFromItsOwnDrain) {
  StreamingWorld world({.outbox = {.high_watermark = 1000, .limit = 64U << 20U}});
  world.settings.on_drain = [&world, kept = std::string(100, 'k')] {
    world.stream->end();
    world.journal.note(kept);
  };
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  peer.read_through("hello\r\n");
  world.post([&] {
    while (world.stream->append(std::string(100'000, 'x')) == Push::queued) {
    }
    world.journal.note("full");
  });
  EXPECT_EQ(world.journal.next(), "full");
  EXPECT_TRUE(peer.read_through("\r\n0\r\n\r\n").ends_with("x\r\n0\r\n\r\n"));
  EXPECT_EQ(world.journal.next(), std::string(100, 'k'));
}

TEST(HttpConnectionStreaming, BreaksOffAboveTheLimit) {
  StreamingWorld world({.outbox = {.high_watermark = 1000, .limit = 1'000'000}});
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  peer.read_through("hello\r\n");
  world.post([&] {
    Push last = Push::queued;
    while (last == Push::queued || last == Push::high) {
      last = world.stream->append(std::string(100'000, 'x'));
    }
    EXPECT_EQ(last, Push::overflow);
    EXPECT_EQ(world.stream->append("late"), Push::closed);
    EXPECT_TRUE(world.journal.empty());  // not from within
    world.journal.note("overflow");
  });
  EXPECT_EQ(world.journal.next(), "overflow");
  EXPECT_EQ(world.journal.next(), "closed");
}

TEST(HttpConnectionStreaming, GivesUpAPeerThatTakesNothing) {
  StreamingWorld world({.stall_timeout = 10ms});
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  peer.read_through("hello\r\n");
  world.post([&] {
    while (world.stream->append(std::string(1'000'000, 'x')) == Push::queued) {
    }
  });
  EXPECT_EQ(world.journal.next(), "closed");
}

TEST(HttpConnectionStreaming, EndsWithTheServer) {
  StreamingWorld world;
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  peer.read_through("hello\r\n");
  world.post([&] {
    for (const auto& stream : world.loop().streams()) stream->handler().on_shutdown();
  });
  EXPECT_EQ(peer.read_to_end(), "0\r\n\r\n");
  EXPECT_EQ(world.journal.next(), "closed");
}

TEST(HttpConnectionStreaming, SaysGoodbyeWhenTheServerStops) {
  StreamingWorld world;
  world.settings.on_shutdown = [&] {
    world.stream->append("bye");
    world.stream->end();
  };
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  peer.read_through("hello\r\n");
  world.post([&] {
    for (const auto& stream : world.loop().streams()) stream->handler().on_shutdown();
  });
  EXPECT_EQ(peer.read_to_end(), "3\r\nbye\r\n0\r\n\r\n");
  EXPECT_TRUE(world.journal.empty());
}

TEST(HttpConnectionStreaming, BreaksOffWhenAborted) {
  StreamingWorld world;
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/stream");
  peer.read_through("hello\r\n");
  world.post([&] {
    world.stream->abort();
    EXPECT_EQ(world.stream->append("late"), Push::closed);
  });
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_TRUE(world.journal.empty());
}

}  // namespace
}  // namespace naru::transport
