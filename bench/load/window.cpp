#include "window.hpp"

#include <cstdio>
#include <unistd.h>

namespace naru::load {
namespace {

Clock::duration seconds(double count) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

// A run that counts messages gives up after this long.
constexpr double kLongestSeconds = 120;

}  // namespace

Window::Window(const Options& options)
    : options_(options), turning_point_(Clock::now() + seconds(options.warmup)) {
  report_.mode = options.mode;
}

bool Window::running() {
  const Instant now = Clock::now();
  if (counting_ && options_.messages != 0 && report_.messages >= options_.messages) {
    turning_point_ = now;
  }
  if (now < turning_point_) return true;
  std::vector<std::uint64_t> clocks;
  read_cpu(clocks);
  if (!counting_) {
    counting_ = true;
    counted_from_ = now;
    turning_point_ = now + seconds(options_.messages != 0 ? kLongestSeconds : options_.seconds);
    cpu_before_ = std::move(clocks);
    return true;
  }
  report_.seconds = std::chrono::duration<double>(now - counted_from_).count();
  report_.loader_cpu_ns = clocks.back() - cpu_before_.back();
  for (std::size_t i = 0; i + 1 < clocks.size(); ++i) {
    report_.cpu_ns.push_back(clocks[i] - cpu_before_[i]);
  }
  return false;
}

void Window::read_cpu(std::vector<std::uint64_t>& clocks) const {
  for (const int pid : options_.cpu_of) clocks.push_back(cpu_time_ns(pid));
  clocks.push_back(cpu_time_ns(::getpid()));
}

std::string Report::json() const {
  std::string cpu;
  for (const std::uint64_t used : cpu_ns) {
    if (!cpu.empty()) cpu += ",";
    cpu += std::to_string(used);
  }
  std::array<char, 1024> line{};
  const int size = std::snprintf(
      line.data(), line.size(),
      R"({"mode":"%s","messages":%llu,"seconds":%.6f,"p50_us":%.2f,"p99_us":%.2f,"p999_us":%.2f,)"
      R"("errors":%llu,"cpu_ns":[%s],"loader_cpu_ns":%llu})",
      mode.c_str(), static_cast<unsigned long long>(messages), seconds, latency.quantile_us(0.5),
      latency.quantile_us(0.99), latency.quantile_us(0.999),
      static_cast<unsigned long long>(errors), cpu.c_str(),
      static_cast<unsigned long long>(loader_cpu_ns));
  return {line.data(), static_cast<std::size_t>(size)};
}

}  // namespace naru::load
