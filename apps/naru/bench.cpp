#include "bench.hpp"

#include "bench_peer.hpp"
#include "bench_result.hpp"
#include "load/cpu_clock.hpp"
#include "naru/json.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace naru::app {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kOpeningAtOnce = 64;    // so that no listen queue overflows
constexpr auto kClosingIn = milliseconds(2);  // what is due sooner is waited for awake

volatile std::sig_atomic_t interrupted = 0;

BenchClock::duration in_seconds(double count) {
  return std::chrono::duration_cast<BenchClock::duration>(std::chrono::duration<double>(count));
}
double since(BenchInstant begin) {
  return std::chrono::duration<double>(BenchClock::now() - begin).count();
}

// As many connections as the system lets us have.
void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string nothing_came(Protocol protocol) {
  if (protocol == Protocol::socketio) {
    return "no answer came: the server has to acknowledge the event, see --event";
  }
  if (protocol == Protocol::stomp)
    return "no answer came: is this a destination that both may use?";
  if (protocol == Protocol::stream) return "nothing came: is this the topic of the stream?";
  return "no answer came: the server has to send back what it receives";
}

class Bench final : private BenchUser {
 public:
  explicit Bench(const BenchArguments& arguments) : arguments_(arguments), script_(arguments) {}

  int run() {
    if (!open_all()) return 1;
    measure();
    show_progress({});
    if (result_.messages == 0) {
      if (failure_.empty()) complain(nothing_came(script_.protocol));
      return 1;
    }
    print(arguments_.json ? as_json(arguments_, result_) : as_text(arguments_, result_));
    return result_.lost == 0 && !stalled_ && failure_.empty() ? 0 : 1;
  }

 private:
  bool open_all() {
    const BenchInstant begin = BenchClock::now();
    while (ready_ < script_.peers && failure_.empty() && interrupted == 0) {
      loop_.post([this] {
        while (peers_.size() < script_.peers && peers_.size() < ready_ + kOpeningAtOnce) {
          peers_.push_back(maker_.make());
          peers_.back()->open();
        }
      });
      loop_.poll(milliseconds(100));
      // A WebSocket has its timeouts; a namespace that nobody answers for has none.
      if (since(begin) > arguments_.talk.timeout + 0.02 * arguments_.connections) {
        failure_ = "only " + std::to_string(ready_) + " connections opened";
      }
    }
    if (!failure_.empty()) complain(failure_);
    result_.opened_in = since(begin);
    return failure_.empty() && interrupted == 0;
  }

  void measure() {
    began_ = last_answer_ = BenchClock::now();
    const BenchInstant counts_from = began_ + in_seconds(arguments_.warmup);
    const BenchInstant end = counts_from + in_seconds(arguments_.seconds);
    std::uint64_t server_cpu = 0;
    std::uint64_t own_cpu = 0;
    loop_.post([this] { begin_due(); });
    for (;;) {
      const BenchInstant now = BenchClock::now();
      if (!counting_ && now >= counts_from) {
        counting_ = true;
        counted_from_ = now;
        server_cpu = cpu();
        own_cpu = load::cpu_time_ns(::getpid());
      }
      stalled_ = now - last_answer_ > std::chrono::seconds(arguments_.talk.timeout);
      if (now >= end || stalled_ || interrupted != 0) break;
      if (!failure_.empty() || result_.lost == peers_.size()) break;
      tell_progress(now);
      turn(now);
    }
    measured_ = true;
    if (!counting_) return;
    result_.seconds = since(counted_from_);
    result_.server_cpu_ns = cpu() - server_cpu;
    result_.own_cpu_ns = load::cpu_time_ns(::getpid()) - own_cpu;
  }

  std::uint64_t cpu() const { return arguments_.pid == 0 ? 0 : load::cpu_time_ns(arguments_.pid); }

  // Not longer than until the next message is due; awake, when that is near.
  void turn(BenchInstant now) {
    Duration wait = milliseconds(100);
    if (arguments_.rate > 0) {
      const auto left = due(begun_) - now;
      wait = left < kClosingIn ? Duration::zero() : std::min<Duration>(wait, left - kClosingIn);
      loop_.post([this] { begin_due(); });
    }
    loop_.poll(wait);
  }

  BenchInstant due(std::uint64_t number) const {
    return began_ + in_seconds(static_cast<double>(number) / arguments_.rate);
  }

  // All that may be sent now, taking turns among the connections.
  void begin_due() {
    const BenchInstant now = BenchClock::now();
    for (std::size_t full = 0; full < peers_.size();) {
      if (arguments_.rate > 0 && due(begun_) > now) return;
      BenchPeer& peer = *peers_[next_++ % peers_.size()];
      if (!peer.has_room()) {
        ++full;
        continue;
      }
      full = 0;
      peer.send(arguments_.rate > 0 ? due(begun_) : now);
      ++begun_;
    }
  }

  void on_ready(BenchPeer&) override { ++ready_; }

  void on_answer(BenchPeer& peer, BenchInstant due_at) override {
    if (measured_) return;
    const BenchInstant now = last_answer_ = BenchClock::now();
    if (counting_) {
      ++result_.messages;
      result_.latency.add(static_cast<std::uint64_t>(std::max<std::int64_t>(
          0, std::chrono::duration_cast<std::chrono::nanoseconds>(now - due_at).count())));
    }
    refill(peer, now);
  }
  void on_room(BenchPeer& peer) override { refill(peer, BenchClock::now()); }
  void refill(BenchPeer& peer, BenchInstant now) {
    if (measured_ || arguments_.rate > 0 || !peer.has_room()) return;
    peer.send(now);
    ++begun_;
  }

  void on_other() override { ++result_.others; }

  void on_lost(const std::string& why) override {
    if (measured_) return;
    ++result_.lost;
    if (began_ == BenchInstant{}) failure_ = why;
    if (began_ != BenchInstant{} && result_.lost == 1) complain("a connection was lost: " + why);
  }

  void on_over(const std::string& why) override {
    if (measured_ || !failure_.empty()) return;
    failure_ = why;
    if (began_ != BenchInstant{}) complain(why);
  }

  // Each second, on a terminal.
  void tell_progress(BenchInstant now) {
    const double passed = std::chrono::duration<double>(now - told_).count();
    if (!terminal_ || passed < 1) return;
    const double rate = static_cast<double>(result_.messages - told_messages_) / passed;
    const bool first = told_ == BenchInstant{};
    told_ = now;
    told_messages_ = result_.messages;
    if (!first && counting_) show_progress(progress(since(counted_from_), rate, result_));
  }
  void show_progress(const std::string& line) const {
    if (terminal_) std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  }

  const BenchArguments& arguments_;
  BenchScript script_;
  io::Loop loop_;  // after the script, whose contexts its streams borrow
  BenchPeers maker_{loop_, script_, *this};
  std::vector<std::unique_ptr<BenchPeer>> peers_;
  std::size_t ready_ = 0;
  std::size_t next_ = 0;     // whose turn it is
  std::uint64_t begun_ = 0;  // messages
  BenchInstant began_{};
  BenchInstant counted_from_{};
  BenchInstant last_answer_{};
  bool counting_ = false;
  bool measured_ = false;
  bool stalled_ = false;
  std::string failure_;
  BenchResult result_;
  const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
  BenchInstant told_{};
  std::uint64_t told_messages_ = 0;
};

}  // namespace

int bench(const BenchArguments& arguments) {
  if (arguments.pid != 0 && load::cpu_time_ns(arguments.pid) == 0) {
    throw std::invalid_argument("there is no process " + std::to_string(arguments.pid));
  }
  raise_descriptor_limit();
  // The first one ends the run and shows what there is, the next one the program.
  struct sigaction once{};
  once.sa_handler = [](int) { interrupted = 1; };
  once.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &once, nullptr);
  ::sigaction(SIGTERM, &once, nullptr);
  return Bench(arguments).run();
}

}  // namespace naru::app
