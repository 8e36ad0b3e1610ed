#include "client/backoff.hpp"

#include <gtest/gtest.h>

#include <set>

namespace naru::client {
namespace {

using namespace std::chrono_literals;

constexpr Instant at(Duration since) {
  return Instant{} + since;
}

TEST(Backoff, IsOffUnlessAskedFor) {
  SeededRandom random(1);
  const ReconnectOptions options;
  EXPECT_EQ(Backoff(options, random).next(), std::nullopt);
}

TEST(Backoff, SpreadsTheFirstAttemptFromNothingOn) {
  SeededRandom random(1);
  const ReconnectOptions options{.enabled = true};
  std::chrono::milliseconds least = 1h;
  std::chrono::milliseconds most = 0ms;
  for (int i = 0; i < 1000; ++i) {
    const auto delay = *Backoff(options, random).next();
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 0ms);
  EXPECT_LT(least, 100ms);
  EXPECT_GT(most, 4900ms);
  EXPECT_LE(most, 5000ms);
}

TEST(Backoff, DoublesUpToItsEndAndTakesARandomPartOff) {
  SeededRandom random(1);
  const ReconnectOptions options{.enabled = true, .min_delay = 1000ms, .max_delay = 10s};
  Backoff backoff(options, random);
  backoff.next();
  for (const auto whole : {1000ms, 2000ms, 4000ms, 8000ms, 10'000ms, 10'000ms}) {
    const auto delay = *backoff.next();
    EXPECT_LE(delay, whole);
    EXPECT_GE(delay, whole / 2);
  }
  EXPECT_EQ(backoff.attempt(), 7U);
}

// The client of Socket.IO came back without any delay after some 1015 attempts.
TEST(Backoff, DoesNotOverflowHoweverLongTheRow) {
  SeededRandom random(1);
  const ReconnectOptions options{.enabled = true, .max_delay = std::chrono::milliseconds::max()};
  Backoff backoff(options, random);
  for (int i = 0; i < 5000; ++i) {
    const auto delay = *backoff.next();
    ASSERT_GE(delay, 0ms);
    ASSERT_TRUE(i < 100 || delay > 24h) << i;
  }
}

TEST(Backoff, EndsAfterItsAttempts) {
  SeededRandom random(1);
  const ReconnectOptions options{.enabled = true, .attempts = 2};
  Backoff backoff(options, random);
  EXPECT_TRUE(backoff.next());
  EXPECT_TRUE(backoff.next());
  EXPECT_FALSE(backoff.next());
}

TEST(Backoff, StartsOverAfterAConnectionThatLasted) {
  SeededRandom random(1);
  const ReconnectOptions options{.enabled = true, .attempts = 1, .stable_after = 5s};
  Backoff backoff(options, random);
  EXPECT_TRUE(backoff.next());
  backoff.on_open(at(0s));
  backoff.on_end(at(4999ms));
  EXPECT_FALSE(backoff.next());
  backoff.on_open(at(0s));
  backoff.on_end(at(5s));
  EXPECT_TRUE(backoff.next());
  backoff.on_end(at(100s));  // an attempt that did not open
  EXPECT_FALSE(backoff.next());
}

}  // namespace
}  // namespace naru::client
