#include "base/utf8.hpp"

#include "support/for_each_split.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace naru {
namespace {

using namespace std::string_view_literals;

// A second opinion, written from Unicode table 3-7: the length of the code point at the front of
// `text`, 0 when there is none.
std::size_t code_point(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    return at(i) >= low && at(i) <= high;
  };
  const auto tail = [&](std::size_t i) { return in(i, 0x80, 0xbf); };
  if (at(0) < 0x80) return text.empty() ? 0 : 1;
  if (in(0, 0xc2, 0xdf)) return tail(1) ? 2 : 0;
  if (in(0, 0xe0, 0xef)) {
    const bool second = at(0) == 0xe0   ? in(1, 0xa0, 0xbf)
                        : at(0) == 0xed ? in(1, 0x80, 0x9f)
                                        : tail(1);
    return second && tail(2) ? 3 : 0;
  }
  if (in(0, 0xf0, 0xf4)) {
    const bool second = at(0) == 0xf0   ? in(1, 0x90, 0xbf)
                        : at(0) == 0xf4 ? in(1, 0x80, 0x8f)
                                        : tail(1);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool model(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = code_point(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// Where a validator fed byte by byte fails; npos when it never does.
std::size_t fails_at(std::string_view text) {
  Utf8Validator validator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!validator.receive(text.substr(i, 1))) return i;
  }
  return std::string_view::npos;
}

// "valid", "unfinished" or "invalid", however `text` is cut.
std::string verdict(std::string_view text) {
  const auto judge = [](const std::vector<std::string>& pieces) -> std::string {
    Utf8Validator validator;
    for (const std::string& piece : pieces) {
      if (!validator.receive(piece)) return "invalid";
    }
    return validator.complete() ? "valid" : "unfinished";
  };
  test::for_each_split(text, judge);
  return judge({std::string(text)});
}

TEST(Utf8, KnowsTheBoundariesOfTable37) {
  for (const std::string_view text :
       {""sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
        "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv}) {
    EXPECT_TRUE(is_utf8(text)) << ::testing::PrintToString(text);
    EXPECT_EQ(verdict(text), "valid") << ::testing::PrintToString(text);
  }
}

TEST(Utf8, RefusesOverlongSurrogateAndTooHigh) {
  for (const std::string_view text :
       {"\x80"sv, "\xbf"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv,
        "\xed\xbf\xbf"sv, "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv,
        "\xff"sv, "a\xc3(b"sv, "\xe2\x82(a"sv}) {
    EXPECT_FALSE(is_utf8(text)) << ::testing::PrintToString(text);
    EXPECT_EQ(verdict(text), "invalid") << ::testing::PrintToString(text);
  }
}

TEST(Utf8, AgreesWithTheTableOnEverySequenceOfTwoAndThreeOctets) {
  for (unsigned first = 0x80; first < 0x100; ++first) {
    for (unsigned second = 0; second < 0x100; ++second) {
      const std::string two{static_cast<char>(first), static_cast<char>(second)};
      ASSERT_EQ(is_utf8(two), model(two)) << first << ' ' << second;
      for (const unsigned third : {0x00U, 0x7fU, 0x80U, 0x9fU, 0xa0U, 0xbfU, 0xc0U, 0xffU}) {
        const std::string three = two + static_cast<char>(third);
        ASSERT_EQ(is_utf8(three), model(three)) << first << ' ' << second << ' ' << third;
        Utf8Validator validator;
        const bool valid = validator.receive(three) && validator.complete();
        ASSERT_EQ(valid, model(three)) << first << ' ' << second << ' ' << third;
      }
    }
  }
}

TEST(Utf8, JudgesLongTextAtEveryPosition) {
  for (const std::size_t size : {63U, 64U, 65U, 200U}) {
    const std::string text(size, 'a');
    EXPECT_TRUE(is_utf8(text));
    for (std::size_t i = 0; i < size; ++i) {
      std::string bad = text;
      bad[i] = '\x80';
      ASSERT_FALSE(is_utf8(bad)) << size << ' ' << i;
    }
    EXPECT_FALSE(is_utf8(text + "\xe2\x82"));
    EXPECT_TRUE(is_utf8(text + "\xe2\x82\xac"));
  }
}

// RFC 6455 section 8.1; Autobahn 6.4.
TEST(Utf8Validator, FailsAtTheFirstOctetThatCannotBeRight) {
  const std::string kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
  EXPECT_EQ(fails_at(kosme + "\xf4\x90\x80\x80" + "edited"), kosme.size() + 1);
  EXPECT_EQ(fails_at(kosme + "\xed\xa0\x80"), kosme.size() + 1);
  EXPECT_EQ(fails_at(kosme + "\xe0\x9f"), kosme.size() + 1);
  EXPECT_EQ(fails_at(kosme + "\xf0\x8f"), kosme.size() + 1);
  EXPECT_EQ(fails_at(kosme + "\xf5"), kosme.size());
  EXPECT_EQ(fails_at("\xe2\x82("), 2U);
  EXPECT_EQ(fails_at(kosme), std::string::npos);
}

TEST(Utf8Validator, FailsAtTheEndOfAPieceThatCannotBeRight) {
  for (const std::string_view tail : {"\xf4\x90"sv, "\xed\xa0"sv, "\xe0\x9f"sv, "\xf0\x8f"sv,
                                      "\xf0\x90("sv, "\xc0"sv, "\xf5"sv, "\xf4\x90\x80"sv}) {
    Utf8Validator validator;
    EXPECT_FALSE(validator.receive("text before " + std::string(tail)))
        << ::testing::PrintToString(tail);
  }
}

TEST(Utf8Validator, IsCompleteBetweenCodePointsOnly) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  EXPECT_EQ(verdict(text), "valid");
  std::size_t boundaries = 0;
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const std::string part = text.substr(0, end);
    if (verdict(part) == "valid") ++boundaries;
    EXPECT_EQ(verdict(part), model(part) ? "valid" : "unfinished") << end;
  }
  EXPECT_EQ(boundaries, 5U);
}

TEST(Utf8Validator, ResetForgetsAnUnfinishedCodePoint) {
  Utf8Validator validator;
  ASSERT_TRUE(validator.receive("\xe0"));
  validator.reset();
  EXPECT_TRUE(validator.complete());
  EXPECT_TRUE(validator.receive("a"));
  // The bounds of the second octet are forgotten too.
  EXPECT_TRUE(validator.receive("\xc2\x80"));
}

}  // namespace
}  // namespace naru
