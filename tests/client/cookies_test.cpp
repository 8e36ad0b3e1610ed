#include "client/cookies.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace naru::client {
namespace {

using namespace std::chrono_literals;

const CookieJar::Time kNow{std::chrono::sys_days(std::chrono::year(2026) / 10 / 21)};

TEST(CookieJar, SendsWhatItWasGiven) {
  CookieJar jar;
  jar.store("io=abc; Path=/; HttpOnly; SameSite=Lax", kNow);
  jar.store(" route = b ", kNow);
  jar.store("io=def", kNow);
  EXPECT_EQ(jar.field(false, kNow), "io=def; route=b");
}

TEST(CookieJar, HonoursMaxAgeBeforeExpires) {
  CookieJar jar;
  jar.store("a=1; Max-Age=10; Expires=Wed, 21 Oct 2020 07:28:00 GMT", kNow);
  jar.store("b=1; Expires=Wed, 21 Oct 2026 00:00:05 GMT", kNow);
  jar.store("c=1; Expires=Wed, 21-Oct-2026 00:00:15 GMT", kNow);
  EXPECT_EQ(jar.field(false, kNow + 9s), "a=1; c=1");
  EXPECT_EQ(jar.field(false, kNow + 14s), "c=1");
  jar.store("c=1; Max-Age=0", kNow);
  EXPECT_EQ(jar.field(false, kNow), "a=1; b=1");
  jar.store("d=1; Max-Age=99999999999999999", kNow);
  EXPECT_EQ(jar.field(false, kNow + 24h * 399), "d=1");
}

TEST(CookieJar, KeepsSecureOnesFromPlainConnections) {
  CookieJar jar;
  jar.store("a=1; Secure", kNow);
  EXPECT_EQ(jar.field(false, kNow), "");
  EXPECT_EQ(jar.field(true, kNow), "a=1");
}

TEST(CookieJar, PassesOverWhatIsMalformed) {
  CookieJar jar;
  for (const std::string_view bad : {"", "a", "=1", "a b=1", "a=\r\nX: y", "a=1\n"}) {
    jar.store(bad, kNow);
  }
  EXPECT_EQ(jar.field(false, kNow), "");
  jar.store("a=1; Expires=never; Max-Age=soon; Expires=Wed, 99 Oct 2026 00:00:05 GMT", kNow);
  EXPECT_EQ(jar.field(false, kNow), "a=1");
}

TEST(CookieJar, KeepsNoMoreThanItsLimits) {
  CookieJar jar;
  for (std::size_t i = 0; i < 2 * CookieJar::kCookies; ++i) {
    jar.store("c" + std::to_string(i) + "=1", kNow);
  }
  jar.store("c0=2", kNow);
  const std::string field = jar.field(false, kNow);
  EXPECT_EQ(std::count(field.begin(), field.end(), '='),
            static_cast<std::ptrdiff_t>(CookieJar::kCookies));
  EXPECT_TRUE(field.starts_with("c0=2"));
  CookieJar other;
  other.store("a=" + std::string(CookieJar::kBytes, 'x'), kNow);
  EXPECT_EQ(other.field(false, kNow), "");
}

}  // namespace
}  // namespace naru::client
