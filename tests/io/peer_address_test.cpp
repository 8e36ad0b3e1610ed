#include "io/peer_address.hpp"

#include "io/resolver.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace naru::io {
namespace {

std::string printed6(const char* text) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(443);
  ::inet_pton(AF_INET6, text, &address.sin6_addr);
  const auto peer = PeerAddress::from(reinterpret_cast<const sockaddr&>(address));
  EXPECT_EQ(peer.port, 443);
  return peer.to_string();
}

TEST(PeerAddress, PrintsIPv4) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(3000);
  ::inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
  const auto peer = PeerAddress::from(reinterpret_cast<const sockaddr&>(address));
  EXPECT_EQ(peer.to_string(), "192.0.2.1");
  EXPECT_EQ(peer.port, 3000);
}

TEST(PeerAddress, PrintsIPv6AndWhatItMaps) {
  EXPECT_EQ(printed6("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(printed6("::1"), "::1");
  EXPECT_EQ(printed6("::ffff:192.0.2.1"), "192.0.2.1");  // of a dual-stack socket
}

TEST(PeerAddress, CountsTheAddressesOfOneCustomerTogether) {
  const auto customer = [](const char* text) { return parse_address(text)->customer(); };
  EXPECT_EQ(customer("2001:db8:0:1::1"), customer("2001:db8:0:1:f::2"));
  EXPECT_NE(customer("2001:db8:0:1::1"), customer("2001:db8:0:2::1"));
  EXPECT_NE(customer("192.0.2.1"), customer("192.0.2.2"));
  EXPECT_EQ(customer("192.0.2.1"), customer("::ffff:192.0.2.1"));
}

}  // namespace
}  // namespace naru::io
