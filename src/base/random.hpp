#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace naru {

// Where random bytes come from: the system's generator in a server, a seeded one in tests.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<unsigned char> out) = 0;

  std::uint32_t next_u32();
  std::uint64_t next_u64();
};

// OpenSSL's CSPRNG, drawn 4 KiB at a time. One per loop; not thread-safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<unsigned char> out) override;

 private:
  std::array<unsigned char, 4096> pool_{};
  std::size_t used_ = pool_.size();
};

// Repeatable bytes (splitmix64) for tests and simulation. Never for anything that a peer must not
// guess.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<unsigned char> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace naru
