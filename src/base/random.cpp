#include "base/random.hpp"

#include "base/assert.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

namespace naru {

std::uint32_t Random::next_u32() {
  std::array<unsigned char, 4> bytes{};
  fill(bytes);
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::uint64_t Random::next_u64() {
  std::array<unsigned char, 8> bytes{};
  fill(bytes);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

void SystemRandom::fill(std::span<unsigned char> out) {
  while (!out.empty()) {
    if (used_ == pool_.size()) {
      NARU_ASSERT(RAND_bytes(pool_.data(), static_cast<int>(pool_.size())) == 1);
      used_ = 0;
    }
    const std::size_t count = std::min(out.size(), pool_.size() - used_);
    std::memcpy(out.data(), pool_.data() + used_, count);
    std::memset(pool_.data() + used_, 0, count);  // bytes given out are not kept
    used_ += count;
    out = out.subspan(count);
  }
}

void SeededRandom::fill(std::span<unsigned char> out) {
  for (unsigned char& byte : out) {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    byte = static_cast<unsigned char>(z >> 56U);
  }
}

}  // namespace naru
