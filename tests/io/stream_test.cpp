#include "io/stream.hpp"

#include "every_stream.hpp"
#include "io/tcp_stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// Moving bytes, over each kind of stream. How they end is in stream_end_test.cpp.
namespace naru::io {
namespace {

using std::chrono::seconds;
using testing::Client;
using testing::pattern;
using testing::Seen;
using testing::send;
using testing::settle;
using testing::turn_until;
using testing::Wire;
using testing::Witness;

class EveryStream : public testing::EveryStreamTest {};
INSTANTIATE_TEST_SUITE_P(Wires, EveryStream, testing::every_wire, testing::wire_name);

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

// In room of all sizes, and without any, by turns.
TEST_P(EveryStream, ReceivesWhereItsHandlerHasRoom) {
  constexpr std::array<std::size_t, 5> sizes{0, 1, 1000, 70'000, 1'000'000};
  const std::string sent = pattern(std::size_t{4} << 20U);
  const auto seen = world.seen;
  const auto client = world.connect();
  std::vector<char> room;
  std::size_t asked = 0;
  std::array<int, sizes.size()> used{};
  seen->room = [&] {
    room.resize(sizes.at(asked++ % sizes.size()));
    return std::span<char>(room);
  };
  seen->on_bytes = [&](Stream& stream, std::string_view bytes) {
    const std::size_t which = (asked - 1) % sizes.size();
    ++used.at(which);
    const bool offered = sizes.at(which) > 0;
    EXPECT_EQ(bytes.data(), offered ? room.data() : stream.loop().receive_buffer().data());
    EXPECT_LE(bytes.size(), offered ? room.size() : Loop::kReceiveBytes);
  };
  world.write(*client, sent);
  EXPECT_TRUE(turn_until(loop, [&] { return seen->received.size() >= sent.size(); }));
  EXPECT_TRUE(seen->received == sent);
  for (const int times : used) EXPECT_GT(times, 0);
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

// Memory per idle connection is counted. 88 bytes with g++ 12 on x86-64.
TEST(Stream, IsSmall) {
  EXPECT_LE(sizeof(TcpStream), 88U);
}

}  // namespace
}  // namespace naru::io
