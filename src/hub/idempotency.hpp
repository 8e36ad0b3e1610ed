#pragma once

#include "base/time.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace naru::hub {

struct IdempotencyLimits {
  std::size_t keys = 10'000;  // beyond, the oldest is forgotten
  Duration age = std::chrono::minutes(5);
};

// Requests that are done once, however often they are sent: what was answered to a key is answered
// again. Belongs to one loop.
class Idempotency {
 public:
  explicit Idempotency(const IdempotencyLimits& limits = {}) : limits_(limits) {}

  enum class Verdict : std::uint8_t {
    fresh,    // do it, then finish()
    running,  // it is being done
    done,     // `answer`
    other,    // the key was for another request
  };
  struct Claim {
    Verdict verdict;
    std::string answer{};
  };
  // `digest` tells requests apart.
  Claim claim(std::string_view key, std::string_view digest, Instant now);
  void finish(std::string_view key, std::string answer);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string digest;
    std::string answer;
    bool done = false;
  };
  IdempotencyLimits limits_;
  boost::unordered_flat_map<std::string, Entry> entries_;
  std::deque<std::pair<Instant, std::string>> order_;  // of the keys, the oldest first
};

}  // namespace naru::hub
