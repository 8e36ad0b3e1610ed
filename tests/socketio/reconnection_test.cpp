#include "socketio/reconnection.hpp"

#include <gtest/gtest.h>

namespace naru::socketio {
namespace {

using namespace std::chrono_literals;

TEST(Reconnection, DoublesUpToItsLimit) {
  SeededRandom random(1);
  Reconnection reconnection({.randomization_factor = 0}, random);
  for (const Duration wait : {1000ms, 2000ms, 4000ms, 5000ms, 5000ms}) {
    EXPECT_EQ(reconnection.next(), wait);
  }
  EXPECT_EQ(reconnection.attempt(), 5U);
  reconnection.reset();
  EXPECT_EQ(reconnection.next(), Duration(1000ms));
}

TEST(Reconnection, SpreadsBothWaysByTheFactor) {
  SeededRandom random(2);
  bool below = false;
  bool above = false;
  for (int i = 0; i < 200; ++i) {
    Reconnection reconnection({.delay_max = 10s, .randomization_factor = 0.5}, random);
    const Duration wait = reconnection.next().value();
    EXPECT_GE(wait, 500ms);
    EXPECT_LE(wait, 1500ms);
    below = below || wait < 900ms;
    above = above || wait > 1100ms;
  }
  EXPECT_TRUE(below && above);
}

TEST(Reconnection, EndsAfterItsAttempts) {
  SeededRandom random(3);
  Reconnection reconnection({.attempts = 2}, random);
  EXPECT_TRUE(reconnection.next());
  EXPECT_TRUE(reconnection.next());
  EXPECT_FALSE(reconnection.next());
  Reconnection off({.enabled = false}, random);
  EXPECT_FALSE(off.next());
}

// The reference's delay overflows to nothing after some 1015 attempts.
TEST(Reconnection, NeverFallsToNoDelayHoweverLongTheRow) {
  SeededRandom random(4);
  Reconnection reconnection({}, random);
  for (int i = 0; i < 5000; ++i) {
    const Duration wait = reconnection.next().value();
    ASSERT_GE(wait, 500ms) << i;
    ASSERT_LE(wait, 5s) << i;
  }
}

}  // namespace
}  // namespace naru::socketio
