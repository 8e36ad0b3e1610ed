#include "base/cursor.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru {
namespace {

TEST(Cursor, IsEmptyByDefault) {
  const Cursor in;
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.view(), "");
}

TEST(Cursor, TakesFromTheFront) {
  std::string bytes = "abcdef";
  Cursor in(bytes);
  const auto taken = in.take(2);
  EXPECT_EQ(std::string_view(taken.data(), taken.size()), "ab");
  in.skip(1);
  EXPECT_EQ(in.view(), "def");
  EXPECT_EQ(in.size(), 3U);
  in.skip(3);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.take(0).size(), 0U);
}

TEST(Cursor, LetsItsBytesBeChanged) {
  std::string bytes = "abc";
  Cursor in(bytes);
  in.take(2)[1] = 'x';
  in.data()[0] = 'y';
  EXPECT_EQ(bytes, "axy");
}

TEST(CursorDeathTest, NeverGivesMoreThanThereIs) {
  std::string bytes = "abc";
  Cursor in(bytes);
  EXPECT_DEATH(in.skip(4), "assertion failed");
}

}  // namespace
}  // namespace naru
