// What clients send (sockjs.md 5.2, 7).
#include "sockjs/messages.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::sockjs {
namespace {

using Messages = std::vector<std::string>;

Messages read(std::string_view text, Carrier carrier = Carrier::body) {
  const auto messages = read_messages(text, carrier, {});
  return messages ? *messages : Messages{"error: " + std::string(messages.error().text)};
}

TEST(SockJsMessages, AreTheStringsOfAnArray) {
  EXPECT_EQ(read(R"(["a"])"), Messages({"a"}));
  EXPECT_EQ(read(" [ \"a\" ,\r\n\t\"\" ] "), Messages({"a", ""}));
  EXPECT_EQ(read("[]"), Messages());
}

TEST(SockJsMessages, AreDecoded) {
  using namespace std::string_literals;
  EXPECT_EQ(read(R"(["\u0000\n\r \"\\\/\u200c"])"), Messages({"\0\n\r \"\\/\xe2\x80\x8c"s}));
  EXPECT_EQ(read("[\"나루\xef\xbf\xbf\"]"), Messages({"나루\xef\xbf\xbf"}));
  EXPECT_EQ(read(R"(["\ud83d\ude00"])"), Messages({"\xf0\x9f\x98\x80"}));
}

// The client escapes each half of a pair by itself, and cuts texts between them.
TEST(SockJsMessages, MayHoldHalfOfAPair) {
  EXPECT_EQ(read(R"(["a\ud83d","\ude00b"])"), Messages({"a\xef\xbf\xbd",
                                                        "\xef\xbf\xbd"
                                                        "b"}));
}

TEST(SockJsMessages, AreExpectedInABody) {
  for (const char* text : {"", "{}", "\"x\"", "1", "null"}) {
    EXPECT_EQ(read(text), Messages({"error: Payload expected."})) << text;
  }
}

TEST(SockJsMessages, AreRefusedWhenTheyAreNoStrings) {
  for (const char* text : {"[1]", "[[\"a\"]]", "[\"a\",null]", "[{\"a\":\"b\"}]"}) {
    EXPECT_EQ(read(text), Messages({"error: Broken JSON encoding."})) << text;
  }
}

TEST(SockJsMessages, AreRefusedWhenTheJsonIsBroken) {
  for (const char* text : {"[\"x", "x", "[\"a\" \"b\"]", "[\"a\",]", "[\"a\"]]", "[\"\n\"]",
                           "[\"\\x\"]", "[\"\xff\"]", " ", "[\"\xed\xa0\x80\"]"}) {
    EXPECT_EQ(read(text), Messages({"error: Broken JSON encoding."})) << text;
    if (text != std::string(" ")) {
      EXPECT_EQ(read(text, Carrier::websocket), Messages({"error: Broken JSON encoding."})) << text;
    }
  }
}

TEST(SockJsMessages, OfAWebSocketMayBeOneStringOrNothing) {
  EXPECT_EQ(read("", Carrier::websocket), Messages());
  EXPECT_EQ(read("[]", Carrier::websocket), Messages());
  EXPECT_EQ(read("\"a\"", Carrier::websocket), Messages({"a"}));
  EXPECT_EQ(read("{}", Carrier::websocket), Messages({"error: Broken JSON encoding."}));
}

TEST(SockJsMessages, AreNothingUntilTheLastByte) {
  const std::string whole = R"(["a\u00e9\\","나"])";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::vector<std::string_view> literals;
    EXPECT_FALSE(split_messages(whole.substr(0, size), Carrier::body, {}, literals)) << size;
    EXPECT_TRUE(literals.empty());
  }
  EXPECT_EQ(read(whole).size(), 2U);
}

TEST(SockJsMessages, AreCounted) {
  const auto exact = read_messages(R"(["a","b"])", Carrier::body, {.messages = 2});
  EXPECT_TRUE(exact);
  const auto more = read_messages(R"(["a","b","c"])", Carrier::body, {.messages = 2});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Errc::too_many);
}

TEST(SockJsMessages, AreRefusedQuicklyHoweverDeepTheyNest) {
  EXPECT_EQ(read(std::string(1'000'000, '[')), Messages({"error: Broken JSON encoding."}));
}

}  // namespace
}  // namespace naru::sockjs
