#include "io/alarm.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <poll.h>
#include <thread>
#include <utility>

namespace naru::io {
namespace {

using std::chrono::milliseconds;

enum class Wait { no, as_long_as_it_takes };

bool readable(const Loop& loop, Wait wait = Wait::no) {
  pollfd watched{loop.fd(), POLLIN, 0};
  return ::poll(&watched, 1, wait == Wait::no ? 0 : -1) == 1;
}

struct Bell final : Timer {
  explicit Bell(std::function<void()> task) : ring(std::move(task)) {}
  void on_timer(Instant) override { ring(); }
  std::function<void()> ring;
};

void turn(Loop& loop, Alarm& alarm) {
  loop.poll({});
  alarm.set();
}

TEST(Alarm, RingsAtOnceAtFirstAndThenIsStill) {
  Loop loop;
  Alarm alarm(loop);
  EXPECT_TRUE(readable(loop));
  turn(loop, alarm);
  EXPECT_FALSE(readable(loop));
  turn(loop, alarm);
  EXPECT_FALSE(readable(loop));
}

TEST(Alarm, RingsForEachTimerAndNoOftener) {
  Loop loop;
  Alarm alarm(loop);
  turn(loop, alarm);
  int rung = 0;
  Bell bell([&] {
    if (++rung < 3) bell.arm(loop.timers(), loop.now() + milliseconds(15));
  });
  bell.arm(loop.timers(), loop.now() + milliseconds(15));
  alarm.set();
  int turns = 0;
  while (rung < 3) {
    ASSERT_TRUE(readable(loop, Wait::as_long_as_it_takes));
    turn(loop, alarm);
    ++turns;
  }
  EXPECT_LE(turns, 6) << "it spins";
  EXPECT_FALSE(readable(loop));
}

TEST(Alarm, FollowsATimerThatIsMovedOrDisarmed) {
  Loop loop;
  Alarm alarm(loop);
  turn(loop, alarm);
  int rung = 0;
  Bell bell([&] { ++rung; });
  bell.arm(loop.timers(), loop.now() + std::chrono::hours(1));
  alarm.set();
  EXPECT_FALSE(readable(loop));
  bell.arm(loop.timers(), loop.now() + milliseconds(1));
  alarm.set();
  while (rung == 0) {
    ASSERT_TRUE(readable(loop, Wait::as_long_as_it_takes));
    turn(loop, alarm);
  }
  bell.arm(loop.timers(), loop.now() + milliseconds(1));
  alarm.set();
  bell.disarm();
  alarm.set();
  turn(loop, alarm);
  EXPECT_FALSE(readable(loop));
}

// More than one turn does: the rest waits for the next, which nothing else would bring.
TEST(Alarm, RingsForWhatATurnHasLeft) {
  Loop loop;
  Alarm alarm(loop);
  int left = 100;
  std::function<void()> again = [&] {
    if (--left > 0) loop.defer([&] { again(); });
  };
  loop.post([&] { again(); });
  while (left > 0) {
    ASSERT_TRUE(readable(loop, Wait::as_long_as_it_takes));
    turn(loop, alarm);
  }
  EXPECT_FALSE(readable(loop));
}

TEST(Alarm, IsNotNeededForWhatOtherThreadsPost) {
  Loop loop;
  Alarm alarm(loop);
  turn(loop, alarm);
  bool done = false;
  std::thread other([&] { loop.post([&] { done = true; }); });
  ASSERT_TRUE(readable(loop, Wait::as_long_as_it_takes));
  turn(loop, alarm);
  EXPECT_TRUE(done);
  other.join();
}

}  // namespace
}  // namespace naru::io
