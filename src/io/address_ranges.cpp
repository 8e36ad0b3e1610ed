#include "io/address_ranges.hpp"

#include "io/resolver.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace naru::io {
namespace {

constexpr unsigned kBits = 128;
constexpr unsigned kMappedBits = 96;  // before an IPv4 address

bool bit(const PeerAddress& address, unsigned index) {
  return (static_cast<unsigned>(address.bytes[index / 8]) >> (7 - index % 8) & 1U) != 0;
}

}  // namespace

Result<AddressRanges> AddressRanges::parse(const std::vector<std::string>& texts) {
  AddressRanges all;
  for (const std::string& text : texts) {
    const std::size_t slash = text.find('/');
    const auto network = parse_address(text.substr(0, slash));
    if (!network) return Error{Errc::invalid_argument, "not an address"};
    const bool v4 = text.find(':') == std::string::npos;
    unsigned bits = v4 ? kBits - kMappedBits : kBits;
    if (slash != std::string::npos) {
      const std::string_view count = std::string_view(text).substr(slash + 1);
      unsigned given = 0;
      const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), given);
      if (error != std::errc() || end != count.data() + count.size() || given > bits) {
        return Error{Errc::invalid_argument, "not a prefix length"};
      }
      bits = given;
    }
    if (v4) bits += kMappedBits;
    for (unsigned i = bits; i < kBits; ++i) {
      if (bit(*network, i)) return Error{Errc::invalid_argument, "bits behind the prefix"};
    }
    all.ranges_.push_back({*network, bits});
  }
  return all;
}

bool AddressRanges::contains(const PeerAddress& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
    for (unsigned i = 0; i < range.bits; ++i) {
      if (bit(address, i) != bit(range.network, i)) return false;
    }
    return true;
  });
}

}  // namespace naru::io
