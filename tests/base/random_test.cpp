#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace naru {
namespace {

TEST(SeededRandom, RepeatsItself) {
  SeededRandom first(7);
  SeededRandom second(7);
  SeededRandom other(8);
  const std::uint64_t value = first.next_u64();
  EXPECT_EQ(value, second.next_u64());
  EXPECT_NE(value, other.next_u64());
  EXPECT_NE(value, first.next_u64());
}

TEST(SeededRandom, GivesTheSameBytesHoweverTheyAreAsked) {
  SeededRandom whole(7);
  SeededRandom parts(7);
  std::array<unsigned char, 12> a{};
  std::array<unsigned char, 12> b{};
  whole.fill(a);
  parts.fill(std::span(b).first(5));
  parts.fill(std::span(b).subspan(5));
  EXPECT_EQ(a, b);
}

TEST(SystemRandom, FillsAcrossTheEndsOfItsPool) {
  SystemRandom random;
  std::vector<unsigned char> bytes(3 * 4096 + 5);
  random.fill(bytes);
  // A part that was not filled would be a run of zeros; eight by chance are one in 2^64 each.
  std::size_t zeros = 0;
  std::size_t longest = 0;
  for (const unsigned char byte : bytes) {
    zeros = byte == 0 ? zeros + 1 : 0;
    longest = std::max(longest, zeros);
  }
  EXPECT_LT(longest, 8U);
}

TEST(SystemRandom, DoesNotRepeatItself) {
  SystemRandom first;
  SystemRandom second;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 2000; ++i) {
    seen.insert(first.next_u64());
    seen.insert(second.next_u64());
  }
  EXPECT_EQ(seen.size(), 4000U);
}

TEST(SystemRandom, FillingNothingIsFine) {
  SystemRandom random;
  random.fill({});
  EXPECT_NE(random.next_u64(), random.next_u64());
}

}  // namespace
}  // namespace naru
