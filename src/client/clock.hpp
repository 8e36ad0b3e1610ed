#pragma once

#include "io/timer_wheel.hpp"

namespace naru::client {

// A timer that calls one of its owner's functions.
template <class Owner>
class Clock final : public io::Timer {
 public:
  Clock(Owner& owner, void (Owner::*ring)()) : owner_(owner), ring_(ring) {}
  void on_timer(Instant) override { (owner_.*ring_)(); }

 private:
  Owner& owner_;
  void (Owner::*ring_)();
};

}  // namespace naru::client
