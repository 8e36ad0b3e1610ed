#include "json/placeholder.hpp"

#include "json/split.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::json {
namespace {

constexpr std::string_view kFirst = R"({"_placeholder":true,"num":0})";

bool valid(std::string_view text, std::size_t attachments) {
  return check_placeholders(text, attachments).has_value();
}

TEST(Placeholders, AreFoundAnywhere) {
  std::vector<Placeholder> found;
  const std::string text = R"(["a",{"b":[)" + std::string(kFirst) + "]}]";
  ASSERT_TRUE(find_placeholders(text, found));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(text.substr(found[0].begin, found[0].end - found[0].begin), kFirst);
  EXPECT_EQ(found[0].num, 0U);
}

TEST(Placeholders, NeedAnIndexInRange) {
  EXPECT_TRUE(valid("[" + std::string(kFirst) + "]", 1));
  EXPECT_FALSE(valid("[" + std::string(kFirst) + "]", 0));
  EXPECT_TRUE(valid(R"([{"_placeholder":true,"num":1},{"num":0.0,"_placeholder":true}])", 2));
  EXPECT_FALSE(valid(R"([{"_placeholder":true,"num":1}])", 1));
}

TEST(Placeholders, Cve20222421RefusesWhatIsNoIndex) {
  for (const std::string_view num : {R"("0")", R"("splice")", "-1", "0.5", "1e99", "null", "true",
                                     "[0]", "{}", R"({"num":0})", "18446744073709551616", "-0.5"}) {
    EXPECT_FALSE(valid(R"([{"_placeholder":true,"num":)" + std::string(num) + "}]", 10)) << num;
  }
  EXPECT_FALSE(valid(R"([{"_placeholder":true}])", 10));
}

TEST(Placeholders, AreOnlyThoseThatJavaScriptSees) {
  EXPECT_TRUE(valid(R"([{"_placeholder":false,"num":"x"}])", 0));
  EXPECT_TRUE(valid(R"([{"_placeholder":1,"num":"x"}])", 0));
  EXPECT_TRUE(valid(R"([{"_placeholder":"true"}])", 0));
  EXPECT_TRUE(valid(R"([{"_placeholder":[true]},{"_placeholder":{"_placeholder":null}}])", 0));
  EXPECT_TRUE(valid(R"([["_placeholder",true],"{\"_placeholder\":true}"])", 0));
}

TEST(Placeholders, CountTheLastOfEqualNames) {
  EXPECT_TRUE(valid(R"([{"_placeholder":true,"_placeholder":false}])", 0));
  EXPECT_FALSE(valid(R"([{"_placeholder":false,"_placeholder":true}])", 0));
  EXPECT_TRUE(valid(R"([{"_placeholder":true,"num":"x","num":0}])", 1));
  EXPECT_FALSE(valid(R"([{"_placeholder":true,"num":0,"num":"x"}])", 1));
  EXPECT_FALSE(valid(R"([{"_placeholder":true,"num":0,"num":[]}])", 1));
}

TEST(Placeholders, AreSeenThroughEscapedNames) {
  EXPECT_FALSE(valid(R"([{"\u005fplaceholder":true,"num":"x"}])", 1));
  EXPECT_FALSE(valid(R"([{"_placeholder":true,"n\u0075m":7}])", 1));
}

TEST(Placeholders, NameAnAttachmentOnce) {
  // Or a short text would stand for its attachment many times over once it is decoded.
  const std::string twice = "[" + std::string(kFirst) + "," + std::string(kFirst) + "]";
  EXPECT_FALSE(valid(twice, 1));
  EXPECT_FALSE(valid(twice, 2));
}

TEST(Placeholders, AreKnownFromWhatMerelyHoldsOne) {
  EXPECT_EQ(placeholder_num(kFirst), 0U);
  EXPECT_EQ(placeholder_num(R"( { "num" : 3 , "_placeholder" : true } )"), 3U);
  EXPECT_FALSE(placeholder_num("[" + std::string(kFirst) + "]"));
  EXPECT_FALSE(placeholder_num(R"({"a":)" + std::string(kFirst) + "}"));
  for (const std::string_view text : {"", "1", "{", "{}", R"({"_placeholder":true)"}) {
    EXPECT_FALSE(placeholder_num(text)) << text;
  }
}

}  // namespace
}  // namespace naru::json
