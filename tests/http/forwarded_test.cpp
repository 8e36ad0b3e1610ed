#include "http/forwarded.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace naru::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string shown(const std::vector<Hop>& hops) {
  std::string text;
  for (const Hop& hop : hops) text += "[" + hop.address + "|" + hop.scheme + "|" + hop.host + "]";
  return text;
}

std::string standard(const Fields& fields) {
  Request request;
  for (const auto& [name, value] : fields) request.fields.push_back({name, value});
  return shown(forwarded_hops(request));
}
std::string usual(const Fields& fields) {
  Request request;
  for (const auto& [name, value] : fields) request.fields.push_back({name, value});
  return shown(x_forwarded_hops(request));
}

// RFC 7239 section 4's examples, and 7.4's.
TEST(Forwarded, TellsTheHopsInOrder) {
  EXPECT_EQ(standard({{"Forwarded", "for=\"_gazonk\""}}), "[_gazonk||]");
  EXPECT_EQ(standard({{"Forwarded", "For=\"[2001:db8:cafe::17]:4711\""}}), "[2001:db8:cafe::17||]");
  EXPECT_EQ(standard({{"Forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43"}}),
            "[192.0.2.60|http|]");
  EXPECT_EQ(standard({{"Forwarded", "for=192.0.2.43, for=198.51.100.17"}}),
            "[192.0.2.43||][198.51.100.17||]");
  EXPECT_EQ(standard({{"Forwarded", "for=192.0.2.43"}, {"forwarded", "for=unknown;proto=HTTPS"}}),
            "[192.0.2.43||][unknown|https|]");
  EXPECT_EQ(standard({{"Forwarded", "host=\"a,b;c\\\"d\";for=\"192.0.2.1:80\""}}),
            "[192.0.2.1||a,b;c\"d]");
}

TEST(Forwarded, HasNoHopsWhenMalformed) {
  EXPECT_EQ(standard({}), "");
  EXPECT_EQ(standard({{"Forwarded", ""}}), "");
  EXPECT_EQ(standard({{"Forwarded", "for=\"192.0.2.1"}}), "");
  EXPECT_EQ(standard({{"Forwarded", "for=192.0.2.1, nonsense"}}), "");
  EXPECT_EQ(standard({{"Forwarded", "for=192.0.2.1"}, {"Forwarded", "for=\"\\"}}), "");
}

TEST(XForwarded, TellsTheHopsInOrder) {
  EXPECT_EQ(usual({}), "");
  EXPECT_EQ(usual({{"X-Forwarded-For", "192.0.2.1, 2001:db8::1,192.0.2.3:80 , [2001:db8::4]:1"}}),
            "[192.0.2.1||][2001:db8::1||][192.0.2.3||][2001:db8::4||]");
  EXPECT_EQ(usual({{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-For", "192.0.2.2"}}),
            "[192.0.2.1||][192.0.2.2||]");
}

TEST(XForwarded, PutsSchemesAndHostsBesideTheirHops) {
  EXPECT_EQ(usual({{"X-Forwarded-For", "192.0.2.1, 192.0.2.2"},
                   {"X-Forwarded-Proto", "https, http"},
                   {"X-Forwarded-Host", "example.org"}}),
            "[192.0.2.1|https|example.org][192.0.2.2|http|example.org]");
  EXPECT_EQ(usual({{"X-Forwarded-Proto", "HTTPS"}}), "[|https|]");
}

TEST(XForwarded, LooksAtSoManyHopsOnly) {
  std::string list = "192.0.2.99";
  for (std::size_t i = 0; i < kHopsAtMost; ++i) list += ", 192.0.2.1";
  EXPECT_EQ(usual({{"X-Forwarded-For", list}}).find("192.0.2.99"), std::string::npos);
}

}  // namespace
}  // namespace naru::http
