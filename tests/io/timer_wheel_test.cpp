#include "io/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace naru::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{hours(1000)};

constexpr Instant at(Duration since_start) {
  return kStart + since_start;
}

class TestTimer final : public Timer {
 public:
  std::vector<Instant> fired;
  std::function<void()> action;

 private:
  void on_timer(Instant now) override {
    fired.push_back(now);
    if (const std::function<void()> doing = action) doing();  // which may destroy us
  }
};

TEST(TimerWheel, FiresOnceOnTheTickAfterTheDeadline) {
  TimerWheel wheel(kStart);
  TestTimer timer;
  timer.arm(wheel, at(milliseconds(25)));
  wheel.advance(at(milliseconds(29)));
  EXPECT_TRUE(timer.fired.empty());
  wheel.advance(at(milliseconds(30)));
  EXPECT_EQ(timer.fired, std::vector{at(milliseconds(30))});
  EXPECT_EQ(timer.deadline(), kNever);
  wheel.advance(at(hours(1)));
  EXPECT_EQ(timer.fired.size(), 1U);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, FiresOnTheTickThatIsTheDeadline) {
  TimerWheel wheel(kStart);
  TestTimer timer;
  timer.arm(wheel, at(milliseconds(30)));
  wheel.advance(at(milliseconds(30)));
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST(TimerWheel, FiresADeadlineInThePastOnTheNextTick) {
  TimerWheel wheel(kStart);
  wheel.advance(at(seconds(5)));
  TestTimer timer;
  timer.arm(wheel, kStart - hours(1));
  wheel.advance(at(seconds(5)));
  EXPECT_TRUE(timer.fired.empty());
  wheel.advance(at(seconds(5) + milliseconds(10)));
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST(TimerWheel, NextIsNeverWhenEmptyAndNeverAfterADeadline) {
  TimerWheel wheel(kStart);
  EXPECT_EQ(wheel.next(), kNever);
  for (const Duration after : std::vector<Duration>{milliseconds(1), milliseconds(640), seconds(41),
                                                    seconds(2700), hours(47), hours(10000)}) {
    TestTimer timer;
    timer.arm(wheel, at(after));
    EXPECT_GT(wheel.next(), kStart);
    EXPECT_LE(wheel.next(), at(after + milliseconds(10)));
    timer.disarm();
    EXPECT_EQ(wheel.next(), kNever);
  }
}

// Following next() alone must reach each deadline, through every level, in few steps.
TEST(TimerWheel, ReachesADeadlineThroughEveryLevelByFollowingNext) {
  for (const Duration after : std::vector<Duration>{
           milliseconds(10), milliseconds(630), milliseconds(640), milliseconds(650), seconds(40),
           seconds(41), seconds(2621), hours(1), hours(46), hours(47), hours(24 * 30)}) {
    TimerWheel wheel(kStart);
    wheel.advance(at(milliseconds(7770)));
    TestTimer timer;
    const Instant deadline = at(milliseconds(7770) + after);
    timer.arm(wheel, deadline);
    int steps = 0;
    while (timer.fired.empty() && steps < 100) {
      ASSERT_LE(wheel.next(), deadline);
      wheel.advance(wheel.next());
      ++steps;
    }
    ASSERT_EQ(timer.fired.size(), 1U);
    EXPECT_EQ(timer.fired[0], deadline);
    EXPECT_LE(steps, 20);
  }
}

TEST(TimerWheel, AgreesWithASortedListOverThousandsOfTimers) {
  std::mt19937_64 random(7);
  TimerWheel wheel(kStart);
  std::vector<std::unique_ptr<TestTimer>> timers;
  std::vector<Instant> wanted;
  Instant now = kStart;
  const auto some_deadline = [&] {
    const auto magnitude = static_cast<std::int64_t>(1) << (random() % 38);  // ns up to 76 hours
    return now + milliseconds(static_cast<std::int64_t>(random() % 1000) * magnitude / 1000000);
  };
  for (int i = 0; i < 2000; ++i) {
    timers.push_back(std::make_unique<TestTimer>());
    wanted.push_back(some_deadline());
    timers.back()->arm(wheel, wanted.back());
  }
  for (int step = 0; step < 3000; ++step) {
    const Instant before = now;
    now += milliseconds(static_cast<std::int64_t>(random() % (step % 10 == 0 ? 1000000 : 400)));
    wheel.advance(now);
    for (std::size_t i = 0; i < timers.size(); ++i) {
      TestTimer& timer = *timers[i];
      if (!timer.fired.empty()) {
        ASSERT_LE(wanted[i], now);
        ASSERT_GT(wanted[i] + milliseconds(20), before);  // and no tick late
        timer.fired.clear();
        wanted[i] = kNever;
      }
      ASSERT_FALSE(wanted[i] != kNever && wanted[i] + milliseconds(10) < now);
    }
    const std::size_t moved = random() % timers.size();
    wanted[moved] = random() % 8 == 0 ? kNever : some_deadline();
    timers[moved]->arm(wheel, wanted[moved]);
  }
  const auto armed = static_cast<std::size_t>(
      std::count_if(wanted.begin(), wanted.end(), [](Instant i) { return i != kNever; }));
  EXPECT_EQ(wheel.size(), armed);
}

TEST(TimerWheel, MovesADeadlineLaterAndEarlier) {
  TimerWheel wheel(kStart);
  TestTimer timer;
  timer.arm(wheel, at(seconds(1)));
  timer.arm(wheel, at(seconds(3)));  // stays where it is, and looks again
  EXPECT_EQ(wheel.size(), 1U);
  EXPECT_LE(wheel.next(), at(seconds(1)));
  wheel.advance(at(seconds(2)));
  EXPECT_TRUE(timer.fired.empty());
  EXPECT_EQ(wheel.size(), 1U);
  wheel.advance(at(seconds(3)));
  EXPECT_EQ(timer.fired.size(), 1U);

  timer.arm(wheel, at(hours(1)));
  timer.arm(wheel, at(seconds(4)));
  wheel.advance(at(seconds(4)));
  EXPECT_EQ(timer.fired.size(), 2U);
}

TEST(TimerWheel, ArmingWithNeverDisarms) {
  TimerWheel wheel(kStart);
  TestTimer timer;
  timer.arm(wheel, at(seconds(1)));
  timer.arm(wheel, kNever);
  EXPECT_EQ(wheel.next(), kNever);
  wheel.advance(at(hours(1)));
  EXPECT_TRUE(timer.fired.empty());
}

TEST(TimerWheel, ATimerMayArmItselfWhenItFires) {
  TimerWheel wheel(kStart);
  TestTimer timer;
  timer.action = [&] { timer.arm(wheel, timer.fired.back() + seconds(1)); };
  timer.arm(wheel, at(seconds(1)));
  for (int i = 1; i <= 5; ++i) wheel.advance(at(seconds(i)));
  EXPECT_EQ(timer.fired.size(), 5U);
}

TEST(TimerWheel, ATimerMayBeDestroyedWhenItFires) {
  TimerWheel wheel(kStart);
  auto timer = std::make_unique<TestTimer>();
  timer->action = [&] { timer.reset(); };
  timer->arm(wheel, at(seconds(1)));
  wheel.advance(at(seconds(1)));
  EXPECT_EQ(timer, nullptr);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, ATimerMayDestroyDisarmOrMoveOthersOfItsSlot) {
  TimerWheel wheel(kStart);
  TestTimer first;
  auto destroyed = std::make_unique<TestTimer>();
  TestTimer disarmed;
  TestTimer moved;
  TestTimer last;
  for (TestTimer* timer : {&first, destroyed.get(), &disarmed, &moved, &last}) {
    timer->arm(wheel, at(seconds(1)));
  }
  first.action = [&] {
    destroyed.reset();
    disarmed.disarm();
    moved.arm(wheel, at(seconds(2)));
  };
  wheel.advance(at(seconds(1)));
  EXPECT_EQ(first.fired.size(), 1U);
  EXPECT_TRUE(disarmed.fired.empty());
  EXPECT_TRUE(moved.fired.empty());
  EXPECT_EQ(last.fired.size(), 1U);
  EXPECT_EQ(wheel.size(), 1U);
  wheel.advance(at(seconds(2)));
  EXPECT_EQ(moved.fired.size(), 1U);
}

TEST(TimerWheel, DisarmsWhatOutlivesIt) {
  TestTimer timer;
  {
    TimerWheel wheel(kStart);
    timer.arm(wheel, at(seconds(1)));
  }
  EXPECT_EQ(timer.deadline(), kNever);
  TimerWheel other(kStart);
  timer.arm(other, at(seconds(1)));
  EXPECT_EQ(other.size(), 1U);
}

}  // namespace
}  // namespace naru::io
