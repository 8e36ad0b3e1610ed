#include "naru/secret.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru {
namespace {

// websockets CVE-2021-33880: a comparison that ended at the first difference told a password octet
// by octet. How long it takes is no matter for a test; that each octet counts is.
TEST(SameSecret, Cve2021_33880EveryOctetCounts) {
  const std::string secret("s3cret\0\xff", 8);
  EXPECT_TRUE(same_secret(secret, secret));
  for (std::size_t at = 0; at < secret.size(); ++at) {
    std::string wrong = secret;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_FALSE(same_secret(wrong, secret)) << at;
  }
}

TEST(SameSecret, LengthsCount) {
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_FALSE(same_secret("", "s3cret"));
  EXPECT_FALSE(same_secret("s3cret", ""));
  EXPECT_FALSE(same_secret("s3cre", "s3cret"));
  EXPECT_FALSE(same_secret("s3crets", "s3cret"));
}

}  // namespace
}  // namespace naru
