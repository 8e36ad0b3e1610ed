#include "json/split.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace naru::json {
namespace {

using Elements = std::vector<std::string_view>;

Result<Elements> split(std::string_view text, const Limits& limits = {}) {
  Elements elements;
  NARU_CHECK(split_array(text, limits, elements));
  return elements;
}

std::optional<Errc> split_error(std::string_view text, const Limits& limits = {}) {
  const auto result = split(text, limits);
  return result ? std::nullopt : std::optional(result.error().code);
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(SplitArray, GivesTheRawTextOfEachElement) {
  EXPECT_EQ(*split(R"(["say","hello world",{"a":[1,2]},-1.5e3,true,false,null,[]])"),
            (Elements{R"("say")", R"("hello world")", R"({"a":[1,2]})", "-1.5e3", "true", "false",
                      "null", "[]"}));
}

TEST(SplitArray, LeavesOutWhiteSpaceAroundElements) {
  EXPECT_EQ(*split(" [ 1 ,\t{ \"a\" : 2 }\r\n, \"x\" ] \n"),
            (Elements{"1", "{ \"a\" : 2 }", "\"x\""}));
}

TEST(SplitArray, GivesNothingForAnEmptyArray) {
  EXPECT_EQ(*split("[]"), Elements{});
  EXPECT_EQ(*split(" [ ] "), Elements{});
}

TEST(SplitArray, AppendsToWhatIsThere) {
  Elements elements{"first"};
  ASSERT_TRUE(split_array("[2]", {}, elements));
  EXPECT_EQ(elements, (Elements{"first", "2"}));
}

TEST(SplitArray, RefusesWhatIsNoArray) {
  for (const std::string_view text :
       {"",          " ",          "{}",           "1",       "\"[]\"",  "null",
        "[",         "]",          "[1",           "[1,",     "[1,]",    "[,1]",
        "[1 2]",     "[]]",        "[1]x",         "[1}",     "[[1]",    "[{]",
        "[{\"a\"}]", "[{\"a\":}]", "[{\"a\":1,}]", "[{a:1}]", "[{1:1}]", "[{\"a\" 1}]",
        "[{,}]",     "[{\"a\":1]", "[1],",         "[//\n1]", "[/**/1]", "\xef\xbb\xbf[1]"}) {
    EXPECT_EQ(split_error(text), Errc::bad_json) << text;
  }
}

TEST(SplitArray, RefusesBadScalars) {
  for (const std::string_view scalar :
       {"01",     "-",        "+1",       "-01",       "1.",          ".5",       "1.e1",
        "1e",     "1e+",      "0x1",      "1_0",       "NaN",         "Infinity", "-Infinity",
        "tru",    "truex",    "TRUE",     "nul",       "undefined",   "'a'",      "\"",
        "\"a",    "\"\\\"",   "\"\\x\"",  "\"\\u12\"", "\"\\u12g4\"", "\"\\u\"",  "\"\t\"",
        "\"\n\"", "\"\x01\"", "\"a\x1f\""}) {
    EXPECT_EQ(split_error("[" + std::string(scalar) + "]"), Errc::bad_json) << scalar;
  }
  EXPECT_EQ(split_error(std::string_view("[\"\0\"]", 5)), Errc::bad_json);
}

TEST(SplitArray, TakesEveryEscapeAndLoneSurrogates) {
  // JavaScript writes half an emoji, as a cut string leaves it, in this form.
  EXPECT_TRUE(split(R"(["\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00","\ud83d","\ude00"])"));
}

TEST(SplitArray, FindsSpecialOctetsAtEveryOffset) {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string plain(length, 'a');
    EXPECT_EQ(*split("[\"" + plain + "\",1]"), (Elements{"\"" + plain + "\"", "1"}));
    EXPECT_EQ(*split("[\"" + plain + "\\\"b\"]"), (Elements{"\"" + plain + "\\\"b\""}));
    EXPECT_EQ(split_error("[\"" + plain + "\x1f\"]"), Errc::bad_json) << length;
    EXPECT_TRUE(split("[\"" + plain + "\x7f \xc3\xa9\"]")) << length;
  }
}

TEST(SplitArray, BoundsElements) {
  const Limits limits{.elements = 3};
  EXPECT_TRUE(split("[1,2,3]", limits));
  EXPECT_EQ(split_error("[1,2,3,4]", limits), Errc::too_many);
  EXPECT_TRUE(split("[[1,2,3,4]]", limits));
}

TEST(SplitArray, BoundsDepth) {
  const Limits limits{.depth = 3};
  EXPECT_TRUE(split("[[[1]]]", limits));
  EXPECT_TRUE(split("[[{\"a\":1}]]", limits));
  EXPECT_EQ(split_error("[[[[1]]]]", limits), Errc::bad_json);
  EXPECT_EQ(split_error("[[{\"a\":{}}]]", limits), Errc::bad_json);
  EXPECT_TRUE(split(nested(64)));
  EXPECT_EQ(split_error(nested(65)), Errc::bad_json);
}

TEST(SplitArray, NeverNestsBeyondItsStack) {
  const Limits limits{.depth = 1'000'000};
  EXPECT_TRUE(split(nested(1000), limits));
  EXPECT_EQ(split_error(nested(2000), limits), Errc::bad_json);
  EXPECT_EQ(split_error(std::string(1'000'000, '['), limits), Errc::bad_json);
}

TEST(SplitArray, KeepsApartArraysAndObjectsAcrossWordsOfItsStack) {
  std::string open;
  std::string close;
  for (int i = 0; i < 150; ++i) {
    open += i % 3 == 0 ? "[" : "{\"k\":";
    close.insert(0, i % 3 == 0 ? "]" : "}");
  }
  const Limits limits{.depth = 200};
  EXPECT_TRUE(split(open + "1" + close, limits));
  std::string wrong = close;
  wrong[75] = wrong[75] == ']' ? '}' : ']';
  EXPECT_EQ(split_error(open + "1" + wrong, limits), Errc::bad_json);
}

TEST(SplitArray, RefusesEveryTruncation) {
  const std::string text = R"(["a\u00e9\n",{"b":[1.5e-3,true,null]},[[]],"x"])";
  ASSERT_TRUE(split(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    // A copy of the exact size, so that a sanitizer sees a read past it.
    const std::vector<char> cut(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(split_error({cut.data(), cut.size()}), Errc::bad_json) << size;
  }
}

TEST(Validate, TakesOneValueOfAnyKind) {
  for (const std::string_view text :
       {"1", " \"a\" ", "true", "null", "{}", "[]", "{\"a\":{\"b\":[]}}"}) {
    EXPECT_TRUE(validate(text, {})) << text;
  }
  for (const std::string_view text : {"", " ", "1 2", "{} {}", "{\"a\":1}}", "\"a\"b"}) {
    EXPECT_FALSE(validate(text, {})) << text;
  }
}

TEST(Validate, BoundsDepth) {
  EXPECT_TRUE(validate("1", {.depth = 0}));
  EXPECT_FALSE(validate("{}", {.depth = 0}));
  EXPECT_TRUE(validate("{\"a\":1}", {.depth = 1}));
  EXPECT_FALSE(validate("{\"a\":[]}", {.depth = 1}));
}

}  // namespace
}  // namespace naru::json
