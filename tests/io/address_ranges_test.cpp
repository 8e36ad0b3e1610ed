#include "io/address_ranges.hpp"

#include "io/resolver.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::io {
namespace {

bool contains(const std::vector<std::string>& ranges, const std::string& address) {
  const auto parsed = AddressRanges::parse(ranges);
  EXPECT_TRUE(parsed);
  return parsed && parsed->contains(*parse_address(address));
}

TEST(AddressRanges, HoldAddressesAndNetworks) {
  EXPECT_TRUE(contains({"192.0.2.1"}, "192.0.2.1"));
  EXPECT_FALSE(contains({"192.0.2.1"}, "192.0.2.2"));
  EXPECT_TRUE(contains({"10.0.0.0/8"}, "10.255.0.1"));
  EXPECT_FALSE(contains({"10.0.0.0/8"}, "11.0.0.0"));
  EXPECT_TRUE(contains({"192.0.2.128/25"}, "192.0.2.200"));
  EXPECT_FALSE(contains({"192.0.2.128/25"}, "192.0.2.127"));
  EXPECT_TRUE(contains({"2001:db8::/32"}, "2001:db8:1::1"));
  EXPECT_FALSE(contains({"2001:db8::/32"}, "2001:db9::1"));
  EXPECT_TRUE(contains({"::1", "10.0.0.0/8"}, "::1"));
  EXPECT_FALSE(contains({}, "127.0.0.1"));
}

TEST(AddressRanges, TakeAnAddressOfOneFamilyForItsMappedOne) {
  EXPECT_TRUE(contains({"10.0.0.0/8"}, "::ffff:10.1.2.3"));
  EXPECT_TRUE(contains({"::ffff:10.0.0.0/104"}, "10.1.2.3"));
  EXPECT_TRUE(contains({"0.0.0.0/0"}, "192.0.2.1"));
  EXPECT_FALSE(contains({"0.0.0.0/0"}, "2001:db8::1"));
  EXPECT_TRUE(contains({"::/0"}, "192.0.2.1"));
}

TEST(AddressRanges, RefuseWhatIsNone) {
  for (const std::string text : {"", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8x",
                                 "10.0.0.0/-1", "10.0.0.1/8", "::1/129", "/8", "10.0.0/8"}) {
    EXPECT_FALSE(AddressRanges::parse({text})) << text;
  }
}

}  // namespace
}  // namespace naru::io
