// bench_load: makes one kind of load on one server and reports what came back. See --help.
#include "modes.hpp"

#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <sys/resource.h>

namespace {

using namespace naru::load;

// As many connections as the system lets us have.
void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Options& options) {
  // Holding idle connections for as long as someone looks is no reason to burn a core.
  const bool wait = options.wait || options.mode == "idle" || options.mode == "chaos";
  Poller poller(options.host, options.port, wait ? Poller::Idle::wait : Poller::Idle::spin);
  Report report;
  if (options.mode == "idle") return run_idle(options, poller), 0;
  if (options.mode == "echo") {
    report = run_echo(options, poller);
  } else if (options.mode == "broadcast") {
    report = run_broadcast(options, poller);
  } else if (options.mode == "polling-echo") {
    report = run_polling_echo(options, poller);
  } else if (options.mode == "chaos") {
    report = run_chaos(options, poller);
  } else if (options.mode == "connect") {
    report = run_connect(options, poller);
  } else {
    throw std::invalid_argument("no such mode; see --help");
  }
  std::puts(report.json().c_str());
  return report.errors == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) == "--help") return std::fputs(kUsage, stdout), 0;
  try {
    raise_descriptor_limit();
    return run(parse_options(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 2;
  }
}
