#include "client/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::client {
namespace {

std::string shown(const Result<Url>& url) {
  if (!url) return std::string(url.error().text);
  return (url->secure ? "tls " : "tcp ") + url->authority() + " " + url->host_field() + " " +
         url->target + (url->authorization.empty() ? "" : " " + url->authorization);
}

TEST(ClientUrl, TakesTheFourSchemes) {
  EXPECT_EQ(shown(parse_url("ws://Example.ORG")), "tcp example.org:80 example.org /");
  EXPECT_EQ(shown(parse_url("WSS://example.org/a/b?c=d&e")),
            "tls example.org:443 example.org /a/b?c=d&e");
  EXPECT_EQ(shown(parse_url("http://example.org:8080?x")),
            "tcp example.org:8080 example.org:8080 /?x");
  EXPECT_EQ(shown(parse_url("https://example.org:/")), "tls example.org:443 example.org /");
  EXPECT_EQ(shown(parse_url("wss://example.org:80/")), "tls example.org:80 example.org:80 /");
}

TEST(ClientUrl, KeepsEscapesOfTheTarget) {
  EXPECT_EQ(parse_url("ws://h/%20a?%23")->target, "/%20a?%23");
  EXPECT_EQ(parse_url("ws://h/a/../b")->target, "/a/../b");
}

TEST(ClientUrl, PutsAddressesOfIPv6InBrackets) {
  EXPECT_EQ(shown(parse_url("ws://[::1]:3000/x")), "tcp [::1]:3000 [::1]:3000 /x");
  EXPECT_EQ(parse_url("wss://[2001:DB8::1]/")->host, "2001:db8::1");
  EXPECT_EQ(parse_url("wss://[2001:DB8::1]/")->host_field(), "[2001:db8::1]");
  EXPECT_FALSE(parse_url("ws://[fe80::1%25eth0]/"));
  EXPECT_FALSE(parse_url("ws://[v1.x]/"));
}

TEST(ClientUrl, MakesBasicAuthorizationOfTheUser) {
  EXPECT_EQ(parse_url("ws://Aladdin:open%20sesame@h/")->authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(parse_url("ws://user@h/")->authorization, basic_authorization("user", ""));
  EXPECT_EQ(parse_url("ws://h/")->authorization, "");
}

TEST(ClientUrl, RefusesWhatCannotBeReached) {
  EXPECT_EQ(shown(parse_url("ws://h/#")), "a URL with a fragment");
  for (const char* text : {"",
                           "h",
                           "/h",
                           "//h/",
                           "ws:h",
                           "ws:/h",
                           "ws://",
                           "ws:///x",
                           "ftp://h/",
                           "ws://h:0/",
                           "ws://h:65536/",
                           "ws://h:x/",
                           "ws://h h/",
                           "ws://h/ x",
                           "ws://h/\r\nX: y",
                           "ws://h/\xc3\xa9",
                           "ws://a%2fb/",
                           "ws://h/%zz",
                           "ws://a,b/",
                           "ws://h\r\n/"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(ClientUrl, FollowsEveryKindOfLocation) {
  const Url base = *parse_url("wss://example.org:8443/a/b/c?d");
  EXPECT_EQ(shown(follow(base, "ws://other/x#y")), "tcp other:80 other /x");
  EXPECT_EQ(shown(follow(base, "https://other")), "tls other:443 other /");
  EXPECT_EQ(shown(follow(base, "//other/x")), "tls other:443 other /x");
  EXPECT_EQ(follow(base, "/x/../y?z")->target, "/y?z");
  EXPECT_EQ(follow(base, "e")->target, "/a/b/e");
  EXPECT_EQ(follow(base, "../e?f")->target, "/a/e?f");
  EXPECT_EQ(follow(base, "?f")->target, "/a/b/c?f");
  EXPECT_TRUE(follow(base, "e")->same_origin(base));
  for (const char* text : {"ftp://x/", "javascript:x", "ws://", "/a b", "ws://h:99999/"}) {
    EXPECT_FALSE(follow(base, text)) << text;
  }
}

TEST(ClientUrl, ComparesOrigins) {
  const Url base = *parse_url("ws://example.org/");
  EXPECT_TRUE(base.same_origin(*parse_url("http://EXAMPLE.org:80/x")));
  EXPECT_FALSE(base.same_origin(*parse_url("wss://example.org:80/")));
  EXPECT_FALSE(base.same_origin(*parse_url("ws://example.org:81/")));
  EXPECT_FALSE(base.same_origin(*parse_url("ws://example.com/")));
}

}  // namespace
}  // namespace naru::client
