#include "naru/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace naru {
namespace {

constexpr Error kError{Errc::bad_packet, "it is bad"};

Result<int> parse(int value) {
  if (value < 0) return kError;
  return value;
}

Result<void> check(int value) {
  NARU_CHECK(parse(value));
  return {};
}

Result<std::string> doubled(int value) {
  NARU_TRY(const int number, parse(value));
  NARU_TRY(const int again, parse(value));
  return std::to_string(number + again);
}

TEST(Result, HoldsAValue) {
  const Result<int> result = 5;
  EXPECT_TRUE(result.has_value());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(*result, 5);
  EXPECT_EQ(result.value(), 5);
}

TEST(Result, HoldsAnError) {
  const Result<int> result = kError;
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), kError);
  EXPECT_EQ(result.error().text, "it is bad");
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> moved = *std::move(result);
  EXPECT_EQ(*moved, 5);
}

TEST(Result, ReachesMembers) {
  Result<std::string> result = std::string("abc");
  EXPECT_EQ(result->size(), 3U);
  result->push_back('d');
  EXPECT_EQ(*result, "abcd");
}

TEST(Result, ValueOrGivesTheOtherForAnError) {
  EXPECT_EQ(Result<int>(5).value_or(7), 5);
  EXPECT_EQ(Result<int>(kError).value_or(7), 7);
}

TEST(Result, TryReturnsTheErrorOrGoesOn) {
  EXPECT_EQ(*doubled(4), "8");
  EXPECT_EQ(doubled(-1).error(), kError);
}

TEST(Result, CheckReturnsTheErrorOrGoesOn) {
  EXPECT_TRUE(check(4).has_value());
  EXPECT_EQ(check(-1).error(), kError);
}

TEST(ResultDeathTest, ReadingTheValueOfAnErrorAborts) {
  Result<int> result = kError;
  EXPECT_DEATH(static_cast<void>(*result), "it is bad");
}

TEST(Error, ComparesByCode) {
  EXPECT_EQ(kError, (Error{Errc::bad_packet, "other words"}));
  EXPECT_FALSE(kError == (Error{Errc::bad_json, "it is bad"}));
}

}  // namespace
}  // namespace naru
