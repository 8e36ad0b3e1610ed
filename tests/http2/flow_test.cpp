// Flow control, fairness (RFC 9113 section 5.2, websocket.md 11.3), budgets and the end.
#include "session_world.hpp"

namespace naru::http2 {
namespace {

using testing::extended_connect;
using testing::get;
using testing::Http2Peer;
using testing::kPreface;
using testing::post;
using testing::raw_frame;
using testing::SessionWorld;

// ---- windows

TEST(Http2Flow, AFullWindowHoldsBackItsStreamAlone) {  // websocket.md section 14, group 11
  SessionWorld world;
  Http2Peer peer({.consumes = false, .window = 1000});
  const auto slow = peer.open(extended_connect("/slow"));
  const auto quick = peer.open(extended_connect("/quick"));
  world.talk(peer);
  SendQueue slow_source(world.chunks);
  SendQueue quick_source(world.chunks);
  world.session.accept(slow, {}, slow_source);
  world.session.accept(quick, {}, quick_source);
  slow_source.append(std::string(5000, 's'));
  world.session.resume(slow);
  world.talk(peer);
  EXPECT_EQ(peer.received[slow].size(), 1000U);
  EXPECT_EQ(slow_source.size(), 4000U);
  quick_source.append(std::string_view("message"));
  world.session.resume(quick);
  world.talk(peer);
  EXPECT_EQ(peer.received[quick], "message");
  peer.widen(slow, 10000);
  world.talk(peer);
  EXPECT_EQ(peer.received[slow].size(), 5000U);
}

TEST(Http2Flow, AReaderThatPausesHoldsBackItsStreamAlone) {
  SessionWorld world;
  world.consumes = false;
  Http2Peer peer;
  const auto paused = peer.open(extended_connect("/paused"));
  const auto other = peer.open(extended_connect("/other"));
  peer.send(paused, std::string(3000000, 'p'));
  world.talk(peer);
  EXPECT_EQ(world.received("1").size(), 131072U);
  // The connection's window stays open, however much waits in the stream.
  world.consumes = true;
  peer.send(other, std::string(3000000, 'o'));
  world.talk(peer);
  EXPECT_EQ(world.received("3").size(), 3000000U);
  EXPECT_EQ(world.received("1").size(), 131072U);
  world.session.consume(paused, 131072);
  world.talk(peer);
  EXPECT_EQ(world.received("1").size(), 3000000U);
}

TEST(Http2Flow, SurvivesAWindowThatShrinksBelowWhatIsUnderWay) {  // section 14, group 11
  SessionWorld world;
  Http2Peer peer({.consumes = false, .window = 1000});
  const auto id = peer.open(extended_connect("/"));
  world.talk(peer);
  SendQueue source(world.chunks);
  world.session.accept(id, {}, source);
  source.append(std::string(5000, 'x'));
  world.session.resume(id);
  world.talk(peer);
  peer.settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 10);  // the window is -990 now
  world.talk(peer);
  EXPECT_EQ(peer.received[id].size(), 1000U);
  peer.settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2000);
  world.talk(peer);
  EXPECT_EQ(peer.received[id].size(), 2000U);
}

TEST(Http2Flow, GivesBackTheWindowOfWhatItDoesNotWant) {
  SessionWorld world;
  Http2Peer peer;
  for (int i = 0; i < 30; ++i) {
    const auto id = peer.open(post("/"));
    world.talk(peer);
    world.session.respond(id, http::plain(404));
    peer.send(id, std::string(100000, 'x'));
    peer.end(id);
    world.talk(peer);
    ASSERT_TRUE(peer.heard(std::to_string(id) + " status 404"));
  }
  EXPECT_EQ(world.session.streams(), 0U);
}

TEST(Http2Flow, ResetsTheRestOfABodyThatNobodyWants) {  // RFC 9113 section 8.1
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(post("/"));
  world.talk(peer);
  world.session.respond(id, {.status = 413, .body = "no"});
  world.talk(peer);
  EXPECT_EQ(peer.notes,
            (std::vector<std::string>{"1 status 413", "1 data no", "1 end", "1 reset 0"}));
}

TEST(Http2Flow, EndsTheConnectionOfABadIncrement) {
  for (const std::string_view increment :
       {std::string_view("\0\0\0\0", 4), std::string_view("\x7f\xff\xff\xff", 4)}) {
    SessionWorld world;
    world.receive(kPreface + raw_frame(8, 0, 0, increment));
    world.output();
    EXPECT_TRUE(world.session.finished());
    EXPECT_EQ(world.notes, (std::vector<std::string>{"0 refused 0"}));
  }
}

// ---- whose turn it is

TEST(Http2Flow, TakesTurnsOfAFrame) {
  SessionWorld world;
  Http2Peer peer({.window = 1000000});
  nghttp2_session_set_local_window_size(peer.session, 0, 0, 4000000);
  const auto first = peer.open(extended_connect("/1"));
  const auto second = peer.open(extended_connect("/2"));
  world.talk(peer);
  SendQueue one(world.chunks);
  SendQueue two(world.chunks);
  world.session.accept(first, {}, one);
  world.session.accept(second, {}, two);
  one.append(std::string(500000, '1'));
  two.append(std::string(500000, '2'));
  world.session.resume(first);
  world.session.resume(second);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(peer.take(world.output(32768)));
    const auto a = static_cast<std::ptrdiff_t>(peer.received[first].size());
    const auto b = static_cast<std::ptrdiff_t>(peer.received[second].size());
    EXPECT_LE(std::abs(a - b), 32768) << a << " and " << b;
  }
}

TEST(Http2Flow, QueuesNoMoreThanThereIsRoomFor) {
  SessionWorld world;
  Http2Peer peer({.window = 1000000});
  nghttp2_session_set_local_window_size(peer.session, 0, 0, 4000000);
  peer.ask(get("/"));
  world.talk(peer);
  world.session.respond(1, {.body = std::string(500000, 'x')});
  const std::string some = world.output(65536);
  EXPECT_GE(some.size(), 65536U);
  EXPECT_LE(some.size(), 65536U + 16384 + 9);
  EXPECT_EQ(world.session.unsent(1) + 65536U, 500000U);
}

// ---- budgets (websocket.md 11.3)

Limits small_budgets() {
  return {.resets = {10, 1},
          .provoked_resets = {10, 1},
          .control_frames = {10, 1},
          .empty_frames = {10, 1}};
}

TEST(Http2Budget, EndsARapidReset) {  // CVE-2023-44487
  SessionWorld world(small_budgets());
  Http2Peer peer;
  for (int i = 0; i < 11; ++i) {
    const auto id = peer.ask(get("/"));
    ASSERT_TRUE(world.receive(peer.output()));
    peer.reset(id);
    EXPECT_EQ(world.receive(peer.output()), i < 10);
  }
  EXPECT_EQ(world.error, "too many resets");
  peer.take(world.output());
  EXPECT_TRUE(peer.heard("goaway 11"));
  EXPECT_TRUE(world.session.finished());
}

TEST(Http2Budget, RefillsWithTime) {
  SessionWorld world(small_budgets());
  Http2Peer peer;
  for (int i = 0; i < 100; ++i) {
    const auto id = peer.ask(get("/"));
    ASSERT_TRUE(world.receive(peer.output()));
    peer.reset(id);
    ASSERT_TRUE(world.receive(peer.output())) << i;
    world.output();
    world.now += std::chrono::milliseconds(1001);
  }
}

TEST(Http2Budget, TellsNobodyOfARequestThatWasTakenBackAtOnce) {  // CVE-2023-44487
  SessionWorld world;
  Http2Peer peer;
  std::string input;
  for (int i = 0; i < 100; ++i) {
    const auto id = peer.ask(get("/"));
    input += peer.output();
    peer.reset(id);
    input += peer.output();
  }
  EXPECT_TRUE(world.receive(input));
  EXPECT_TRUE(world.notes.empty());
  EXPECT_EQ(world.session.streams(), 0U);
}

TEST(Http2Budget, SurvivesAHundredThousandResets) {
  SessionWorld world;
  Http2Peer peer;
  world.talk(peer);
  bool alive = true;
  for (int i = 0; i < 100'000 && alive; ++i) {
    const auto id = peer.ask(get("/"));
    std::string input = peer.output();
    peer.reset(id);
    input += peer.output();
    alive = world.receive(input);
    EXPECT_LT(i, 501);
  }
  EXPECT_FALSE(alive);
}

TEST(Http2Budget, EndsAPeerThatProvokesResets) {  // CVE-2025-8671
  SessionWorld world(small_budgets());
  Http2Peer peer;
  for (int i = 0; i < 20; ++i) {
    peer.ask(get("/", {{"connection", "close"}}));
    world.receive(peer.output());
    peer.take(world.output());
  }
  EXPECT_TRUE(peer.heard("goaway 11"));
  EXPECT_TRUE(world.session.finished());
}

// A WINDOW_UPDATE of 0 on a stream makes us reset it, while its answer may still be worked on.
TEST(Http2Budget, EndsAPeerThatProvokesResetsByWindows) {  // CVE-2025-8671
  SessionWorld world(small_budgets());
  Http2Peer peer;
  for (int i = 0; i < 20; ++i) {
    const auto id = peer.ask(get("/"));
    world.receive(peer.output() +
                  raw_frame(8, 0, static_cast<std::uint32_t>(id), std::string(4, '\0')));
    peer.take(world.output());
  }
  EXPECT_TRUE(world.session.finished());
}

class Http2Flood : public ::testing::TestWithParam<std::pair<const char*, std::string>> {};

TEST_P(Http2Flood, EndsTheConnection) {
  SessionWorld world(small_budgets());
  Http2Peer peer;
  peer.open(extended_connect("/"));
  ASSERT_TRUE(world.receive(peer.output()));
  world.output();
  int taken = 0;
  while (taken < 100 && world.receive(GetParam().second)) {
    world.output();
    ++taken;
  }
  EXPECT_LE(taken, 10);
  EXPECT_GE(taken, 8);  // the preface has SETTINGS of its own
  const std::string last = world.output();
  EXPECT_TRUE(last.empty() || last.size() > 16);
  EXPECT_TRUE(world.session.finished());
  EXPECT_TRUE(world.heard("0 refused 0"));
}

INSTANTIATE_TEST_SUITE_P(
    All, Http2Flood,
    ::testing::Values(std::pair{"Settings", raw_frame(4, 0, 0, {})},      // CVE-2019-9515
                      std::pair{"Ping", raw_frame(6, 0, 0, "12345678")},  // CVE-2019-9512
                      std::pair{"Priority", raw_frame(2, 0, 3, std::string(5, '\1'))},
                      std::pair{"EmptyData", raw_frame(0, 0, 1, {})}),  // CVE-2019-9518
    [](const auto& test) { return test.param.first; });

TEST(Http2Budget, EndsAPeerThatAsksAndNeverReads) {  // CVE-2019-9512
  SessionWorld world({.pending_frames = 50, .control_frames = {1000000, 1}});
  EXPECT_TRUE(world.receive(kPreface));
  std::string pings;
  for (int i = 0; i < 100; ++i) pings += raw_frame(6, 0, 0, "12345678");
  EXPECT_FALSE(world.receive(pings));
  world.output();
  EXPECT_TRUE(world.session.finished());
}

TEST(Http2Budget, RefusesMoreStreamsThanItOffers) {
  SessionWorld world({.streams = 3});
  Http2Peer peer;
  for (int i = 0; i < 4; ++i) peer.open(extended_connect("/"));
  // The peer has not seen our SETTINGS: the fourth is refused, and may be asked again.
  world.receive(peer.output());
  peer.take(world.output());
  EXPECT_EQ(world.session.streams(), 3U);
  EXPECT_TRUE(peer.heard("7 reset 7")) << ::testing::PrintToString(peer.notes);
}

// ---- the end

TEST(Http2End, OfWhatIsNotHttp2) {
  SessionWorld world;
  EXPECT_FALSE(world.receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  world.output();
  EXPECT_TRUE(world.session.finished());
}

TEST(Http2End, LetsStreamsFinish) {  // RFC 9113 section 6.8
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(extended_connect("/"));
  world.talk(peer);
  SendQueue source(world.chunks);
  world.session.accept(id, {}, source);
  world.session.shut_down();
  world.talk(peer);
  EXPECT_TRUE(peer.heard("goaway 0"));
  EXPECT_FALSE(world.session.finished());
  peer.ask(get("/late"));
  source.append(std::string_view("bye"));
  world.session.end(id);
  peer.end(id);
  world.talk(peer);
  EXPECT_EQ(peer.received[id], "bye");
  EXPECT_FALSE(world.heard("3 GET /late"));
  EXPECT_TRUE(world.session.finished());
}

}  // namespace
}  // namespace naru::http2
