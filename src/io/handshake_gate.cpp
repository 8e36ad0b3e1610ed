#include "io/handshake_gate.hpp"

#include <algorithm>
#include <unistd.h>

namespace naru::io {
namespace {

constexpr Duration kBurst = std::chrono::milliseconds(125);

}  // namespace

HandshakeGate::~HandshakeGate() {
  for (const Waiting& each : waiting_) ::close(each.fd);
}

void HandshakeGate::arrive(Door& door, int fd) {
  if (waiting_.empty() && may_begin(loop_.now())) return begin(door, fd, loop_.now());
  if (waiting_.size() >= limits_.waiting) return refuse(fd);
  delayed_.add();
  waiting_.push_back({&door, fd, loop_.now()});
  if (waiting_.size() == 1) arm(loop_.timers(), loop_.now() + TimerWheel::kTick);
}

// Looks every 10 ms while somebody waits, and not from within ended(): that is deep in a stream.
void HandshakeGate::on_timer(Instant now) {
  while (!waiting_.empty()) {
    const Waiting first = waiting_.front();
    const bool late = now - first.since >= kWaitAtMost;
    if (!late && !may_begin(now)) break;
    waiting_.pop_front();
    if (late) {
      refuse(first.fd);
    } else {
      begin(*first.door, first.fd, now);
    }
  }
  if (!waiting_.empty()) arm(loop_.timers(), now + TimerWheel::kTick);
}

bool HandshakeGate::may_begin(Instant now) const {
  return under_way_ < limits_.under_way && due_ <= now + kBurst;
}

void HandshakeGate::begin(Door& door, int fd, Instant now) {
  const auto share = static_cast<Duration::rep>(std::max<std::size_t>(limits_.per_second, 1));
  due_ = std::max(due_, now) + Duration(std::chrono::seconds(1)) / share;
  ++under_way_;
  door.admit(fd);
}

void HandshakeGate::refuse(int fd) {
  refused_.add();
  ::close(fd);
}

void HandshakeGate::ended(Outcome outcome) {
  --under_way_;
  switch (outcome) {
    case Outcome::full:
      return full_.add();
    case Outcome::resumed:
      return resumed_.add();
    case Outcome::failed:
      return failed_.add();
  }
}

void HandshakeGate::leave(Door& door) {
  std::erase_if(waiting_, [&](const Waiting& each) {
    if (each.door != &door) return false;
    ::close(each.fd);
    return true;
  });
}

HandshakeGate::Counts HandshakeGate::counts() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  return {.full = full_.load(relaxed),
          .resumed = resumed_.load(relaxed),
          .failed = failed_.load(relaxed),
          .delayed = delayed_.load(relaxed),
          .refused = refused_.load(relaxed)};
}

}  // namespace naru::io
