#pragma once

#include "bench.hpp"
#include "load/histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace naru::app {

// What a run has found, over the counted time.
struct BenchResult {
  load::Histogram latency;
  std::uint64_t messages = 0;  // answered; of an event stream, received
  std::uint64_t others = 0;    // received, but no answers
  std::size_t lost = 0;        // connections
  double opened_in = 0;        // seconds, all connections
  double seconds = 0;
  std::uint64_t server_cpu_ns = 0;
  std::uint64_t own_cpu_ns = 0;

  double per_second() const { return seconds > 0 ? static_cast<double>(messages) / seconds : 0; }
};

std::string as_text(const BenchArguments& arguments, const BenchResult& result);
std::string as_json(const BenchArguments& arguments, const BenchResult& result);  // one line
// How it goes, `per_second` over the last second, for a line that is written over and over.
std::string progress(double elapsed, double per_second, const BenchResult& result);

}  // namespace naru::app
