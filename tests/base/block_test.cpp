#include "base/block.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace naru {
namespace {

std::string_view text_of(Block& block) {
  return {block.bytes().data(), block.size()};
}

TEST(Block, BeginsWithNothing) {
  Block block;
  EXPECT_EQ(block.capacity(), 0U);
  EXPECT_TRUE(block.bytes().empty());
  EXPECT_TRUE(block.room().empty());
  block.append({});
  EXPECT_EQ(block.capacity(), 0U);
}

TEST(Block, KeepsWhatItHoldsAsItGrows) {
  Block block;
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) {
    const std::string piece(static_cast<std::size_t>(c - 'a' + 1), c);
    block.append(piece);
    expected += piece;
    EXPECT_EQ(text_of(block), expected);
  }
  block.reserve(1);
  block.reserve(10'000);
  EXPECT_EQ(block.capacity(), 10'000U);
  EXPECT_EQ(text_of(block), expected);
}

TEST(Block, DoublesSoThatManyPiecesAreCopiedAFewTimes) {
  Block block;
  int moves = 0;
  const char* at = nullptr;
  for (int i = 0; i < 100'000; ++i) {
    block.append(std::string_view("x"));
    if (std::exchange(at, block.bytes().data()) != block.bytes().data()) ++moves;
  }
  EXPECT_LE(moves, 18);
}

TEST(Block, TakesWhatWasWrittenInItsRoomWithoutMovingIt) {
  Block block;
  block.reserve(100);
  block.append(std::string_view("there "));
  const std::span<char> room = block.room();
  ASSERT_EQ(room.size(), 94U);
  const std::string_view here = "and here";
  std::copy(here.begin(), here.end(), room.begin());
  block.append(room.first(here.size()));
  EXPECT_EQ(text_of(block), "there and here");
  EXPECT_EQ(block.bytes().data() + 6, room.data());
  EXPECT_EQ(block.room().size(), 86U);
}

TEST(Block, LeavesNothingBehindWhenMoved) {
  Block block;
  block.append(std::string_view("bytes"));
  Block taken = std::move(block);
  EXPECT_EQ(text_of(taken), "bytes");
  EXPECT_EQ(block.size(), 0U);  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(block.capacity(), 0U);
  block = std::exchange(taken, {});
  EXPECT_EQ(text_of(block), "bytes");
  EXPECT_TRUE(taken.room().empty());
}

}  // namespace
}  // namespace naru
