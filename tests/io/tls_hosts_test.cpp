#include "io/tls_hosts.hpp"

#include "certificates.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace naru::io {
namespace {

using testing::Certificate;

std::string number(std::size_t value) {
  return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
}

std::string asked(std::string_view extension) {
  return asked_host({reinterpret_cast<const unsigned char*>(extension.data()), extension.size()});
}

std::string extension_for(std::string_view name) {
  return number(name.size() + 3) + '\0' + number(name.size()) + std::string(name);
}

TEST(AskedHost, IsTheNameInLowerCase) {
  EXPECT_EQ(asked(extension_for("Chat.Example.ORG")), "chat.example.org");
  EXPECT_EQ(asked(extension_for("example.org.")), "example.org");
}

TEST(AskedHost, IsNoneWhenTheExtensionIsMalformed) {
  const std::string good = extension_for("example.org");
  for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_EQ(asked(good.substr(0, cut)), "");
  EXPECT_EQ(asked(good + "x"), "");
  EXPECT_EQ(asked(extension_for("")), "");
  std::string other_kind = good;
  other_kind[2] = 1;
  EXPECT_EQ(asked(other_kind), "");
  EXPECT_EQ(asked(extension_for(std::string_view("example.org\0.evil.example", 24))), "");
  EXPECT_EQ(asked(extension_for(std::string(256, 'a'))), "");
}

TEST(TlsHosts, FindsExactNamesBeforeWildcards) {
  TlsHosts<int> hosts;
  hosts["example.org"] = 1;
  hosts["*.example.org"] = 2;
  hosts["chat.example.org"] = 3;
  const auto find = [&](const std::string& name) {
    const int* found = hosts.find(name);
    return found == nullptr ? 0 : *found;
  };
  EXPECT_EQ(find("example.org"), 1);
  EXPECT_EQ(find("www.example.org"), 2);
  EXPECT_EQ(find("chat.example.org"), 3);
  EXPECT_EQ(find("a.chat.example.org"), 0);  // a wildcard stands for one label (RFC 6125 6.4.3)
  EXPECT_EQ(find("org"), 0);
  EXPECT_EQ(find(""), 0);
}

TEST(HostNames, AreTheAlternativeOnesElseTheCommonOne) {
  const Certificate both(
      {.name = "cn.example", .alternatives = "DNS:A.example,DNS:*.b.example,IP:192.0.2.1"});
  EXPECT_EQ(host_names(*both.x509()), (std::vector<std::string>{"a.example", "*.b.example"}));
  const Certificate common({.name = "CN.example"});
  EXPECT_EQ(host_names(*common.x509()), (std::vector<std::string>{"cn.example"}));
}

}  // namespace
}  // namespace naru::io
