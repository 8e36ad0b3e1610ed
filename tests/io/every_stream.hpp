#pragma once

#include "world.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace naru::io::testing {

// A test of what both kinds of stream promise: over TCP (IPv4, IPv6) and TLS.
class EveryStreamTest : public ::testing::TestWithParam<Wire> {
 protected:
  World world{GetParam()};
  Loop& loop = world.loop;
};

inline std::string wire_name(const ::testing::TestParamInfo<Wire>& wire) {
  constexpr std::array<const char*, 3> names{"tcp4", "tcp6", "tls"};
  return names[static_cast<std::size_t>(wire.param)];
}
inline const auto every_wire = ::testing::Values(Wire::tcp4, Wire::tcp6, Wire::tls);

}  // namespace naru::io::testing
