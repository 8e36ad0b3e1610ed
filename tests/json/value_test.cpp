#include "naru/json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace naru {
namespace {

TEST(JsonElements, GivesEachElement) {
  const std::vector<std::string> attachments{"x"};
  const auto elements = json_elements({R"( [1, "a" ,{"b":[2]}] )", attachments});
  ASSERT_TRUE(elements);
  ASSERT_EQ(elements->size(), 3U);
  EXPECT_EQ((*elements)[0].text, "1");
  EXPECT_EQ((*elements)[1].text, R"("a")");
  EXPECT_EQ((*elements)[2].text, R"({"b":[2]})");
  EXPECT_EQ((*elements)[2].attachments.size(), 1U);
  EXPECT_TRUE(json_elements({"[]"})->empty());
  EXPECT_FALSE(json_elements({"{}"}));
  EXPECT_FALSE(json_elements({"[1"}));
  EXPECT_FALSE(json_elements({""}));
}

TEST(JsonMembers, GivesDecodedNames) {
  const auto members = json_members({R"({"a": 1 ,"\u00e9\n":[2],"a":"again"})"});
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 3U);
  EXPECT_EQ((*members)[0].first, "a");
  EXPECT_EQ((*members)[0].second.text, "1");
  EXPECT_EQ((*members)[1].first, "é\n");
  EXPECT_EQ((*members)[1].second.text, "[2]");
  EXPECT_EQ((*members)[2].second.text, R"("again")");
  EXPECT_TRUE(json_members({" {} "})->empty());
  for (const std::string_view text : {"[]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{a:1}", ""}) {
    EXPECT_FALSE(json_members({text})) << text;
  }
}

TEST(JsonValue, ReadsScalars) {
  EXPECT_TRUE(*json_bool({"true"}));
  EXPECT_FALSE(*json_bool({" false "}));
  EXPECT_FALSE(json_bool({"1"}));
  EXPECT_EQ(*json_int64({" -7 "}), -7);
  EXPECT_EQ(*json_uint64({"7"}), 7U);
  EXPECT_EQ(*json_double({"1.5"}), 1.5);
  EXPECT_EQ(*json_string({R"("a\u0062c")"}), "abc");
  EXPECT_EQ(*json_string({R"("plain")"}), "plain");
  EXPECT_FALSE(json_string({"1"}));
  EXPECT_TRUE(json_is_null({" null"}));
  EXPECT_FALSE(json_is_null({"0"}));
}

TEST(JsonValue, ReadsAnAttachment) {
  const std::vector<std::string> attachments{"zero", "one"};
  const auto bytes = json_binary({R"({"_placeholder":true,"num":1})", attachments});
  ASSERT_TRUE(bytes);
  EXPECT_EQ(as_text(*bytes), "one");
  EXPECT_FALSE(json_binary({R"({"_placeholder":true,"num":2})", attachments}));
  EXPECT_FALSE(json_binary({R"({"_placeholder":true,"num":0})"}));
  EXPECT_FALSE(json_binary({R"("zero")", attachments}));
}

TEST(JsonCast, ChecksTheRangeOfItsType) {
  EXPECT_EQ(*json_cast<int>({"2147483647"}), 2147483647);
  EXPECT_FALSE(json_cast<int>({"2147483648"}));
  EXPECT_FALSE(json_cast<std::uint8_t>({"256"}));
  EXPECT_FALSE(json_cast<unsigned>({"-1"}));
  EXPECT_EQ(*json_cast<double>({"2"}), 2.0);
}

TEST(JsonCast, ReadsContainers) {
  EXPECT_EQ(*json_cast<std::vector<int>>({"[1,2]"}), (std::vector<int>{1, 2}));
  EXPECT_FALSE(json_cast<std::vector<int>>({R"([1,"2"])"}));
  using Map = std::map<std::string, bool>;
  EXPECT_EQ(*json_cast<Map>({R"({"a":true,"b":false})"}), (Map{{"a", true}, {"b", false}}));
  EXPECT_FALSE((*json_cast<std::optional<int>>({"null"})).has_value());
  EXPECT_EQ((*json_cast<std::optional<int>>({"4"})).value(), 4);
}

}  // namespace
}  // namespace naru
