#include "http/request.hpp"

#include <gtest/gtest.h>

namespace naru::http {
namespace {

using namespace std::string_view_literals;

Request with(std::vector<Field> fields) {
  Request request;
  request.fields = std::move(fields);
  return request;
}

TEST(Request, FindsFieldsWithoutCase) {
  const Request request = with({{"Accept", "a"}, {"ACCEPT", "b"}, {"Host", "h"}});
  EXPECT_EQ(request.field("accept"), "a");
  EXPECT_EQ(request.count("Accept"), 2U);
  EXPECT_EQ(request.field("Accep"), "");
  EXPECT_EQ(request.count("missing"), 0U);
}

TEST(Request, ListsTokensOfAllFieldsOfAName) {
  const Request request = with({{"Connection", "keep-alive ,\tUPGRADE"}, {"connection", ",x,,"}});
  EXPECT_TRUE(request.lists("Connection", "upgrade"));
  EXPECT_TRUE(request.lists("Connection", "Keep-Alive"));
  EXPECT_TRUE(request.lists("Connection", "x"));
  EXPECT_FALSE(request.lists("Connection", "keep"));
  EXPECT_FALSE(request.lists("Connection", ""));
  EXPECT_FALSE(request.lists("Upgrade", "x"));
}

TEST(Iequals, ComparesAsciiOnly) {
  EXPECT_TRUE(iequals("", ""));
  EXPECT_TRUE(iequals("aZ09-", "Az09-"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("\xc4", "\xe4"));
}

TEST(Token, IsRfc9110Section562) {
  EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
  EXPECT_FALSE(is_token(""));
  for (const char c : "\"(),/:;<=>?@[\\]{} \t\r\n\0\x7f\x80"sv) {
    EXPECT_FALSE(is_token(std::string_view(&c, 1))) << static_cast<int>(c);
  }
}

// undici CVE-2026-1527: CR and LF in a field that the application supplied.
TEST(FieldValue, Cve2026_1527RefusesControlCharacters) {
  EXPECT_FALSE(is_field_value("websocket\r\nX-Injected: 1"));
  EXPECT_FALSE(is_field_value("a\n"));
  EXPECT_FALSE(is_field_value("a\r"));
  EXPECT_FALSE(is_field_value("a\0b"sv));
  EXPECT_FALSE(is_field_value("\x1f"));
  EXPECT_FALSE(is_field_value("\x7f"));
  EXPECT_TRUE(is_field_value("a\tb \x80\xff"));
  EXPECT_TRUE(is_field_value(""));
}

TEST(Elements, AreTrimmedAndNeverEmpty) {
  std::vector<std::string_view> seen;
  for_each_element(" a ,,\t, b c,", [&](std::string_view element) { seen.push_back(element); });
  EXPECT_EQ(seen, (std::vector<std::string_view>{"a", "b c"}));
}

}  // namespace
}  // namespace naru::http
