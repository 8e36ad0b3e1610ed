#include "io/ticket_keys.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace naru::io {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Instant kStart{hours(1)};

TEST(TicketKeys, SealsWithOneKeyForTwoHours) {
  TicketKeys keys(kStart);
  const auto first = keys.newest();
  keys.tend(kStart + minutes(119));
  EXPECT_EQ(keys.newest().name, first.name);
  keys.tend(kStart + minutes(120));
  EXPECT_NE(keys.newest().name, first.name);
  EXPECT_NE(keys.newest().cipher, first.cipher);
  EXPECT_NE(keys.newest().mac, first.mac);
}

TEST(TicketKeys, OpensWhatAnOlderKeySealed) {
  TicketKeys keys(kStart);
  const auto first = keys.newest();
  ASSERT_TRUE(keys.find(first.name));
  EXPECT_TRUE(keys.find(first.name)->newest);
  keys.tend(kStart + hours(2));
  ASSERT_TRUE(keys.find(first.name));
  EXPECT_FALSE(keys.find(first.name)->newest);
  EXPECT_EQ(keys.find(first.name)->key.cipher, first.cipher);
}

TEST(TicketKeys, ForgetsAKeyWhenItsTicketsAreOver) {
  TicketKeys keys(kStart);
  const auto first = keys.newest();
  for (int hour = 2; hour < 14; hour += 2) keys.tend(kStart + hours(hour));
  EXPECT_TRUE(keys.find(first.name));
  EXPECT_EQ(keys.size(), 7U);
  keys.tend(kStart + hours(14));
  EXPECT_FALSE(keys.find(first.name));
  EXPECT_EQ(keys.size(), 7U);
}

TEST(TicketKeys, KeepsNothingOldAfterALongSilence) {
  TicketKeys keys(kStart);
  keys.tend(kStart + hours(1000));
  EXPECT_EQ(keys.size(), 1U);
}

TEST(TicketKeys, DoesNotKnowTheKeysOfAnother) {
  const TicketKeys one(kStart);
  const TicketKeys two(kStart);
  EXPECT_FALSE(one.find(two.newest().name));
}

}  // namespace
}  // namespace naru::io
