#include "client/proxy.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace naru::client {
namespace {

using Variables = std::map<std::string, std::string>;

std::string chosen(const ProxyOptions& options, std::string_view to, const Variables& all = {}) {
  const auto proxy = choose_proxy(options, *parse_url(to), [&](const char* name) -> const char* {
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second.c_str();
  });
  if (!proxy) return std::string(proxy.error().text);
  return *proxy ? (*proxy)->authority() : "none";
}

TEST(ClientProxy, IsTheOneOfTheOptions) {
  EXPECT_EQ(chosen({}, "ws://h/", {{"http_proxy", "http://p:1"}}), "none");
  EXPECT_EQ(chosen({.url = "http://p:3128"}, "wss://h/"), "p:3128");
  EXPECT_EQ(chosen({.url = "p:3128"}, "ws://h/"), "p:3128");
  EXPECT_EQ(chosen({.url = "https://p"}, "ws://h/"), "proxies over TLS are not supported");
  EXPECT_EQ(chosen({.url = "socks5h://p"}, "ws://h/"), "SOCKS proxies are not supported");
}

TEST(ClientProxy, ComesFromTheEnvironmentByChoice) {
  const ProxyOptions options{.from_environment = true};
  const Variables all{{"http_proxy", "http://plain:1"},
                      {"HTTPS_PROXY", "secure:2"},
                      {"HTTP_PROXY", "http://httpoxy:6"}};
  EXPECT_EQ(chosen(options, "ws://h/", all), "plain:1");
  EXPECT_EQ(chosen(options, "wss://h/", all), "secure:2");
  EXPECT_EQ(chosen(options, "ws://h/", {{"all_proxy", "http://any:3"}}), "any:3");
  EXPECT_EQ(chosen(options, "ws://h/", {{"HTTP_PROXY", "http://httpoxy:6"}}), "none");
  EXPECT_EQ(chosen(options, "ws://h/", {{"http_proxy", ""}}), "none");
  EXPECT_EQ(chosen(options, "ws://h/", {{"http_proxy", "p:1"}, {"no_proxy", "h"}}), "none");
}

TEST(ClientProxy, KnowsWhomTheListNames) {
  EXPECT_TRUE(is_listed("*", "anything"));
  EXPECT_TRUE(is_listed("a, Example.org ,b", "example.org"));
  EXPECT_TRUE(is_listed("example.org", "www.example.org"));
  EXPECT_TRUE(is_listed(".example.org", "www.example.org"));
  EXPECT_TRUE(is_listed("*.example.org", "www.example.org"));
  EXPECT_FALSE(is_listed("example.org", "badexample.org"));
  EXPECT_FALSE(is_listed("example.org", "example.org.evil"));
  EXPECT_FALSE(is_listed("", "example.org"));
  EXPECT_FALSE(is_listed(".", "example.org"));
  EXPECT_TRUE(is_listed("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(is_listed("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(is_listed("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(is_listed("192.0.2.128/25", "192.0.2.100"));
  EXPECT_TRUE(is_listed("127.0.0.1", "127.0.0.1"));
  EXPECT_TRUE(is_listed("2001:db8::/32", "2001:db8:1::1"));
  EXPECT_FALSE(is_listed("2001:db8::/32", "2001:db9::1"));
  EXPECT_FALSE(is_listed("10.0.0.0/33, 10.0.0.0/x, 0.0.0.0/", "10.0.0.1"));
  EXPECT_FALSE(is_listed("::/0", "10.0.0.1"));
}

TEST(ClientProxy, AsksForATunnelByAuthority) {
  EXPECT_EQ(encode_connect(*parse_url("wss://u:p@example.org/x"), *parse_url("http://a:b@proxy")),
            "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n"
            "Proxy-Authorization: Basic YTpi\r\n\r\n");
  EXPECT_EQ(encode_connect(*parse_url("ws://[::1]/"), *parse_url("http://proxy")),
            "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
}

}  // namespace
}  // namespace naru::client
