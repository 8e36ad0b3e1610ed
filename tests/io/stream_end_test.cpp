#include "every_stream.hpp"
#include "io/stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>

// How streams end, of each kind.
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

class EndOfStream : public testing::EveryStreamTest {};
INSTANTIATE_TEST_SUITE_P(Wires, EndOfStream, testing::every_wire, testing::wire_name);

TEST_P(EndOfStream, EndsAfterThePeersEnd) {
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

TEST_P(EndOfStream, StaysOpenToAnswerAfterThePeersEndWithoutSpinning) {
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
  EXPECT_LE(turns, 10);  // a signal, or an io_uring that goes, may interrupt
  send(*seen->stream, "late");
  EXPECT_EQ(world.read(*client, 4), "late");
}

TEST_P(EndOfStream, NoticesAResetWhilePausedOnce) {
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

TEST_P(EndOfStream, SleepsWhilePausedThoughThePeerHasClosed) {
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
  EXPECT_LE(turns, 10);  // a signal, or an io_uring that goes, may interrupt
  seen->stream->resume_reading();
  settle(loop);
  EXPECT_EQ(seen->calls, "attached deadline bytes end ");
  EXPECT_EQ(seen->received, "unread");
}

TEST_P(EndOfStream, ReportsAReset) {
  const auto seen = world.seen;
  const auto client = world.connect();
  client->reset();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->calls, "attached closed ");
  EXPECT_EQ(seen->end, StreamEnd::reset);
}

TEST_P(EndOfStream, ReportsAResetMetWhileSending) {
  const auto seen = world.seen;
  const auto client = world.connect();
  client->reset();
  send(*seen->stream, "to nobody");
  seen->stream->flush();  // may meet it first; must not call the handler, nor raise SIGPIPE
  EXPECT_EQ(seen->closed, 0);
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::reset);
}

TEST_P(EndOfStream, TheLastMessageArrivesThoughInputIsUnread) {
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

TEST_P(EndOfStream, FinishSaysEndAndWaitsForThePeers) {
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
TEST_P(EndOfStream, FinishGivesUpOnAPeerThatSendsNoEnd) {
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

TEST_P(EndOfStream, FinishGivesUpOnAPeerThatNeverReads) {
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

TEST_P(EndOfStream, FinishGivesASlowReaderTimeButNotForEver) {
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
      return seen->closed != 0 || seen->stream->out().size() < before;
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

TEST_P(EndOfStream, FinishDoesNotListenToAFloodForEver) {
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

TEST_P(EndOfStream, FinishLeavesOnlyOnClosed) {
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

TEST_P(EndOfStream, AbortFromEachCallEndsWithOneOnClosed) {
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

TEST_P(EndOfStream, AbortWhenAttachedEndsWithOneOnClosed) {
  const auto seen = world.seen;
  seen->on_attached = [](Stream& stream) { stream.abort(); };
  const auto client = testing::World::dial(GetParam(), world.listener->port());
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->calls, "attached closed ");
  EXPECT_EQ(loop.streams().size(), 0U);
}

TEST_P(EndOfStream, AStreamMayBeSentToFromAnothersOnClosed) {
  const auto first = world.seen;
  const auto first_client = world.connect();
  const auto second = world.seen;
  const auto second_client = world.connect();
  first->on_closed = [&](Stream&) { send(*second->stream, "it left"); };
  first_client->reset();
  EXPECT_EQ(world.read(*second_client, 7), "it left");
}

}  // namespace
}  // namespace naru::io
