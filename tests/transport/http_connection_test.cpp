#include "http_world.hpp"

namespace naru::transport {
namespace {

using test::Answer;
using test::Peer;
using namespace std::chrono_literals;

TEST(HttpConnection, AnswersPipelinedRequestsInOrder) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  peer.send(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.answer().body, "/a:");
  EXPECT_EQ(peer.answer().body, "/b:hi");
  EXPECT_EQ(peer.answer().body, "/c:");
}

TEST(HttpConnection, KeepsTheConnectionUnlessToldOtherwise) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  EXPECT_EQ(peer.get("/1").status, 200);
  EXPECT_EQ(peer.get("/2", "Connection: close\r\n").status, 200);
  EXPECT_TRUE(peer.ended());
}

TEST(HttpConnection, EndsAfterARequestOfHttp10) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  peer.send("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(peer.answer().body, "/old:");
  EXPECT_TRUE(peer.ended());
}

TEST(HttpConnection, SendsNoBodyForHead) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  peer.ask("HEAD", "/path");
  EXPECT_EQ(peer.answer("HEAD").field("content-length"), "6");
  EXPECT_EQ(peer.get("/next").body, "/next:");
}

TEST(HttpConnection, TakesAHeadByteByByte) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  for (const char byte : std::string_view("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")) {
    peer.send({&byte, 1});
  }
  EXPECT_EQ(peer.answer().body, "/slow:");
}

TEST(HttpConnection, AnswersAViolationWithItsStatusAndEnds) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  peer.send("GET / HTTP/1.1\r\n\r\n");  // no Host
  EXPECT_EQ(peer.answer().status, 400);
  EXPECT_TRUE(peer.ended());
  EXPECT_EQ(world.journal.next(), "violation 400");
}

TEST(HttpConnection, RefusesTooManyFields) {  // CVE-2024-37890
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  std::string fields = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  for (int i = 0; i < 10'000; ++i) fields += "a:b\r\n";
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
  EXPECT_EQ(peer.answer().status, 431);
  EXPECT_TRUE(peer.read_to_end().empty());
}

TEST(HttpConnection, RefusesALongHead) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(peer.answer().status, 431);
}

// ---- bodies

TEST(HttpConnection, RefusesABodyByItsContentLength) {
  HttpWorld world;
  world.on_head = [](HttpExchange& connection) { connection.limit_body(4); };
  world.start();
  Peer peer(world.port);
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(peer.answer().status, 413);
  EXPECT_TRUE(peer.ended());
}

TEST(HttpConnection, RefusesABodyThatGrowsTooLarge) {
  HttpWorld world;
  world.on_head = [](HttpExchange& connection) { connection.limit_body(4); };
  world.start();
  Peer peer(world.port);
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  peer.send("2\r\nde\r\n");
  EXPECT_EQ(peer.answer().status, 413);
  EXPECT_TRUE(peer.ended());
  EXPECT_EQ(world.journal.next(), "violation 413");
}

TEST(HttpConnection, TakesABodyOfExactlyTheLimit) {
  HttpWorld world;
  world.on_head = [](HttpExchange& connection) { connection.limit_body(4); };
  world.start();
  Peer peer(world.port);
  EXPECT_EQ(peer.post("/p", "abcd").body, "/p:abcd");
}

TEST(HttpConnection, InvitesABodyThatIsHeldBack) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  peer.send("POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.read_through("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ok");
  EXPECT_EQ(peer.answer().body, "/p:ok");
}

TEST(HttpConnection, DoesNotInviteABodyThatItRefuses) {
  HttpWorld world;
  world.on_head = [](HttpExchange& connection) { connection.limit_body(1); };
  world.start();
  Peer peer(world.port);
  peer.send("POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.answer().status, 413);
}

// ---- time

TEST(HttpConnection, GivesUpOnAHeadThatDoesNotEnd) {
  HttpWorld world({.head_timeout = 30ms});
  world.start();
  Peer peer(world.port);
  peer.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(peer.answer().status, 408);
  EXPECT_TRUE(peer.ended());
}

TEST(HttpConnection, GivesUpOnABodyThatDoesNotEnd) {
  HttpWorld world({.body_timeout = 30ms});
  world.start();
  Peer peer(world.port);
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
  EXPECT_EQ(peer.answer().status, 408);
  EXPECT_TRUE(peer.ended());
}

TEST(HttpConnection, EndsSilentlyWhenNoFurtherRequestComes) {
  HttpWorld world({.idle_timeout = 30ms});
  world.start();
  Peer peer(world.port);
  EXPECT_EQ(peer.get("/").status, 200);
  EXPECT_TRUE(peer.ended());
}

TEST(HttpConnection, EndsSilentlyWhenNoFirstRequestComes) {
  HttpWorld world({.head_timeout = 30ms});
  world.start();
  Peer peer(world.port);
  EXPECT_TRUE(peer.ended());
}

// ---- half-closed peers

TEST(HttpConnection, AnswersAPeerThatHasHalfClosed) {
  HttpWorld world;
  world.start();
  Peer peer(world.port);
  peer.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.end();
  EXPECT_EQ(peer.answer().body, "/a:");
  EXPECT_EQ(peer.answer().body, "/b:");
  EXPECT_TRUE(peer.ended());
}

TEST(HttpConnection, EndsWhenThePeerEndsWithinARequest) {
  HttpWorld world;
  world.on_head = [&](HttpExchange& connection) {
    connection.watch_body([&] { world.journal.note("abandoned"); });
  };
  world.start();
  Peer peer(world.port);
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na");
  peer.end();
  EXPECT_TRUE(peer.ended());
  EXPECT_EQ(world.journal.next(), "abandoned");
}

// ---- answers that come later

// Requests for "/later" wait until release() gives them their answer.
struct Later {
  explicit Later(HttpWorld& the_world) : world(the_world) {
    const auto at_once = world.on_complete;
    world.on_complete = [this, at_once](HttpExchange& connection) {
      if (connection.request().path != "/later") return at_once(connection);
      waiting = &connection;
      connection.respond_later([this] {
        waiting = nullptr;
        world.journal.note("abandoned");
      });
      world.journal.note("waiting");
    };
  }
  void release() {
    world.post([this] {
      if (waiting != nullptr) waiting->respond({.status = 202});
    });
  }
  HttpWorld& world;
  HttpExchange* waiting = nullptr;  // on the loop
};

TEST(HttpConnection, KeepsWhatIsPipelinedBehindALateAnswer) {
  HttpWorld world;
  Later later(world);
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/later");
  peer.ask("GET", "/b");
  EXPECT_EQ(world.journal.next(), "waiting");
  peer.ask("GET", "/c");
  later.release();
  EXPECT_EQ(peer.answer().status, 202);
  EXPECT_EQ(peer.answer().body, "/b:");
  EXPECT_EQ(peer.answer().body, "/c:");
}

TEST(HttpConnection, HoldsBackAPeerThatPipelinesTooMuch) {
  HttpWorld world({.pipelined_bytes = 1000});
  Later later(world);
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/later");
  EXPECT_EQ(world.journal.next(), "waiting");
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
  peer.send(requests);  // fits in the buffers of the system
  later.release();
  EXPECT_EQ(peer.answer().status, 202);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(peer.answer().body, "/x:") << i;
}

TEST(HttpConnection, TellsWhenThePeerLeavesBeforeItsAnswer) {
  HttpWorld world;
  Later later(world);
  world.start();
  for (const bool reset : {false, true}) {
    Peer peer(world.port);
    peer.ask("GET", "/later");
    EXPECT_EQ(world.journal.next(), "waiting");
    reset ? peer.reset() : peer.end();
    EXPECT_EQ(world.journal.next(), "abandoned");
  }
}

TEST(HttpConnection, DoesNotTellOfAPeerThatLeavesAfterItsAnswer) {
  HttpWorld world;
  Later later(world);
  world.start();
  Peer peer(world.port);
  peer.ask("GET", "/later");
  EXPECT_EQ(world.journal.next(), "waiting");
  later.release();
  EXPECT_EQ(peer.answer().status, 202);
  peer.reset();
  Peer other(world.port);
  EXPECT_EQ(other.get("/").status, 200);
  EXPECT_TRUE(world.journal.empty());
}

TEST(HttpConnection, AnswersWhatHasBegunBeforeItShutsDown) {
  HttpWorld world;
  Later later(world);
  world.start();
  Peer idle(world.port);
  EXPECT_EQ(idle.get("/").status, 200);
  Peer busy(world.port);
  busy.ask("GET", "/later");
  EXPECT_EQ(world.journal.next(), "waiting");
  world.post([&] {
    for (const auto& stream : world.loop().streams()) stream->handler().on_shutdown();
  });
  EXPECT_TRUE(idle.ended());
  later.release();
  const Answer answer = busy.answer();
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(busy.ended());
}

TEST(HttpConnection, AddsFieldsToTheAnswerOfTheirRequestOnly) {
  HttpWorld world;
  world.on_head = [](HttpExchange& connection) {
    if (connection.request().path == "/a") connection.add_field("X-A", "1");
  };
  world.start();
  Peer peer(world.port);
  EXPECT_EQ(peer.get("/a").field("x-a"), "1");
  EXPECT_EQ(peer.get("/b").field("x-a"), "");
}

}  // namespace
}  // namespace naru::transport
