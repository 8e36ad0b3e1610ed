#pragma once

#include <array>
#include <cstdint>
#include <string>

struct sockaddr;

namespace naru::io {

// Where a connection comes from, in 18 bytes: an IPv4 address is kept as IPv6 maps it
// (RFC 4291 2.5.5.2), which is also how a dual-stack socket reports it.
struct PeerAddress {
  std::array<unsigned char, 16> bytes{};
  std::uint16_t port = 0;

  static PeerAddress from(const sockaddr& address);
  bool is_ipv4() const;
  std::string to_string() const;  // "192.0.2.1", "2001:db8::1"
  // What one customer is given, to be counted together: an IPv4 address, a /64 of IPv6.
  std::array<unsigned char, 16> customer() const;
};

}  // namespace naru::io
