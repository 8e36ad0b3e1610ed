#include "io/loop.hpp"

#include "io/stream.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace naru::io {
namespace {

using std::chrono::milliseconds;

// A pipe with a byte in it: ready from the start.
class ReadyPipe final : public Pollable {
 public:
  ReadyPipe() {
    EXPECT_EQ(::pipe(ends_.data()), 0);
    EXPECT_EQ(::write(ends_[1], "x", 1), 1);
  }
  ~ReadyPipe() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int fd() const { return ends_[0]; }
  void on_ready(std::uint32_t) override {
    ++ready;
    if (action) action();
  }

  int ready = 0;
  std::function<void()> action;

 private:
  std::array<int, 2> ends_{};
};

TEST(Loop, RunsDeferredTasksAtTheEndOfTheTurnInOrder) {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.defer([&] { order += 'b'; });
    loop.defer([&] {
      order += 'c';
      loop.defer([&] { order += 'd'; });
    });
    order += 'a';
  });
  loop.poll(milliseconds(0));
  EXPECT_EQ(order, "abcd");
}

TEST(Loop, ATaskThatDefersItselfDoesNotHoldUpTheLoop) {
  Loop loop;
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    loop.defer([&] { again(); });
  };
  loop.defer([&] { again(); });
  loop.poll(milliseconds(0));
  const int first = runs;
  EXPECT_GE(first, 1);
  loop.poll(std::chrono::hours(1));  // does not sleep: something is left to do
  EXPECT_GT(runs, first);
}

TEST(Loop, ATaskPostedByATaskRunsInTheNextTurn) {
  Loop loop;
  std::string order;
  loop.post([&] {
    order += 'a';
    loop.post([&] { order += 'b'; });
  });
  loop.poll(milliseconds(0));
  EXPECT_EQ(order, "a");
  loop.poll(std::chrono::hours(1));
  EXPECT_EQ(order, "ab");
}

TEST(Loop, DropsEventsOfThisTurnForWhatIsUnwatched) {
  Loop loop;
  ReadyPipe first;
  ReadyPipe second;
  ASSERT_TRUE(loop.watch(first.fd(), EPOLLIN, first));
  ASSERT_TRUE(loop.watch(second.fd(), EPOLLIN, second));
  first.action = [&] { loop.unwatch(second.fd(), second); };
  second.action = [&] { loop.unwatch(first.fd(), first); };
  loop.poll(milliseconds(0));
  EXPECT_EQ(first.ready + second.ready, 1);
  loop.poll(milliseconds(0));
  EXPECT_EQ(first.ready + second.ready, 2);  // who was first is so again, alone
}

TEST(Loop, ReportsAgainWhatIsStillReady) {
  Loop loop;
  ReadyPipe pipe;
  loop.watch(pipe.fd(), EPOLLIN, pipe);
  loop.poll(milliseconds(0));
  loop.poll(milliseconds(0));
  EXPECT_EQ(pipe.ready, 2);
  loop.change(pipe.fd(), 0, pipe);
  loop.poll(milliseconds(0));
  EXPECT_EQ(pipe.ready, 2);
}

TEST(Loop, WakesUpForATimer) {
  class Alarm final : public Timer {
   public:
    explicit Alarm(Loop& loop) : loop_(loop) {}
    void on_timer(Instant now) override {
      EXPECT_EQ(now, loop_.now());
      fired_at = now;
      loop_.stop();
    }
    Instant fired_at{};

   private:
    Loop& loop_;
  };
  Loop loop;
  Alarm alarm(loop);
  const Instant deadline = loop.now() + milliseconds(15);
  alarm.arm(loop.timers(), deadline);
  loop.run();
  EXPECT_GE(alarm.fired_at, deadline);
}

TEST(Loop, SpinningSeesWhatComesMeanwhile) {
  testing::World world(testing::Wire::tcp4);
  const auto seen = world.seen;
  const auto client = world.connect();
  world.loop.set_spin(std::chrono::hours(1));
  std::thread([&] { EXPECT_EQ(client->send("hello"), 5U); }).join();
  world.loop.poll(std::chrono::hours(1));
  EXPECT_EQ(seen->received, "hello");
  bool ran = false;
  std::thread poster([&] { world.loop.post([&] { ran = true; }); });
  world.loop.poll(std::chrono::hours(1));
  EXPECT_TRUE(ran);
  poster.join();
}

TEST(Loop, SpinsNoLongerThanItMayWait) {
  Loop loop;
  loop.set_spin(std::chrono::hours(1));
  loop.poll(milliseconds(1));  // comes back
  bool ran = false;
  loop.defer([&] {
    if (!ran) loop.defer([&] { ran = true; });
  });
  loop.poll(std::chrono::hours(1));
  EXPECT_TRUE(ran);
}

TEST(Loop, SpunOutItSleepsAndWakesAsEver) {
  Loop loop;
  loop.set_spin(std::chrono::microseconds(50));
  loop.poll(milliseconds(2));
  loop.stop();
  loop.run();
}

TEST(Loop, RunEndsAtOnceWhenStoppedBefore) {
  Loop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.stop();
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Loop, KnowsItsThread) {
  Loop loop;
  EXPECT_TRUE(loop.in_loop_thread());
  std::atomic<bool> there = false;
  loop.post([&] { there = loop.in_loop_thread(); });
  loop.stop();
  std::thread([&] { loop.run(); }).join();
  EXPECT_TRUE(there);
  EXPECT_FALSE(loop.in_loop_thread());
}

TEST(Loop, AbortsItsStreamsWhenItGoes) {
  std::vector<std::shared_ptr<testing::Seen>> seen;
  std::unique_ptr<testing::Client> client;
  {
    testing::World world(testing::Wire::tcp4);
    client = world.connect();
    // A handler that aborts its neighbour, which has been aborted too, or will be.
    const auto other = world.connect();
    seen = world.accepted;
    for (const auto& one : seen) {
      one->on_closed = [&seen](Stream&) {
        for (const auto& neighbour : seen) neighbour->stream->abort();
      };
    }
    world.listener.reset();
  }
  for (const auto& one : seen) {
    EXPECT_EQ(one->calls, "attached closed ");
    EXPECT_EQ(one->end, StreamEnd::aborted);
    EXPECT_TRUE(one->destroyed);
  }
}

class CountingFlusher final : public Flusher {
 public:
  explicit CountingFlusher(std::vector<std::size_t>& batches) : batches_(batches) {}
  void flush(std::span<Stream* const> touched) override {
    batches_.push_back(touched.size());
    for (Stream* stream : touched) stream->flush();
  }

 private:
  std::vector<std::size_t>& batches_;
};

TEST(Loop, HandsAWholeTurnToItsFlusher) {
  testing::World world(testing::Wire::tcp4);
  const auto first = world.connect();
  const auto second = world.connect();
  std::vector<std::size_t> batches;
  world.loop.set_flusher(std::make_unique<CountingFlusher>(batches));
  for (const auto& seen : world.accepted) {
    testing::send(*seen->stream, "one");
    testing::send(*seen->stream, "two");
  }
  world.loop.poll(milliseconds(0));
  EXPECT_EQ(batches, std::vector<std::size_t>{2});
  EXPECT_EQ(world.read(*first, 6), "onetwo");
  EXPECT_EQ(world.read(*second, 6), "onetwo");
}

TEST(Loop, FlushesEarlyWhatHasNotBeenYet) {
  testing::World world(testing::Wire::tcp4);
  const auto first = world.connect();
  const auto second = world.connect();
  std::vector<std::size_t> batches;
  world.loop.set_flusher(std::make_unique<CountingFlusher>(batches));
  testing::send(*world.accepted[0]->stream, "one");
  world.loop.flush_early();
  world.loop.flush_early();
  testing::send(*world.accepted[1]->stream, "two");
  testing::send(*world.accepted[0]->stream, "three");
  world.loop.flush_early();
  world.loop.poll(milliseconds(0));
  EXPECT_EQ(batches, (std::vector<std::size_t>{1, 0, 2}));
  EXPECT_EQ(world.read(*first, 8), "onethree");
  EXPECT_EQ(world.read(*second, 3), "two");
}

// A full one is tried once, and its handler is told at the end of a turn as ever.
TEST(Loop, FlushingEarlyLeavesTheRestToTheEndOfTheTurn) {
  testing::World world(testing::Wire::tcp4);
  const auto full = world.connect();
  const auto ended = world.connect();
  std::vector<std::size_t> batches;
  world.loop.set_flusher(std::make_unique<CountingFlusher>(batches));
  const std::string much(std::size_t{16} << 20U, 'x');
  testing::send(*world.accepted[0]->stream, much);
  testing::send(*world.accepted[1]->stream, "bye");
  world.accepted[1]->stream->finish();
  world.loop.flush_early();
  EXPECT_EQ(world.accepted[0]->calls.find("sent"), std::string::npos);
  world.loop.flush_early();
  EXPECT_EQ(batches, (std::vector<std::size_t>{2, 0}));
  EXPECT_EQ(world.read(*full, much.size()), much);
  EXPECT_NE(world.accepted[0]->calls.find("sent"), std::string::npos);
  EXPECT_EQ(world.read(*ended, 3), "bye");
}

}  // namespace
}  // namespace naru::io
