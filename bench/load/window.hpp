#pragma once

#include "cpu_clock.hpp"
#include "histogram.hpp"
#include "options.hpp"
#include "poller.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace naru::load {

// What one run found. Prints as one line of JSON.
struct Report {
  std::string mode;
  std::uint64_t messages = 0;
  std::uint64_t errors = 0;
  double seconds = 0;
  std::vector<std::uint64_t> cpu_ns;  // of each --cpu-of, over those seconds
  std::uint64_t loader_cpu_ns = 0;
  Histogram latency;

  std::string json() const;
};

// The warm-up, then the counted time. Counters and CPU clocks are read at the same two moments.
class Window {
 public:
  explicit Window(const Options& options);

  // One message that was sent at `sent` and is complete now; `count` of them at once if `count`
  // > 1.
  void add(Instant sent, Instant now, std::uint64_t count = 1) {
    if (!counting_) return;
    report_.messages += count;
    report_.latency.add(static_cast<std::uint64_t>((now - sent).count()));
  }
  void add_error() { ++report_.errors; }

  // Call once per turn; false when the counted time is over.
  bool running();
  const Report& report() const { return report_; }

 private:
  void read_cpu(std::vector<std::uint64_t>& clocks) const;

  const Options& options_;
  Instant turning_point_;
  Instant counted_from_{};
  bool counting_ = false;
  std::vector<std::uint64_t> cpu_before_;
  Report report_;
};

}  // namespace naru::load
