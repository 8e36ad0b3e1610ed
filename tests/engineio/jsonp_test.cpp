// socketio.md 1.9.
#include "engineio/jsonp.hpp"

#include <gtest/gtest.h>

namespace naru::engineio {
namespace {

TEST(Jsonp, CallsTheFunctionOfItsIndex) {
  EXPECT_EQ(to_jsonp(0, "1:6"), R"(___eio[0]("1:6");)");
  EXPECT_EQ(to_jsonp(12, "4\"a\\\n"), R"(___eio[12]("4\"a\\\n");)");
}

TEST(Jsonp, EscapesWhatOldScriptsTakeForTheEndOfALine) {
  EXPECT_EQ(to_jsonp(0, "a\u2028b\u2029c\u2027\u20ac"),
            "___eio[0](\"a\\u2028b\\u2029c\u2027\u20ac\");");
}

TEST(Jsonp, TakesLineFeedsOutOfTheirEscapes) {
  EXPECT_EQ(from_jsonp_form(R"(5:4a\nb)"), "5:4a\nb");
  EXPECT_EQ(from_jsonp_form(R"(5:4a\\nb)"), R"(5:4a\nb)");
  EXPECT_EQ(from_jsonp_form(R"(\\\n)"), R"(\\n)");
  EXPECT_EQ(from_jsonp_form(R"(\t\\)"), R"(\t\\)");
  EXPECT_EQ(from_jsonp_form(R"(\\n\n\)"), "\\n\n\\");
  EXPECT_EQ(from_jsonp_form(""), "");
}

TEST(Jsonp, TakesItsIndexFromTheDigits) {
  EXPECT_EQ(jsonp_index("7"), 7U);
  EXPECT_EQ(jsonp_index("1);alert(2"), 12U);
  EXPECT_EQ(jsonp_index(""), 0U);
  EXPECT_EQ(jsonp_index("99999999999999999999"), 999'999'999U);
}

}  // namespace
}  // namespace naru::engineio
