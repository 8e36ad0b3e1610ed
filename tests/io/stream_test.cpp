#include "io/stream.hpp"

#include "io/tcp_stream.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <thread>

// What both kinds of stream promise: each test runs over TCP (IPv4, IPv6) and TLS.
namespace naru::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Client;
using testing::pattern;
using testing::Seen;
using testing::send;
using testing::settle;
using testing::turn_until;
using testing::Wire;
using testing::Witness;
using testing::World;

class EveryStream : public ::testing::TestWithParam<Wire> {
 protected:
  World world{GetParam()};
  Loop& loop = world.loop;
};
std::string wire_name(const ::testing::TestParamInfo<Wire>& wire) {
  constexpr std::array<const char*, 3> names{"tcp4", "tcp6", "tls"};
  return names[static_cast<std::size_t>(wire.param)];
}
INSTANTIATE_TEST_SUITE_P(Wires, EveryStream, ::testing::Values(Wire::tcp4, Wire::tcp6, Wire::tls),
                         wire_name);

TEST_P(EveryStream, EchoesAndKnowsItsPeer) {
  const auto seen = world.seen;
  seen->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  const auto client = world.connect();
  EXPECT_EQ(seen->stream->peer_address(), GetParam() == Wire::tcp6 ? "::1" : "127.0.0.1");
  EXPECT_EQ(seen->stream->peer_port(), client->port());
  EXPECT_EQ(seen->stream->tls(), GetParam() == Wire::tls);
  for (int i = 0; i < 3; ++i) {
    world.write(*client, "hello");
    EXPECT_EQ(world.read(*client, 5), "hello");
  }
  EXPECT_EQ(seen->calls, "attached bytes bytes bytes ");
}

TEST_P(EveryStream, SendsWhatIsQueuedWhenAttached) {
  world.seen->on_attached = [](Stream& stream) { send(stream, "welcome"); };
  const auto client = world.connect();
  EXPECT_EQ(world.read(*client, 7), "welcome");
}

TEST_P(EveryStream, FlushesWithinTheTurnWhenAsked) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->out().append(std::string_view("now"));
  seen->stream->flush();
  EXPECT_TRUE(seen->stream->out().empty());
  std::string bytes;
  client->receive(bytes);
  EXPECT_EQ(bytes, "now");
}

TEST_P(EveryStream, MovesSixteenMebibytesEachWay) {
  const std::string there = pattern(std::size_t{16} << 20U);
  const std::string back = pattern((std::size_t{16} << 20U) + 1);
  const auto seen = world.seen;
  const auto client = world.connect();
  // In pieces of every kind: copied ones, and shared ones that are and are not worth a record.
  const auto shared = std::make_shared<const std::string>(back.substr(0, 5000));
  seen->stream->out().append(shared);
  seen->stream->out().append(std::string_view(back).substr(5000, 100));
  seen->stream->out().append(std::make_shared<const std::string>(back.substr(5100, 900)));
  send(*seen->stream, std::string_view(back).substr(6000));
  std::string_view left = there;
  std::string got;
  EXPECT_TRUE(turn_until(loop, [&] {
    left.remove_prefix(client->send(left));
    client->receive(got);
    return left.empty() && got.size() >= back.size() && seen->received.size() >= there.size();
  }));
  EXPECT_TRUE(got == back);
  EXPECT_TRUE(seen->received == there);
  settle(loop);
  EXPECT_EQ(seen->sent, 1);  // once the queue was empty again
  EXPECT_TRUE(seen->stream->out().empty());
}

TEST_P(EveryStream, TellsOnSentEachTimeAFullSocketHasEmptied) {
  const auto seen = world.seen;
  const auto client = world.connect(4096);
  const std::string block = pattern(std::size_t{8} << 20U);
  seen->on_sent = [&](Stream& stream) {
    if (seen->sent < 3) send(stream, block);
  };
  send(*seen->stream, block);
  settle(loop);
  EXPECT_EQ(seen->sent, 0);
  EXPECT_FALSE(seen->stream->out().empty());
  world.read(*client, 3 * block.size());
  settle(loop);
  EXPECT_EQ(seen->sent, 3);
}

TEST_P(EveryStream, SmallMessageIsNotToldOnSent) {
  const auto seen = world.seen;
  const auto client = world.connect();
  send(*seen->stream, "small");
  settle(loop);
  EXPECT_EQ(seen->sent, 0);
}

TEST_P(EveryStream, PausedTakesNothingAndResumedTakesAll) {
  const auto seen = world.seen;
  const auto client = world.connect();
  const std::string bytes = pattern(200000);
  seen->on_bytes = [](Stream& stream, std::string_view) { stream.pause_reading(); };
  std::string_view left = bytes;
  EXPECT_TRUE(turn_until(loop, [&] {
    left.remove_prefix(client->send(left));
    return left.size() < 100000 && !seen->received.empty();
  }));
  const std::size_t before = seen->received.size();
  settle(loop);
  EXPECT_EQ(seen->received.size(), before);
  // What is left arrives though no more is sent (TLS: part of it waits inside OpenSSL), one read
  // at a time, because each pauses again.
  EXPECT_TRUE(turn_until(loop, [&] {
    left.remove_prefix(client->send(left));
    seen->stream->resume_reading();
    return seen->received.size() == bytes.size();
  }));
  EXPECT_TRUE(seen->received == bytes);
}

TEST_P(EveryStream, EndsAfterThePeersEnd) {
  const auto seen = world.seen;
  seen->on_end = [](Stream& stream) {
    send(stream, "goodbye");
    stream.finish();
  };
  const auto client = world.connect();
  world.write(*client, "last");
  client->end();
  EXPECT_EQ(world.read(*client), "goodbye");
  settle(loop);
  EXPECT_EQ(seen->calls, "attached bytes end closed ");
  EXPECT_EQ(seen->end, StreamEnd::peer_closed);
  EXPECT_TRUE(seen->destroyed);
  EXPECT_EQ(loop.streams().size(), 0U);
}

TEST_P(EveryStream, StaysOpenToAnswerAfterThePeersEndWithoutSpinning) {
  const auto seen = world.seen;
  const auto client = world.connect();
  client->end();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->calls == "attached end "; }));
  settle(loop);
  // Nothing is ready any more: a turn would sleep until the timer.
  int turns = 0;
  seen->stream->set_deadline(loop.now() + milliseconds(50));
  while (seen->calls == "attached end ") {
    loop.poll(hours(1));
    ++turns;
  }
  EXPECT_LE(turns, 3);
  send(*seen->stream, "late");
  EXPECT_EQ(world.read(*client, 4), "late");
}

TEST_P(EveryStream, NoticesAResetWhilePausedOnce) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->pause_reading();
  world.write(*client, "unread");
  settle(loop);
  client->reset();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::reset);
  EXPECT_EQ(seen->calls, "attached closed ");
}

TEST_P(EveryStream, SleepsWhilePausedThoughThePeerHasClosed) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->pause_reading();
  world.write(*client, "unread");
  client->end();
  settle(loop);
  int turns = 0;
  seen->stream->set_deadline(loop.now() + milliseconds(50));
  while (seen->calls == "attached ") {
    loop.poll(hours(1));
    ++turns;
  }
  EXPECT_LE(turns, 3);
  seen->stream->resume_reading();
  settle(loop);
  EXPECT_EQ(seen->calls, "attached deadline bytes end ");
  EXPECT_EQ(seen->received, "unread");
}

TEST_P(EveryStream, ReportsAReset) {
  const auto seen = world.seen;
  const auto client = world.connect();
  client->reset();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->calls, "attached closed ");
  EXPECT_EQ(seen->end, StreamEnd::reset);
}

TEST_P(EveryStream, ReportsAResetMetWhileSending) {
  const auto seen = world.seen;
  const auto client = world.connect();
  client->reset();
  send(*seen->stream, "to nobody");
  seen->stream->flush();  // may meet it first; must not call the handler, nor raise SIGPIPE
  EXPECT_EQ(seen->closed, 0);
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::reset);
}

TEST_P(EveryStream, TheLastMessageArrivesThoughInputIsUnread) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->pause_reading();
  const std::string flood = pattern(std::size_t{2} << 20U);
  std::string_view left = flood;
  left.remove_prefix(client->send(left));
  settle(loop);
  send(*seen->stream, pattern(300000));
  seen->stream->finish();
  settle(loop);
  std::string got;
  EXPECT_TRUE(turn_until(loop, [&] {
    left.remove_prefix(client->send(left));  // goes on, before and while it reads
    return client->receive(got) != Client::Input::open && left.empty();
  }));
  EXPECT_TRUE(got == pattern(300000));
  EXPECT_EQ(seen->received, "");
  client->end();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::closed);
}

TEST_P(EveryStream, FinishSaysEndAndWaitsForThePeers) {
  const auto seen = world.seen;
  const auto client = world.connect();
  send(*seen->stream, "last");
  seen->stream->finish(hours(1));
  EXPECT_TRUE(seen->stream->finishing());
  EXPECT_EQ(world.read(*client), "last");  // and the end
  if (auto* tls = dynamic_cast<testing::TlsClient*>(client.get())) {
    EXPECT_TRUE(tls->said_goodbye());
  }
  settle(loop);
  EXPECT_EQ(seen->calls, "attached ");
  client->close();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::closed);
}

// The timers are told a later time than the clock's, so that no test waits.
TEST_P(EveryStream, FinishGivesUpOnAPeerThatSendsNoEnd) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->finish();
  settle(loop);
  loop.timers().advance(loop.now() + milliseconds(1900));
  settle(loop);
  EXPECT_EQ(seen->closed, 0);
  loop.timers().advance(loop.now() + milliseconds(2100));
  settle(loop);
  EXPECT_EQ(seen->closed, 1);
  EXPECT_EQ(seen->end, StreamEnd::closed);
}

TEST_P(EveryStream, FinishGivesUpOnAPeerThatNeverReads) {
  const auto seen = world.seen;
  const auto client = world.connect(4096);
  send(*seen->stream, pattern(std::size_t{16} << 20U));
  settle(loop);
  seen->stream->finish();
  settle(loop);
  EXPECT_EQ(seen->closed, 0);
  loop.timers().advance(loop.now() + milliseconds(2100));
  settle(loop);
  EXPECT_EQ(seen->closed, 1);
  EXPECT_EQ(seen->end, StreamEnd::aborted);
  // A FIN would make half a message look whole.
  std::string got;
  Client::Input input = Client::Input::open;
  EXPECT_TRUE(turn_until(loop, [&] {
    input = client->receive(got);
    return input != Client::Input::open;
  }));
  EXPECT_EQ(input, Client::Input::reset);
}

TEST_P(EveryStream, FinishGivesASlowReaderTimeButNotForEver) {
  const auto seen = world.seen;
  const auto client = world.connect(4096);
  send(*seen->stream, pattern(std::size_t{64} << 20U));
  seen->stream->finish(seconds(10));
  const Instant start = loop.now();
  std::string got;
  for (int i = 1; i <= 5; ++i) {
    const std::size_t before = seen->stream->out().size();
    EXPECT_TRUE(turn_until(loop, [&] {
      client->receive(got);
      return seen->stream->out().size() < before;
    }));
    loop.timers().advance(start + i * milliseconds(10100));
    settle(loop);
    ASSERT_EQ(seen->closed, 0) << i;
  }
  client->receive(got);
  settle(loop);
  loop.timers().advance(start + seconds(61));
  settle(loop);
  EXPECT_EQ(seen->closed, 1);
  EXPECT_EQ(seen->end, StreamEnd::aborted);
}

TEST_P(EveryStream, FinishDoesNotListenToAFloodForEver) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->finish(hours(1));
  const std::string block = pattern(65536);
  std::size_t total = 0;
  EXPECT_TRUE(turn_until(loop, [&] {
    total += client->send(block);
    return seen->closed == 1;
  }));
  EXPECT_LT(total, std::size_t{32} << 20U);
}

TEST_P(EveryStream, FinishLeavesOnlyOnClosed) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->set_deadline(loop.now() + milliseconds(10));
  seen->stream->finish();
  seen->stream->set_deadline(loop.now() + milliseconds(10));
  seen->stream->finish();  // again: nothing
  world.write(*client, "ignored");
  loop.timers().advance(loop.now() + milliseconds(500));
  settle(loop);
  client->end();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->calls, "attached closed ");
}

TEST_P(EveryStream, AbortFromEachCallEndsWithOneOnClosed) {
  const auto abort = [](Stream& stream) {
    stream.abort();
    stream.abort();
    EXPECT_TRUE(stream.closed());
    send(stream, "nothing");
    stream.flush();
    stream.finish();
    stream.set_deadline(stream.loop().now());
    stream.resume_reading();
  };
  struct Row {
    const char* calls;
    std::function<void(Seen&)> prepare;
  };
  const std::array rows{
      Row{"attached bytes closed ",
          [&](Seen& s) {
            s.on_bytes = [abort](Stream& stream, std::string_view) { abort(stream); };
          }},
      Row{"attached bytes end closed ", [&](Seen& s) { s.on_end = abort; }},
      Row{"attached bytes deadline closed ",
          [&](Seen& s) {
            s.on_bytes = [](Stream& stream, std::string_view) {
              stream.set_deadline(stream.loop().now());
              stream.pause_reading();
            };
            s.on_deadline = abort;
          }},
      Row{"attached bytes sent closed ",
          [&](Seen& s) {
            s.on_bytes = [](Stream& stream, std::string_view) {
              send(stream, pattern(std::size_t{8} << 20U));
              stream.pause_reading();
            };
            s.on_sent = abort;
          }},
      Row{"attached bytes closed ",
          [&](Seen& s) {
            s.on_bytes = [](Stream& stream, std::string_view) { stream.abort(); };
            s.on_closed = abort;
          }},
  };
  for (const Row& row : rows) {
    const auto seen = world.seen;
    row.prepare(*seen);
    const auto client = world.connect();
    world.write(*client, "go");
    client->end();
    std::string got;
    ASSERT_TRUE(turn_until(loop, [&] {
      client->receive(got);
      return seen->closed == 1;
    })) << row.calls;
    settle(loop);
    EXPECT_EQ(seen->calls, row.calls);
    EXPECT_EQ(seen->end, StreamEnd::aborted);
    EXPECT_TRUE(seen->destroyed);
  }
  EXPECT_EQ(loop.streams().size(), 0U);
}

TEST_P(EveryStream, AbortWhenAttachedEndsWithOneOnClosed) {
  const auto seen = world.seen;
  seen->on_attached = [](Stream& stream) { stream.abort(); };
  const auto client = testing::World::dial(GetParam(), world.listener->port());
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->calls, "attached closed ");
  EXPECT_EQ(loop.streams().size(), 0U);
}

TEST_P(EveryStream, AStreamMayBeSentToFromAnothersOnClosed) {
  const auto first = world.seen;
  const auto first_client = world.connect();
  const auto second = world.seen;
  const auto second_client = world.connect();
  first->on_closed = [&](Stream&) { send(*second->stream, "it left"); };
  first_client->reset();
  EXPECT_EQ(world.read(*second_client, 7), "it left");
}

TEST_P(EveryStream, AnotherHandlerMayTakeOverFromWithinOnBytes) {
  const auto seen = world.seen;
  const auto next = std::make_shared<Seen>();
  next->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  seen->on_bytes = [&](Stream& stream, std::string_view bytes) {
    stream.replace_handler(std::make_unique<Witness>(next));
    EXPECT_FALSE(seen->destroyed);
    std::string rest(bytes.substr(4));
    stream.handler().on_bytes(rest);
  };
  const auto client = world.connect();
  world.write(*client, "headrest");
  EXPECT_EQ(world.read(*client, 4), "rest");
  EXPECT_TRUE(seen->destroyed);
  EXPECT_EQ(seen->calls, "attached bytes ");
  client->reset();
  ASSERT_TRUE(turn_until(loop, [&] { return next->closed == 1; }));
  EXPECT_EQ(next->calls, "attached bytes closed ");
  EXPECT_EQ(seen->closed, 0);
}

TEST_P(EveryStream, DeadlineFiresOnceAndCanBeMoved) {
  const auto seen = world.seen;
  const auto client = world.connect();
  Stream& stream = *seen->stream;
  const Instant now = loop.now();
  stream.set_deadline(now + seconds(1));
  stream.set_deadline(now + seconds(5));
  loop.timers().advance(now + seconds(4));
  EXPECT_EQ(seen->calls, "attached ");
  loop.timers().advance(now + seconds(6));
  EXPECT_EQ(seen->calls, "attached deadline ");
  stream.set_deadline(now + seconds(7));
  stream.set_deadline(kNever);
  loop.timers().advance(now + seconds(8));
  EXPECT_EQ(seen->calls, "attached deadline ");
}

TEST_P(EveryStream, MovesToAnotherLoopFromWithinOnBytes) {
  const auto seen = world.seen;
  const auto moved = std::make_shared<Seen>();
  moved->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  std::unique_ptr<Stream::Detached> detached;
  seen->on_bytes = [&](Stream& stream, std::string_view) { detached = stream.detach(); };
  const auto client = world.connect();
  world.write(*client, "move");
  ASSERT_TRUE(turn_until(loop, [&] { return detached != nullptr; }));
  EXPECT_TRUE(seen->destroyed);
  EXPECT_EQ(seen->calls, "attached bytes ");
  EXPECT_EQ(loop.streams().size(), 0U);
  world.write(*client, "sent in between");

  std::atomic<bool> done = false;
  std::thread thread([&] {
    Loop other;
    Stream::attach(other, std::move(detached), std::make_unique<Witness>(moved));
    EXPECT_EQ(moved->stream->peer_port(), client->port());
    EXPECT_TRUE(turn_until(other, [&] { return done.load(); }));
  });
  EXPECT_EQ(world.read(*client, 15), "sent in between");
  world.write(*client, "more");
  EXPECT_EQ(world.read(*client, 4), "more");
  done = true;
  thread.join();
  EXPECT_EQ(moved->closed, 1);
  EXPECT_EQ(moved->end, StreamEnd::aborted);
}

TEST_P(EveryStream, DetachedAndForgottenItCloses) {
  const auto seen = world.seen;
  const auto client = world.connect();
  seen->stream->detach().reset();
  EXPECT_EQ(world.read(*client), "");
  EXPECT_EQ(seen->closed, 0);
}

TEST_P(EveryStream, ServesAClientOnItsOwnThread) {
  const auto seen = world.seen;
  seen->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  const auto client = world.connect();
  std::thread thread([&] { loop.run(); });
  const std::string bytes = pattern(1000000);
  std::string_view left = bytes;
  std::string got;
  while (got.size() < bytes.size()) {
    left.remove_prefix(client->send(left));
    ASSERT_EQ(client->receive(got), Client::Input::open);
  }
  loop.stop();
  thread.join();
  EXPECT_TRUE(got == bytes);
}

// Memory per idle connection is counted. 144 bytes with g++ 12 on x86-64.
TEST(Stream, IsSmall) {
  EXPECT_LE(sizeof(TcpStream), 152U);
}

}  // namespace
}  // namespace naru::io
