#pragma once

#include "io/peer_address.hpp"
#include "naru/result.hpp"

#include <string>
#include <vector>

namespace naru::io {

// Networks of addresses: "10.0.0.0/8", "2001:db8::/32", "192.0.2.1". An IPv4 address is the same as
// the IPv6 one that maps it.
class AddressRanges {
 public:
  // Errors: invalid_argument; also for a network with bits set behind its prefix.
  static Result<AddressRanges> parse(const std::vector<std::string>& texts);
  bool contains(const PeerAddress& address) const;
  bool empty() const { return ranges_.empty(); }

 private:
  struct Range {
    PeerAddress network;
    unsigned bits;
  };
  std::vector<Range> ranges_;
};

}  // namespace naru::io
