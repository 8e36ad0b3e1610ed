#include "naru/json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace naru {
namespace {

TEST(Json, ReadsAndWritesATree) {
  const std::string text = R"({"b":[1,-2,0.5,"x\ny",true,false,null],"a":{},"c":[]})";
  const auto tree = Json::parse(text);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->dump(), text);
  EXPECT_EQ(*(*tree)["b"][0].as<std::int64_t>(), 1);
  EXPECT_EQ(*(*tree)["b"][2].as<double>(), 0.5);
  EXPECT_EQ(*(*tree)["b"][3].as<std::string>(), "x\ny");
  EXPECT_TRUE((*tree)["b"][6].is_null());
}

TEST(Json, GivesNullForWhatIsNotThere) {
  const Json tree = *Json::parse(R"({"a":[1]})");
  EXPECT_TRUE(tree["b"].is_null());
  EXPECT_TRUE(tree["a"][1].is_null());
  EXPECT_TRUE(tree["a"]["x"].is_null());
  EXPECT_TRUE(tree[std::size_t{0}].is_null());
  EXPECT_EQ(tree.as<Json::Array>(), nullptr);
}

TEST(Json, HoldsWholeNumbersAsIntegers) {
  EXPECT_NE(Json::parse("3.0")->as<std::int64_t>(), nullptr);
  EXPECT_NE(Json::parse("1e2")->as<std::int64_t>(), nullptr);
  EXPECT_NE(Json::parse("1e20")->as<double>(), nullptr);
  EXPECT_EQ(*Json::parse("3"), Json(3.0));
  EXPECT_EQ(*Json::parse("3.5"), Json(3.5));
  EXPECT_NE(Json(3), Json(4.0));
  EXPECT_EQ(Json(std::numeric_limits<std::uint64_t>::max()).dump(), "18446744073709552000");
}

TEST(Json, CountsTheLastOfEqualNames) {
  EXPECT_EQ((*Json::parse(R"({"a":1,"a":2})"))["a"], Json(2));
}

TEST(Json, BoundsDepth) {
  EXPECT_TRUE(Json::parse(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(Json::parse(std::string(65, '[') + std::string(65, ']')));
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const std::string_view text : {"", "[1,]", "{\"a\":1,}", "nul", "1 2", "1e999"}) {
    EXPECT_FALSE(Json::parse(text)) << text;
  }
}

TEST(Json, TakesAttachmentsInPlace) {
  const std::vector<std::string> attachments{"zero", "one"};
  const std::string_view text =
      R"({"a":{"_placeholder":true,"num":1},"b":[{"_placeholder":false}]})";
  const auto tree = json_cast<Json>({text, attachments});
  ASSERT_TRUE(tree);
  ASSERT_NE((*tree)["a"].as<Bytes>(), nullptr);
  EXPECT_EQ(as_text(*(*tree)["a"].as<Bytes>()), "one");
  EXPECT_NE((*tree)["b"][0].as<Json::Object>(), nullptr);
}

TEST(Json, LeavesPlaceholdersAloneWithoutAttachments) {
  const std::string text = R"({"_placeholder":true,"num":0})";
  EXPECT_EQ(json_cast<Json>({text})->dump(), text);
}

TEST(Json, WritesBytesAsAttachments) {
  const BytesView bytes = as_bytes("abc");
  const Json tree(Json::Array{1, Bytes(bytes.begin(), bytes.end()), "x"});
  std::string text;
  std::vector<std::string> attachments;
  JsonWriter writer(text, attachments);
  json_write(writer, tree);
  EXPECT_EQ(text, R"([1,{"_placeholder":true,"num":0},"x"])");
  EXPECT_EQ(attachments, std::vector<std::string>{"abc"});
  EXPECT_EQ(tree.dump(), R"([1,null,"x"])");
}

}  // namespace
}  // namespace naru
