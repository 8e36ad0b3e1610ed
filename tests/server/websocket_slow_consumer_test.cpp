// Plain WebSockets whose peers do not read (websocket.md 8): outboxes, and the policies.
#include "support/test_server.hpp"

#include <algorithm>
#include <future>
#include <set>
#include <string>
#include <vector>

namespace naru::test {
namespace {

const std::string kLarge(50'000, 'x');

// Does on its loop, to a peer that does not read, what a test says.
class SlowPeer : public ::testing::Test {
 protected:
  void start(WebSocketOptions options) {
    options.on_close = [this](WebSocket&, std::uint16_t code, std::string_view) {
      journal.note("closed " + std::to_string(code));
    };
    options.on_drain = [this](WebSocket&) { journal.note("drained"); };
    server.server.websocket("/ws", std::move(options));
    server.start();
  }
  // Sends until the outcome is this.
  static void send_until(WebSocket& ws, SendOutcome wanted) {
    while (ws.send(text(kLarge)) != wanted) {
    }
  }
  Journal journal;
  TestServer server;
};

TEST_F(SlowPeer, IsClosedAboveTheLimit) {
  start({.on_message = [](WebSocket& ws, Message) { send_until(ws, SendOutcome::closed); },
         .limit = 1'000'000});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("flood");
  EXPECT_EQ(journal.next(), "closed 1006");
  EXPECT_EQ(server.server.stats().slow_closed, 1U);
  EXPECT_EQ(peer.hear_until("end"), "end");
}

TEST_F(SlowPeer, IsClosedByAPublicationAboveTheLimit) {
  start({.on_message =
             [this](WebSocket& ws, Message) {
               ws.subscribe("news");
               while (server.server.stats().slow_closed == 0) {
                 server.server.topic("news").publish(text(kLarge));
               }
             },
         .limit = 1'000'000});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("flood");
  EXPECT_EQ(journal.next(), "closed 1006");
}

TEST_F(SlowPeer, MissesWhatIsDroppable) {
  start({.on_message = [this](WebSocket& ws, Message) {
    ws.subscribe("news");
    while (server.server.stats().dropped < 10) {
      server.server.topic("news").publish(text(kLarge), {.droppable = true});
    }
    EXPECT_LT(ws.buffered_amount(), 200'000U);
    ws.send(text("not droppable"));
  }});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("flood");
  EXPECT_EQ(peer.hear_until("not"), "not droppable");
  EXPECT_EQ(server.server.stats().slow_closed, 0U);
}

TEST_F(SlowPeer, IsToldWhenItHasReadAll) {
  start({.on_message = [](WebSocket& ws, Message) {
    send_until(ws, SendOutcome::blocked);
    ws.send(text("the last"));
  }});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("fill");
  EXPECT_EQ(peer.hear_until("the last"), "the last");
  EXPECT_EQ(journal.next(), "drained");
}

TEST_F(SlowPeer, IsSentItsCloseBehindEverything) {
  start({.on_message = [](WebSocket& ws, Message) {
    send_until(ws, SendOutcome::blocked);
    ws.close(4000);
  }});
  WebSocketPeer peer(server.port, "/ws");
  peer.say("fill");
  EXPECT_EQ(peer.hear_until("close"), "close 4000");
}

// KJ, and Own 9 of websocket.md 14: pongs to a peer that never reads take no memory.
TEST_F(SlowPeer, CannotMakePongsPileUp) {
  std::promise<WebSocketRef> opened;
  start({.on_open = [&](WebSocket& ws) { opened.set_value(ws.ref()); }});
  WebSocketPeer peer(server.port, "/ws");
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += raw_frame(0x89, std::string(125, 'p'));
  for (int i = 0; i < 100; ++i) peer.send(pings);
  opened.get_future().get().with([&](WebSocket& ws) {
    EXPECT_LT(ws.buffered_amount(), 100'000U);
    journal.note("looked");
  });
  EXPECT_EQ(journal.next(), "looked");
}

// ---- policies

// Messages that count, long enough to fill a socket.
std::string numbered(int number) {
  return std::to_string(number) + " " + std::string(50'000, 'x');
}

class Policy : public ::testing::Test {
 protected:
  static constexpr std::size_t kLimit = 1'000'000;

  // `send` is what the route does with the message of number n; `count` messages follow the first
  // that is not simply sent.
  using Send = std::function<SendOutcome(WebSocket&, int n)>;
  void start(SlowConsumer policy, Send send, int count) {
    server.server.websocket(
        "/ws", {.on_message =
                    [this, send, count](WebSocket& ws, Message message) {
                      if (message.data != "flood") return static_cast<void>(ws.send(message));
                      int n = 0;
                      while (send(ws, n++) == SendOutcome::sent) {
                      }
                      for (const int end = n + count; n < end; ++n) {
                        // The system may make room for one more at any time.
                        const SendOutcome outcome = send(ws, n);
                        if (outcome != SendOutcome::sent) outcomes.insert(outcome);
                        EXPECT_LE(ws.buffered_amount(), kLimit + 1000);
                      }
                      last = n - 1;
                      journal.note("flooded");
                    },
                .on_drain = [this](WebSocket&) { journal.note("drained"); },
                .on_dropped = [this](WebSocket&,
                                     Message message) { lost.push_back(number(message.data)); },
                .limit = kLimit,
                .slow_consumer = policy});
    server.start();
  }
  static int number(std::string_view message) { return std::stoi(std::string(message)); }

  // Lets the route flood a peer that reads only then; returns the numbers that came.
  std::vector<int> flood() {
    WebSocketPeer peer(server.port, "/ws");
    peer.say("flood");
    EXPECT_EQ(journal.next(), "flooded");
    std::vector<int> heard;
    peer.say("behind");
    for (std::string message = peer.hear(); message != "behind"; message = peer.hear()) {
      if (message == "end") {
        ADD_FAILURE() << "closed";
        break;
      }
      heard.push_back(number(message));
    }
    EXPECT_EQ(journal.next(), "drained");
    peer.say("alive");
    EXPECT_EQ(peer.hear(), "alive");
    EXPECT_TRUE(server.counts(&Stats::messages_out, heard.size() + 2));
    EXPECT_EQ(server.server.stats().slow_closed, 0U);
    peer.leave();
    server.server.stop();  // what the handlers wrote is read from here on
    return heard;
  }
  // The first of the flood that did not come.
  static int first_gap(const std::vector<int>& numbers) {
    int expected = 0;
    for (const int number : numbers) {
      if (number != expected) break;
      ++expected;
    }
    return expected;
  }
  void expect_ascending(const std::vector<int>& numbers) {
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
  SendOutcome publish(WebSocket& ws, int n, const PublishOptions& options = {}) {
    ws.subscribe("news");
    const Stats before = server.server.stats();
    const std::size_t waiting = ws.buffered_amount();
    server.server.topic("news").publish(text(numbered(n)), options);
    if (server.server.stats().dropped != before.dropped) return SendOutcome::dropped;
    return ws.buffered_amount() > waiting && waiting > 65'536 ? SendOutcome::blocked
                                                              : SendOutcome::sent;
  }

  std::set<SendOutcome> outcomes;
  int last = 0;
  std::vector<int> lost;
  Journal journal;
  TestServer server;
};

SendOutcome send_numbered(WebSocket& ws, int n) {
  return ws.send(text(numbered(n)));
}

TEST_F(Policy, DropOldestKeepsTheNewest) {
  start(SlowConsumer::drop_oldest, send_numbered, 500);
  const std::vector<int> heard = flood();
  EXPECT_EQ(outcomes, std::set{SendOutcome::blocked});
  expect_ascending(heard);
  EXPECT_EQ(heard.front(), 0);
  EXPECT_EQ(heard.back(), last);
  EXPECT_EQ(server.server.stats().dropped, static_cast<std::size_t>(last) + 1 - heard.size());
  EXPECT_GT(server.server.stats().dropped, 400U);
  EXPECT_EQ(server.server.stats().replaced, 0U);
}

TEST_F(Policy, DropNewestKeepsTheOldest) {
  start(SlowConsumer::drop_newest, send_numbered, 500);
  const std::vector<int> heard = flood();
  EXPECT_EQ(outcomes, (std::set{SendOutcome::blocked, SendOutcome::dropped}));
  expect_ascending(heard);  // the system may make room for a later one
  EXPECT_GT(first_gap(heard), 0);
  EXPECT_EQ(server.server.stats().dropped, static_cast<std::size_t>(last) + 1 - heard.size());
  EXPECT_GT(server.server.stats().dropped, 400U);
  EXPECT_TRUE(lost.empty()) << "send() said so";
}

TEST_F(Policy, KeepLatestReplacesByKey) {
  start(
      SlowConsumer::keep_latest,
      [](WebSocket& ws, int n) {
        return ws.send(text(numbered(n)), {.key = n % 2 == 0 ? "even" : "odd"});
      },
      500);
  const std::vector<int> heard = flood();
  EXPECT_EQ(outcomes, std::set{SendOutcome::blocked});
  ASSERT_GE(heard.size(), 2U);
  const std::set<int> newest(heard.end() - 2, heard.end());
  EXPECT_EQ(newest, (std::set{last - 1, last}));
  EXPECT_EQ(server.server.stats().replaced, server.server.stats().dropped);
  EXPECT_EQ(server.server.stats().dropped, static_cast<std::size_t>(last) + 1 - heard.size());
}

TEST_F(Policy, KeepLatestDropsTheOldestWhenAllKeysDiffer) {
  start(
      SlowConsumer::keep_latest,
      [](WebSocket& ws, int n) { return ws.send(text(numbered(n)), {.key = std::to_string(n)}); },
      500);
  const std::vector<int> heard = flood();
  expect_ascending(heard);
  EXPECT_EQ(heard.back(), last);
  EXPECT_EQ(server.server.stats().replaced, 0U);
  EXPECT_GT(server.server.stats().dropped, 400U);
}

TEST_F(Policy, HoldsForPublications) {
  start(SlowConsumer::drop_oldest, [this](WebSocket& ws, int n) { return publish(ws, n); }, 500);
  const std::vector<int> heard = flood();
  expect_ascending(heard);
  EXPECT_EQ(heard.back(), last);
  EXPECT_GT(server.server.stats().dropped, 400U);
}

TEST_F(Policy, KeepsTheLatestPublicationOfATopic) {
  start(SlowConsumer::keep_latest, [this](WebSocket& ws, int n) { return publish(ws, n); }, 500);
  const std::vector<int> heard = flood();
  expect_ascending(heard);
  EXPECT_EQ(heard.back(), last);
  EXPECT_GT(server.server.stats().replaced, 490U);
}

TEST_F(Policy, KeepsTheLatestPublicationOfAKey) {
  start(
      SlowConsumer::keep_latest,
      [this](WebSocket& ws, int n) { return publish(ws, n, {.key = n % 2 == 0 ? "even" : "odd"}); },
      500);
  const std::vector<int> heard = flood();
  ASSERT_GE(heard.size(), 2U);
  EXPECT_EQ((std::set<int>(heard.end() - 2, heard.end())), (std::set{last - 1, last}));
}

TEST_F(Policy, DropNewestHoldsForPublications) {
  start(SlowConsumer::drop_newest, [this](WebSocket& ws, int n) { return publish(ws, n); }, 500);
  const std::vector<int> heard = flood();
  expect_ascending(heard);
  EXPECT_GT(server.server.stats().dropped, 400U);
  ASSERT_FALSE(lost.empty());
  EXPECT_EQ(lost.front(), first_gap(heard));
}

// The first of those that a turn lost are told, as long as they fit the limit.
TEST_F(Policy, TellsWhatWasLostAfterItHadBeenTaken) {
  start(SlowConsumer::drop_oldest, send_numbered, 100);
  const std::vector<int> heard = flood();
  expect_ascending(lost);
  ASSERT_GE(lost.size(), 10U);
  EXPECT_LE(lost.size(), kLimit / 50'000);
  for (const int number : lost) EXPECT_EQ(std::count(heard.begin(), heard.end(), number), 0);
}

TEST_F(Policy, DropsWhatIsDroppableFirst) {
  start(
      SlowConsumer::drop_oldest,
      [](WebSocket& ws, int n) { return ws.send(text(numbered(n)), {.droppable = n % 2 == 0}); },
      20);
  const std::vector<int> heard = flood();
  EXPECT_EQ(outcomes, (std::set{SendOutcome::blocked, SendOutcome::dropped}));
  EXPECT_EQ(heard.back() % 2, 1);
}

TEST_F(Policy, TakesWhatIsLargerThanTheLimitWhenNothingWaits) {
  for (const SlowConsumer policy :
       {SlowConsumer::drop_newest, SlowConsumer::drop_oldest, SlowConsumer::keep_latest}) {
    TestServer one;
    one.server.websocket("/ws", {.on_message =
                                     [](WebSocket& ws, Message) {
                                       EXPECT_NE(ws.send(text(std::string(500'000, 'x'))),
                                                 SendOutcome::dropped);
                                     },
                                 .high_watermark = 1000,
                                 .limit = 10'000,
                                 .slow_consumer = policy});
    one.start();
    WebSocketPeer peer(one.port, "/ws");
    peer.say("go");
    EXPECT_EQ(peer.hear().size(), 500'000U);
  }
}

// close() comes behind everything that was taken.
TEST_F(Policy, SendsWhatWaitsBeforeAClose) {
  Journal closed;
  TestServer one;
  one.server.websocket("/ws", {.on_message =
                                   [&](WebSocket& ws, Message) {
                                     int n = 0;
                                     while (send_numbered(ws, n) == SendOutcome::sent) ++n;
                                     for (int more = 0; more < 5; ++more) send_numbered(ws, ++n);
                                     closed.note(std::to_string(n));
                                     ws.close(4000);
                                   },
                               .slow_consumer = SlowConsumer::drop_oldest});
  one.start();
  WebSocketPeer peer(one.port, "/ws");
  peer.say("go");
  const int newest = std::stoi(closed.next());
  for (int n = 0; n <= newest; ++n) ASSERT_EQ(number(peer.hear()), n);
  EXPECT_EQ(peer.hear_close(), "close 4000");
}

TEST_F(Policy, LetsAPeerGoThatNeverReads) {
  for (const SlowConsumer policy :
       {SlowConsumer::drop_newest, SlowConsumer::drop_oldest, SlowConsumer::keep_latest}) {
    Journal ended;
    TestServer one;
    one.server.websocket("/ws", {.on_message =
                                     [&](WebSocket& ws, Message) {
                                       for (int n = 0; n < 200; ++n) send_numbered(ws, n);
                                       ended.note("sent");
                                     },
                                 .on_dropped = [](WebSocket& ws, Message) { ws.close(4000); },
                                 .on_close =
                                     [&](WebSocket& ws, std::uint16_t code, std::string_view) {
                                       EXPECT_EQ(ws.buffered_amount(), 0U);
                                       ended.note(std::to_string(code));
                                     },
                                 .limit = 1'000'000,
                                 .slow_consumer = policy});
    one.start();
    {
      WebSocketPeer peer(one.port, "/ws");
      peer.say("go");
      EXPECT_EQ(ended.next(), "sent");
      peer.reset();
    }
    EXPECT_EQ(ended.next(), "1006");
  }
}

TEST_F(Policy, CatchesWhatOnDroppedThrows) {
  Journal ended;
  TestServer one;
  one.server.websocket(
      "/ws", {.on_message =
                  [&](WebSocket& ws, Message) {
                    ws.subscribe("news");
                    while (one.server.stats().dropped == 0) {
                      one.server.topic("news").publish(text(numbered(0)), {.droppable = true});
                    }
                  },
              .on_dropped = [](WebSocket&, Message) { throw std::runtime_error("dropped"); }});
  one.start();
  WebSocketPeer peer(one.port, "/ws");
  peer.say("go");
  EXPECT_EQ(peer.hear_until("close"), "close 1011");
}

}  // namespace
}  // namespace naru::test
