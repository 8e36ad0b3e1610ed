#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace naru::io {

class TimerWheel;

// One deadline of one connection or session, an entry of its loop's wheel. Moving the deadline
// later costs nothing: the entry stays where it is and looks again when its slot comes up.
class Timer {
 public:
  Timer() = default;
  virtual ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Arms it, or moves it; kNever disarms. Fires once, on the wheel's next tick after `deadline`.
  void arm(TimerWheel& wheel, Instant deadline);
  void disarm();
  Instant deadline() const { return deadline_; }

 protected:
  virtual void on_timer(Instant now) = 0;  // may arm again, or destroy the timer

 private:
  friend class TimerWheel;
  Timer* previous_ = nullptr;  // in its slot's ring; nullptr: not in the wheel
  Timer* next_ = nullptr;
  Instant deadline_ = kNever;
  Instant slot_time_ = kNever;  // when its slot comes up; at or before deadline_
};

// Hierarchical wheel: ticks of 10 ms; insertion, removal and firing in constant time. Pure: it is
// told the time.
class TimerWheel {
 public:
  explicit TimerWheel(Instant now);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Fires everything due at `now`.
  void advance(Instant now);
  // When advance is next worth calling; kNever when the wheel is empty. Never later than the
  // earliest deadline, rounded up to a tick.
  Instant next() const;
  std::size_t size() const { return size_; }

 private:
  friend class Timer;
  struct Level;
  void insert(Timer& timer, Instant deadline);
  void remove(Timer& timer);

  std::vector<Level> levels_;
  Instant start_;
  std::size_t tick_ = 0;
  std::size_t size_ = 0;
};

}  // namespace naru::io
