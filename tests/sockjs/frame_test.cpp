// SockJS 0.3.3, the frames of a server and what they escape (sockjs.md 5).
#include "sockjs/frame.hpp"

#include "json/string.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace naru::sockjs {
namespace {

std::string escaped(std::string_view text) {
  std::string out = "before";
  append_string(text, out);
  EXPECT_TRUE(out.starts_with("before\""));
  return out.substr(6);
}

std::string utf8(std::uint32_t point) {
  std::string out;
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xc0U | point >> 6U));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  } else {
    out.push_back(static_cast<char>(0xe0U | point >> 12U));
    out.push_back(static_cast<char>(0x80U | (point >> 6U & 0x3fU)));
    out.push_back(static_cast<char>(0x80U | (point & 0x3fU)));
  }
  return out;
}

bool is_listed(std::uint32_t point) {
  return point < 0x20 || (point >= 0x200c && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202f) || (point >= 0x2060 && point <= 0x206f) ||
         point >= 0xfff0;
}

TEST(SockJsFrame, EscapesExactlyTheListedCodeUnits) {
  for (std::uint32_t point = 0x23; point <= 0xffff; ++point) {
    if (point == '\\' || (point >= 0xd800 && point < 0xe000)) continue;
    char literal[16];
    std::snprintf(literal, sizeof literal, "\"\\u%04x\"", point);
    const std::string wanted = is_listed(point) ? literal : "\"" + utf8(point) + "\"";
    ASSERT_EQ(escaped(utf8(point)), wanted) << point;
  }
}

TEST(SockJsFrame, UsesTheShortEscapes) {
  using namespace std::string_literals;
  EXPECT_EQ(escaped("\b\t\n\f\r\"\\/"), R"("\b\t\n\f\r\"\\/")");
  EXPECT_EQ(escaped("\0\x01\x1f\x7f"s), "\"\\u0000\\u0001\\u001f\x7f\"");
}

TEST(SockJsFrame, WritesWhatIsBeyondThePlaneAsAPairOfEscapes) {
  EXPECT_EQ(escaped("\xf0\x9f\x98\x80"), R"("\ud83d\ude00")");
  EXPECT_EQ(escaped("a\xf0\x90\x80\x80\xf4\x8f\xbf\xbf z"), R"("a\ud800\udc00\udbff\udfff z")");
}

TEST(SockJsFrame, LeavesKoreanAsItIs) {
  EXPECT_EQ(escaped("나루"), "\"나루\"");
  EXPECT_EQ(escaped("나\xe2\x80\xa8루"), "\"나\\u2028루\"");
}

TEST(SockJsFrame, RepairsWhatIsNoUtf8) {
  EXPECT_EQ(escaped("a\xff\xe2"), R"("a\ufffd\ufffd")");  // U+FFFD is of the specials itself
}

TEST(SockJsFrame, IsWhatAClientDecodes) {
  std::string all;
  for (std::uint32_t point = 0; point <= 0xffff; ++point) {
    if (point < 0xd800 || point >= 0xe000) all += utf8(point);
  }
  all += "\xf0\x9f\x98\x80";
  std::string storage;
  const auto decoded = json::decode_string(escaped(all), storage);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, all);
}

TEST(SockJsFrame, HasAFormForMessagesAndOneForTheEnd) {
  EXPECT_EQ(message_frame(R"("a","b")"), R"(a["a","b"])");
  EXPECT_EQ(close_frame(3000, "Go away!"), R"(c[3000,"Go away!"])");
  EXPECT_EQ(close_frame(1000, "\"\n"), R"(c[1000,"\"\n"])");
}

}  // namespace
}  // namespace naru::sockjs
