#include "msgpack/from_json.hpp"

#include "msgpack/to_json.hpp"
#include "msgpack_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace naru::msgpack {
namespace {

std::string converted(std::string_view json, const std::vector<std::string>& attachments = {}) {
  std::string out;
  const Result<void> result = from_json({json, attachments}, out);
  if (!result) return "error" + out;
  return test::to_hex(out);
}

TEST(FromJson, TakesTheShortestForms) {
  EXPECT_EQ(converted("null"), "c0");
  EXPECT_EQ(converted("[true, false]"), "92 c3 c2");
  EXPECT_EQ(converted("[0,127,128,-1,-33]"), "95 00 7f cc 80 ff d0 df");
  EXPECT_EQ(converted("18446744073709551615"), "cf ff ff ff ff ff ff ff ff");
  EXPECT_EQ(converted("[2.0,1e2]"), "92 02 64");  // whole, as in JavaScript
  EXPECT_EQ(converted("1.5"), "cb 3f f8 00 00 00 00 00 00");
  EXPECT_EQ(converted(R"({"a":[],"b":{"c":"\u00e9\n"}})"),
            "82 a1 61 90 a1 62 81 a1 63 a3 c3 a9 0a");
}

TEST(FromJson, PutsBinaryForPlaceholders) {
  const std::vector<std::string> attachments{"\x01\x02\x03", ""};
  EXPECT_EQ(converted(R"([{"_placeholder":true,"num":0},{"x":{"num":1,"_placeholder":true}},1])",
                      attachments),
            "93 c4 03 01 02 03 81 a1 78 c4 00 01");
  // Inside another that counts; behind it one without an attachment.
  EXPECT_EQ(converted(R"({"_placeholder":true,"num":1,"deep":{"_placeholder":true,"num":0}})",
                      attachments),
            "c4 00");
  EXPECT_EQ(converted(R"([{"_placeholder":true,"num":2}])", attachments),
            "91 82 ac 5f 70 6c 61 63 65 68 6f 6c 64 65 72 c3 a3 6e 75 6d 02");
}

TEST(FromJson, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"", "[1", "{\"a\"}", "[1]]", "1e999"}) {
    EXPECT_EQ(converted(text), "error") << text;
  }
}

TEST(FromJson, CountsLongContainers) {
  for (const int count : {15, 16, 65535, 65536}) {
    std::string json = "[[";
    for (int i = 0; i < count; ++i) json += (i == 0 ? "" : ",") + std::to_string(i);
    json += "],{";
    for (int i = 0; i < count; ++i) {
      json += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + std::to_string(i);
    }
    json += "}]";
    std::string out;
    ASSERT_TRUE(from_json({json}, out));
    EXPECT_EQ(nlohmann::json::from_msgpack(out), nlohmann::json::parse(json)) << count;
  }
}

TEST(FromJson, ComesBackAsItWas) {
  const std::vector<std::string> attachments{"one", "two"};
  const std::string json =
      R"(["name",{"a":[1,-2,3.25,null,true,"\u0000\"é"],"b":{"_placeholder":true,"num":0}},)"
      R"({"_placeholder":true,"num":1},9007199254740993,-9223372036854775808])";
  std::string bytes;
  ASSERT_TRUE(from_json({json, attachments}, bytes));
  std::string again;
  std::vector<std::string> same;
  ASSERT_TRUE(to_json(bytes, {}, again, same));
  EXPECT_EQ(again, json);
  EXPECT_EQ(same, attachments);
}

}  // namespace
}  // namespace naru::msgpack
