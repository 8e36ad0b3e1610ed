#include "http/url.hpp"

#include <gtest/gtest.h>

namespace naru::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(PercentDecode, DecodesEscapes) {
  EXPECT_EQ(percent_decode("a%20b%C3%a9+%00"), std::string("a b\xc3\xa9+\0", 7));
  EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecode, RefusesMalformedEscapes) {
  for (const char* text : {"%", "%2", "a%", "%zz", "%2g", "%%20"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

TEST(Query, DecodesInOrder) {
  EXPECT_EQ(Query::parse("EIO=4&transport=polling&t=%20a+b").all(),
            (Pairs{{"EIO", "4"}, {"transport", "polling"}, {"t", " a b"}}));
}

TEST(Query, AllowsMissingParts) {
  EXPECT_EQ(Query::parse("a&b=&=c&&d=e=f&").all(),
            (Pairs{{"a", ""}, {"b", ""}, {"", "c"}, {"d", "e=f"}}));
  EXPECT_TRUE(Query::parse("").all().empty());
}

TEST(Query, LeavesMalformedEscapesAsTheyAre) {
  EXPECT_EQ(Query::parse("a=%&b=%2&c=%zz%41").all(),
            (Pairs{{"a", "%"}, {"b", "%2"}, {"c", "%zzA"}}));
}

TEST(Query, FindsTheLastOfAName) {
  const Query query = Query::parse("sid=1&sid=2&x=3");
  ASSERT_NE(query.find("sid"), nullptr);
  EXPECT_EQ(*query.find("sid"), "2");
  EXPECT_EQ(query.find("SID"), nullptr);
}

TEST(Query, StopsAtItsLimit) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a=b&";
  EXPECT_EQ(Query::parse(text).all().size(), 256U);
  EXPECT_EQ(Query::parse("a&b&c", 2).all(), (Pairs{{"a", ""}, {"b", ""}}));
}

TEST(Authority, SplitsHostAndPort) {
  EXPECT_EQ(parse_authority("a.b:81")->host, "a.b");
  EXPECT_EQ(parse_authority("a.b:81")->port, 81);
  EXPECT_EQ(parse_authority("[::1]:81")->host, "[::1]");
  EXPECT_EQ(parse_authority("[::1]:81")->port, 81);
  EXPECT_EQ(parse_authority("a")->port, 0);
  EXPECT_EQ(parse_authority("a:65535")->port, 65535);
}

TEST(Authority, RefusesOtherForms) {
  for (const char* text : {"", ":80", "a:-1", "a:65536", "a:0", "a:80:80", "a b", "u@a", "[::1",
                           "a]:80", "[::1]80", "[]:80", "a/"}) {
    EXPECT_FALSE(parse_authority(text).has_value()) << text;
  }
}

TEST(Origin, HasLowerCaseHostAndItsDefaultPort) {
  EXPECT_EQ(*parse_origin("https://Example.ORG"), (Origin{"https", "example.org", 443}));
  EXPECT_EQ(*parse_origin("http://a"), (Origin{"http", "a", 80}));
  EXPECT_EQ(*parse_origin("HTTP://a:8080"), (Origin{"http", "a", 8080}));
  EXPECT_EQ(*parse_origin("https://[2001:DB8::1]:3000"), (Origin{"https", "[2001:db8::1]", 3000}));
  EXPECT_EQ(*parse_origin("chrome-extension://abcdef"), (Origin{"chrome-extension", "abcdef", 0}));
}

TEST(Origin, RefusesWhatIsNone) {
  for (const char* text : {"null", "", "http", "http:", "http://", "://a", "http://a/",
                           "http://a:", "http://a:x", "http://u@a", "http://a b", "http:/a", "//a",
                           "a", "http://a, http://b", "1http://a", "http://a?b", "http://a#b"}) {
    EXPECT_FALSE(parse_origin(text).has_value()) << text;
  }
}

TEST(SameOrigin, ComparesSchemeHostAndPort) {
  EXPECT_TRUE(is_same_origin("http://a", "a", false));
  EXPECT_TRUE(is_same_origin("http://a:3000", "a:3000", false));
  EXPECT_TRUE(is_same_origin("https://a", "a", true));
  EXPECT_FALSE(is_same_origin("https://a", "a", false));
  EXPECT_FALSE(is_same_origin("http://a", "a", true));
  EXPECT_FALSE(is_same_origin("http://a", "b", false));
  EXPECT_FALSE(is_same_origin("http://a:3000", "a", false));
  EXPECT_FALSE(is_same_origin("http://a.evil", "a", false));
}

TEST(SameOrigin, FillsInDefaultPorts) {
  EXPECT_TRUE(is_same_origin("http://a:80", "a", false));
  EXPECT_TRUE(is_same_origin("http://a", "a:80", false));
  EXPECT_TRUE(is_same_origin("https://a", "a:443", true));
  EXPECT_FALSE(is_same_origin("http://a", "a:443", false));
}

TEST(SameOrigin, ComparesHostsWithoutCase) {
  EXPECT_TRUE(is_same_origin("http://Example.org", "eXAMPLE.ORG:80", false));
  EXPECT_TRUE(is_same_origin("http://[::A]", "[::a]", false));
}

TEST(SameOrigin, NullMatchesNothing) {
  EXPECT_FALSE(is_same_origin("null", "null", false));
  EXPECT_FALSE(is_same_origin("", "", false));
  EXPECT_FALSE(is_same_origin("http://a", "", false));
}

}  // namespace
}  // namespace naru::http
