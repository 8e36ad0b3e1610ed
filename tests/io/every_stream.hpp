#pragma once

#include "world.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace naru::io::testing {

// A test of what both kinds of stream promise: over TCP (IPv4, IPv6; with an io_uring) and TLS.
class EveryStreamTest : public ::testing::TestWithParam<Wire> {
 protected:
  void SetUp() override {
    // Containers and kernels before 6.1 refuse rings; the fallback has tests of its own.
    static const std::string refusal = RingFlusher::probe() ? std::string() : last_error();
    if (GetParam() == Wire::ring && !refusal.empty()) GTEST_SKIP() << refusal;
  }
  World world{GetParam()};
  Loop& loop = world.loop;
};

inline std::string wire_name(const ::testing::TestParamInfo<Wire>& wire) {
  constexpr std::array<const char*, 4> names{"tcp4", "tcp6", "tls", "ring"};
  return names[static_cast<std::size_t>(wire.param)];
}
inline const auto every_wire = ::testing::Values(Wire::tcp4, Wire::tcp6, Wire::tls, Wire::ring);

}  // namespace naru::io::testing
