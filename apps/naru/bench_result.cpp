#include "bench_result.hpp"

#include "naru/json.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace naru::app {
namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), format, values...);
  return line.data();
}

struct Quantile {
  const char* name;
  double share;
};
constexpr std::array<Quantile, 6> kQuantiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}}};

// In a unit that people read: 87.1 us, 4.21 ms, 1.50 s.
std::string readable(double microseconds) {
  if (microseconds < 1e3) return formatted("%.3g us", microseconds);
  if (microseconds < 1e6) return formatted("%.3g ms", microseconds / 1e3);
  return formatted("%.3g s", microseconds / 1e6);
}

Json rounded(double value, double places) {
  return Json(std::round(value * places) / places);
}

bool is_stream(const BenchArguments& arguments) {
  return choose_protocol(arguments.talk, Protocol::socketio) == Protocol::stream;
}

double cores(std::uint64_t nanoseconds, double seconds) {
  return seconds > 0 ? static_cast<double>(nanoseconds) / 1e9 / seconds : 0;
}

}  // namespace

std::string as_text(const BenchArguments& arguments, const BenchResult& result) {
  const double megabytes = result.per_second() * arguments.size / 1e6;
  std::string out =
      formatted("%u connections, opened in %s; %u in flight each, %u bytes", arguments.connections,
                readable(result.opened_in * 1e6).c_str(), arguments.in_flight, arguments.size);
  if (arguments.rate > 0) out += formatted(", %.6g due per second", arguments.rate);
  out += formatted("\n%-9s %llu in %.2f s: %.0f per second, %.2f MB/s%s\nlatency  ",
                   is_stream(arguments) ? "received" : "answers",
                   static_cast<unsigned long long>(result.messages), result.seconds,
                   result.per_second(), megabytes, is_stream(arguments) ? "" : " each way");
  for (const Quantile& each : kQuantiles) {
    out +=
        formatted(" %s %s ", each.name, readable(result.latency.quantile_us(each.share)).c_str());
  }
  while (out.ends_with(' ')) out.pop_back();
  out += "\ncpu       ";
  if (arguments.pid != 0) {
    const double each = result.messages > 0 ? static_cast<double>(result.server_cpu_ns) / 1e3 /
                                                  static_cast<double>(result.messages)
                                            : 0;
    out += formatted("server %.0f %% of a core, %s for each answer; ",
                     100 * cores(result.server_cpu_ns, result.seconds), readable(each).c_str());
  }
  out += formatted("naru bench %.0f %%", 100 * cores(result.own_cpu_ns, result.seconds));
  if (result.others > 0) {
    out += formatted("\nother     %llu messages came that were no answers",
                     static_cast<unsigned long long>(result.others));
  }
  if (result.lost > 0) out += formatted("\nlost      %zu connections", result.lost);
  return out;
}

std::string as_json(const BenchArguments& arguments, const BenchResult& result) {
  Json::Object latency;
  for (const Quantile& each : kQuantiles) {
    latency.push_back({each.name, rounded(result.latency.quantile_us(each.share), 100)});
  }
  const auto count = [](std::uint64_t value) { return Json(static_cast<std::int64_t>(value)); };
  Json::Object out;
  out.push_back({"url", arguments.talk.url});
  if (!arguments.transport.empty()) out.push_back({"transport", arguments.transport});
  out.push_back({"connections", count(arguments.connections)});
  out.push_back({"in_flight", count(arguments.in_flight)});
  out.push_back({"size", count(arguments.size)});
  out.push_back({"rate", Json(arguments.rate)});
  out.push_back({"opened_in_seconds", rounded(result.opened_in, 1e6)});
  out.push_back({"seconds", rounded(result.seconds, 1e6)});
  out.push_back({"answers", count(result.messages)});
  out.push_back({"answers_per_second", rounded(result.per_second(), 100)});
  out.push_back({"latency_us", std::move(latency)});
  out.push_back({"others", count(result.others)});
  out.push_back({"lost", count(result.lost)});
  if (arguments.pid != 0) {
    out.push_back({"server_cpu_seconds", rounded(cores(result.server_cpu_ns, 1), 1e6)});
  }
  out.push_back({"own_cpu_seconds", rounded(cores(result.own_cpu_ns, 1), 1e6)});
  return Json(std::move(out)).dump();
}

std::string progress(double elapsed, double per_second, const BenchResult& result) {
  std::string out = formatted("%4.0f s  %9.0f per second  p50 %s  p99 %s", elapsed, per_second,
                              readable(result.latency.quantile_us(0.5)).c_str(),
                              readable(result.latency.quantile_us(0.99)).c_str());
  if (result.lost > 0) out += formatted("  %zu lost", result.lost);
  return out;
}

}  // namespace naru::app
