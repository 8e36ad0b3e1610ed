#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace naru::io {

class TimerWheel;

namespace detail {
// A place in a ring of timers.
struct TimerLink {
  TimerLink* previous_ = nullptr;  // nullptr: in no ring
  TimerLink* next_ = nullptr;
};
}  // namespace detail

// One deadline of one connection or session, an entry of its loop's wheel. Moving the deadline
// later costs nothing: the entry stays where it is and looks again when its slot comes up.
class Timer : private detail::TimerLink {
 public:
  Timer() = default;
  virtual ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Arms it, or moves it; kNever disarms. Fires once, on the wheel's next tick after `deadline`.
  // A timer stays with one wheel while it is armed.
  void arm(TimerWheel& wheel, Instant deadline);
  void disarm();
  Instant deadline() const { return deadline_; }

 protected:
  virtual void on_timer(Instant now) = 0;  // may arm again, or destroy the timer

 private:
  friend class TimerWheel;
  void unlink();

  Instant deadline_ = kNever;
  // The wheel's tick at which its slot comes up, never later than the one after deadline_. The low
  // 32 bits: no slot is further ahead than two days.
  std::uint32_t slot_tick_ = 0;
};

// Hierarchical wheel: ticks of 10 ms; insertion, removal and firing in constant time. Pure: it is
// told the time.
class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(10);

  explicit TimerWheel(Instant now);
  ~TimerWheel();  // disarms what is left
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Fires everything due at `now`. Not to be called from on_timer.
  void advance(Instant now);
  // When advance is next worth calling; kNever when the wheel is empty. Never later than the
  // earliest deadline, rounded up to a tick.
  Instant next() const;
  std::size_t size() const;  // counts them

 private:
  friend class Timer;
  struct Slot;
  struct Level;
  void insert(Timer& timer);
  Instant slot_time(const Timer& timer) const;
  std::uint64_t next_tick() const;
  void come_up(Slot& slot, Instant now);

  std::unique_ptr<Level[]> levels_;
  Instant start_;
  std::uint64_t tick_ = 0;  // the last one handled
};

}  // namespace naru::io
