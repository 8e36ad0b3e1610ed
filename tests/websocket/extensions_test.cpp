#include "websocket/extensions.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::websocket {
namespace {

// "a;p=v;q, b": white space and quotes gone. "refused" outside the grammar.
std::string normal_form(std::string_view value) {
  const auto extensions = parse_extensions(value);
  if (!extensions) {
    EXPECT_EQ(extensions.error().code, Errc::protocol_error);
    return "refused";
  }
  std::string out;
  for (const Extension& extension : *extensions) {
    if (!out.empty()) out += ", ";
    out += extension.name;
    for (const ExtensionParameter& parameter : extension.parameters) {
      out.append(";").append(parameter.name);
      if (!parameter.value.empty()) out.append("=").append(parameter.value);
    }
  }
  return out;
}

TEST(ParseExtensions, ReadsWhatBrowsersOffer) {
  EXPECT_EQ(normal_form("permessage-deflate; client_max_window_bits"),
            "permessage-deflate;client_max_window_bits");
  EXPECT_EQ(normal_form("permessage-deflate"), "permessage-deflate");
}

TEST(ParseExtensions, ReadsListsParametersAndValues) {
  EXPECT_EQ(normal_form("a ;p=1;\tq , b;r=x,c"), "a;p=1;q, b;r=x, c");
  EXPECT_EQ(normal_form("a; p = 1 "), "a;p=1");
  EXPECT_EQ(normal_form(",, a ,, b , "), "a, b");
}

TEST(ParseExtensions, UnquotesValues) {
  EXPECT_EQ(normal_form("a;p=\"10\";q"), "a;p=10;q");
  EXPECT_EQ(normal_form("a;p=\"1\\0\", b"), "a;p=10, b");
}

TEST(ParseExtensions, TakesAnEmptyFieldForNone) {
  EXPECT_EQ(normal_form(""), "");
  EXPECT_EQ(normal_form("  "), "");
}

TEST(ParseExtensions, RefusesWhatIsOutsideTheGrammar) {
  for (const char* value : {"a b",         "a;",          "a;;b",        ";a",         "a=1",
                            "a;p=",        "a;=1",        "a;p=\"",      "a;p=\"\"",   "a;p=\"1",
                            "a;p=\"1\\",   "a;p=\"1 2\"", "a;p=\"1,2\"", "a;p=\"1\"2", "a;p=1 2",
                            "a;p q",       "\"a\"",       "a/b",         "a;p=1=2",    "a\x80",
                            "a;p=\"\x7f\""}) {
    EXPECT_EQ(normal_form(value), "refused") << value;
  }
}

// GHSA-5v72-xg48-5rpm: names of Object's properties crashed the parser.
TEST(ParseExtensions, TakesEveryNameForAPlainString) {
  EXPECT_EQ(normal_form("constructor; __proto__=toString, hasOwnProperty"),
            "constructor;__proto__=toString, hasOwnProperty");
}

// lws b0073c76d: the same extension twice overflowed an array.
TEST(ParseExtensions, KeepsRepeatedExtensions) {
  std::string many = "x-many";
  for (int i = 0; i < 1000; ++i) many += ", x-many";
  const auto extensions = parse_extensions(many);
  ASSERT_TRUE(extensions);
  EXPECT_EQ(extensions->size(), 1001U);
}

// CVE-2020-7662, CVE-2020-7663: the time grew with the square of an unclosed quoted value.
TEST(ParseExtensions, TakesLinearTime) {
  const std::size_t size = 4'000'000;  // hours, were it quadratic
  std::string backslashes = "a;b=\"";
  for (std::size_t i = 0; i < size; ++i) backslashes += "\\c";
  for (const std::string& value : {backslashes, std::string(size, ','), std::string(size, ' '),
                                   std::string(size, 'a'), "a" + std::string(size, ';')}) {
    static_cast<void>(parse_extensions(value));
  }
}

}  // namespace
}  // namespace naru::websocket
