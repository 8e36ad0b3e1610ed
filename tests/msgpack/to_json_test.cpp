#include "msgpack/to_json.hpp"

#include "msgpack_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::msgpack {
namespace {

using test::hex;

// The JSON, and behind it the attachments in hexadecimal digits.
std::string converted(std::string_view digits, const Limits& limits = {}) {
  const std::string bytes = hex(digits);
  std::string json;
  std::vector<std::string> attachments;
  const Result<void> result = to_json(bytes, limits, json, attachments);
  if (!result) return "error " + std::string(result.error().text);
  for (const std::string& each : attachments) json += " <" + test::to_hex(each) + ">";
  return json;
}

TEST(ToJson, ConvertsValuesOfEveryKind) {
  EXPECT_EQ(converted("c0"), "null");
  EXPECT_EQ(converted("93 c2 c3 ff"), "[false,true,-1]");
  EXPECT_EQ(converted("cf ff ff ff ff ff ff ff ff"), "18446744073709551615");
  EXPECT_EQ(converted("cb 3f f8 00 00 00 00 00 00"), "1.5");
  EXPECT_EQ(converted("cb 40 00 00 00 00 00 00 00"), "2");
  EXPECT_EQ(converted("a4 22 5c 0a 21"), R"("\"\\\n!")");
  EXPECT_EQ(converted("82 a1 61 80 a1 62 92 90 01"), R"({"a":{},"b":[[],1]})");
}

TEST(ToJson, PutsPlaceholdersForBinary) {
  EXPECT_EQ(converted("92 c4 01 07 81 a1 62 c5 00 00"),
            R"([{"_placeholder":true,"num":0},{"b":{"_placeholder":true,"num":1}}] <07> <>)");
}

// socketio.md 2.6: what notepack writes for undefined, Date, ArrayBuffer and typed arrays.
TEST(ToJson, UnderstandsTheExtensionsOfNotepack) {
  EXPECT_EQ(converted("d4 00 00"), "null");
  EXPECT_EQ(converted("d7 00 00 00 01 8b cf e5 68 7b"), R"("2023-11-14T22:13:20.123Z")");
  EXPECT_EQ(converted("d7 00 7f ff ff ff ff ff ff ff"), "null");  // no Date is that late
  EXPECT_EQ(converted("c7 03 00 01 02 03"), R"({"_placeholder":true,"num":0} <01 02 03>)");
  EXPECT_EQ(converted("c7 01 00 00"), R"({"_placeholder":true,"num":0} <00>)");
  EXPECT_EQ(converted("c7 08 00 00 01 02 03 04 05 06 07"),
            R"({"_placeholder":true,"num":0} <00 01 02 03 04 05 06 07>)");
  EXPECT_EQ(converted("d5 00 01 02"), R"({"_placeholder":true,"num":0} <01 02>)");
}

TEST(ToJson, UnderstandsTheStandardTimestamp) {
  EXPECT_EQ(converted("d6 ff 65 53 f1 00"), R"("2023-11-14T22:13:20.000Z")");
  EXPECT_EQ(converted("d7 ff 1d 53 53 00 65 53 f1 00"), R"("2023-11-14T22:13:20.123Z")");
  EXPECT_EQ(converted("c7 0c ff 07 54 d4 c0 00 00 00 00 65 53 f1 00"),
            R"("2023-11-14T22:13:20.123Z")");
  EXPECT_EQ(converted("c7 0c ff 00 00 00 00 80 00 00 00 00 00 00 00"), "null");
  EXPECT_EQ(converted("c7 03 ff 00 00 00"), "error an extension that is not known");
}

TEST(ToJson, WritesNullForWhatJsonCannotSay) {
  EXPECT_EQ(converted("cb 7f f0 00 00 00 00 00 00"), "null");
  EXPECT_EQ(converted("cb 7f f8 00 00 00 00 00 00"), "null");
}

TEST(ToJson, MakesKeysText) {
  EXPECT_EQ(converted("82 00 01 ff 02"), R"({"0":1,"-1":2})");
  EXPECT_EQ(converted("81 90 01"), "error a key that is neither text nor a whole number");
  EXPECT_EQ(converted("81 c0 01"), "error a key that is neither text nor a whole number");
  EXPECT_EQ(converted("81 c4 01 61 01"), "error a key that is neither text nor a whole number");
  EXPECT_EQ(converted("81 a9 5f 5f 70 72 6f 74 6f 5f 5f 01"), R"({"__proto__":1})");
}

// A peer must not name the attachments of others: here a placeholder is never the peer's own.
TEST(ToJson, RefusesAMapThatReadsAsAPlaceholder) {
  const std::string flag = "ac 5f 70 6c 61 63 65 68 6f 6c 64 65 72 ";  // "_placeholder"
  EXPECT_EQ(converted("82" + flag + "c3 a3 6e 75 6d 00"),
            "error a map that reads as a placeholder");
  EXPECT_EQ(converted("81" + flag + "c2"), R"({"_placeholder":false})");
  EXPECT_EQ(converted("81" + flag + "91 c3"), R"({"_placeholder":[true]})");
}

TEST(ToJson, RefusesWhatEndsEarlyAndWhatGoesOn) {
  const std::string bytes = hex("82 a1 61 92 01 c4 02 07 08 a1 62 cb 3f f8 00 00 00 00 00 00");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string json;
    std::vector<std::string> attachments;
    EXPECT_FALSE(to_json(bytes.substr(0, size), {}, json, attachments)) << size;
  }
  EXPECT_EQ(converted("01 02"), "error bytes behind the value");
}

TEST(ToJson, LimitsBinaryValues) {
  EXPECT_EQ(converted("93 c4 00 c4 00 c7 00 00", {.binaries = 2}), "error too many binary values");
  EXPECT_EQ(converted("92 c4 00 c4 00", {.binaries = 2}).substr(0, 2), "[{");
}

TEST(ToJson, GoesOnFromInsideAValue) {
  const Limits limits;
  Reader reader(limits);
  const std::string bytes = hex("82 a1 61 91 01 a1 62 02");
  std::string_view in = bytes;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(reader.next(in));
  std::string json;
  std::vector<std::string> attachments;
  ASSERT_TRUE(to_json(reader, in, limits, json, attachments));
  EXPECT_EQ(json, "[1]");
  EXPECT_EQ(test::to_hex(in), "a1 62 02");
}

}  // namespace
}  // namespace naru::msgpack
