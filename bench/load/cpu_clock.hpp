#pragma once

#include <cstdint>
#include <ctime>

namespace naru::load {

// CPU time in nanoseconds that `pid` has used with all its threads, those that ended included:
// exact to the moment, unlike the ticks of /proc/<pid>/stat. 0 when there is no such process.
inline std::uint64_t cpu_time_ns(int pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace naru::load
