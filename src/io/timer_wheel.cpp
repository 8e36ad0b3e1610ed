#include "io/timer_wheel.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace naru::io {
namespace {

// 64 slots each, of 10 ms, 640 ms, 41 s and 44 min: 46 hours. What lies beyond waits in the last
// slot of the last level and looks again when that comes up, as every postponed timer does.
constexpr std::size_t kLevels = 4;
constexpr unsigned kBits = 6;
constexpr std::uint64_t kSlots = 1U << kBits;
constexpr std::uint64_t kNoTick = ~std::uint64_t{0};

constexpr unsigned shift_of(std::size_t level) {
  return static_cast<unsigned>(level) * kBits;
}

}  // namespace

// Head of a ring. An empty ring clears its bit, so that next() need not look into slots.
struct TimerWheel::Slot : detail::TimerLink {
  Slot() { previous_ = next_ = this; }
  bool empty() const { return next_ == this; }
  void append(detail::TimerLink& link) {
    link.previous_ = previous_;
    link.next_ = this;
    previous_->next_ = &link;
    previous_ = &link;
    *occupied |= bit;
  }
  // Takes over the ring of `other`.
  void take(Slot& other) {
    next_ = other.next_;
    previous_ = other.previous_;
    next_->previous_ = previous_->next_ = this;
    other.previous_ = other.next_ = &other;
    *other.occupied &= ~other.bit;
  }

  std::uint64_t* occupied = nullptr;
  std::uint64_t bit = 0;
};

struct TimerWheel::Level {
  Level() {
    for (std::uint64_t i = 0; i < kSlots; ++i) {
      slots[i].occupied = &occupied;
      slots[i].bit = std::uint64_t{1} << i;
    }
  }
  std::uint64_t occupied = 0;
  std::array<Slot, kSlots> slots;
};

Timer::~Timer() {
  disarm();
}

void Timer::arm(TimerWheel& wheel, Instant deadline) {
  if (deadline == kNever) return disarm();
  deadline_ = deadline;
  if (previous_ != nullptr) {
    if (deadline >= wheel.slot_time(*this)) return;
    unlink();
  }
  wheel.insert(*this);
}

void Timer::disarm() {
  if (previous_ != nullptr) unlink();
  deadline_ = kNever;
}

void Timer::unlink() {
  previous_->next_ = next_;
  next_->previous_ = previous_;
  if (previous_ == next_) {  // only the head is left
    auto* slot = static_cast<TimerWheel::Slot*>(next_);
    *slot->occupied &= ~slot->bit;
  }
  previous_ = next_ = nullptr;
}

TimerWheel::TimerWheel(Instant now) : levels_(std::make_unique<Level[]>(kLevels)), start_(now) {}

TimerWheel::~TimerWheel() {
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (Slot& slot : levels_[level].slots) {
      while (!slot.empty()) static_cast<Timer*>(slot.next_)->disarm();
    }
  }
}

void TimerWheel::insert(Timer& timer) {
  std::uint64_t due = tick_ + 1;
  if (timer.deadline_ > start_) {
    const auto ticks = static_cast<std::uint64_t>((timer.deadline_ - start_) / kTick);
    const bool whole = (timer.deadline_ - start_) % kTick == Duration::zero();
    due = std::max(due, whole ? ticks : ticks + 1);
  }
  // The finest level that reaches so far. What did not fit the level below is at least one slot
  // ahead on this one, and never a whole round: the distance tells the slot.
  std::size_t level = 0;
  while (level < kLevels && (due >> shift_of(level)) - (tick_ >> shift_of(level)) >= kSlots) {
    ++level;
  }
  std::uint64_t position = 0;
  if (level == kLevels) {
    level = kLevels - 1;
    position = (tick_ >> shift_of(level)) + kSlots - 1;
  } else {
    position = due >> shift_of(level);
  }
  timer.slot_tick_ = static_cast<std::uint32_t>(position << shift_of(level));
  levels_[level].slots[position % kSlots].append(timer);
}

Instant TimerWheel::slot_time(const Timer& timer) const {
  const std::uint32_t ahead = timer.slot_tick_ - static_cast<std::uint32_t>(tick_);
  return start_ + static_cast<Duration::rep>(tick_ + ahead) * kTick;
}

std::uint64_t TimerWheel::next_tick() const {
  std::uint64_t next = kNoTick;
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::uint64_t occupied = levels_[level].occupied;
    if (occupied == 0) continue;
    const std::uint64_t position = tick_ >> shift_of(level);
    const int distance = std::countr_zero(std::rotr(occupied, static_cast<int>(position % kSlots)));
    next = std::min(next, (position + static_cast<unsigned>(distance)) << shift_of(level));
  }
  return next;
}

Instant TimerWheel::next() const {
  const std::uint64_t tick = next_tick();
  return tick == kNoTick ? kNever : start_ + static_cast<Duration::rep>(tick) * kTick;
}

void TimerWheel::advance(Instant now) {
  if (now < start_) return;
  const auto target = static_cast<std::uint64_t>((now - start_) / kTick);
  if (target <= tick_) return;
  for (std::uint64_t tick = next_tick(); tick <= target; tick = next_tick()) {
    tick_ = tick;
    for (std::size_t level = 0; level < kLevels; ++level) {
      if (tick % (std::uint64_t{1} << shift_of(level)) != 0) break;
      come_up(levels_[level].slots[(tick >> shift_of(level)) % kSlots], now);
    }
  }
  tick_ = target;
}

// Fires what is due in a slot, and sorts the rest anew: it came from a coarser level, or its
// deadline was moved.
void TimerWheel::come_up(Slot& slot, Instant now) {
  if (slot.empty()) return;
  std::uint64_t unused = 0;
  Slot ring;
  ring.occupied = &unused;
  ring.take(slot);
  const Instant time = start_ + static_cast<Duration::rep>(tick_) * kTick;
  while (!ring.empty()) {
    auto& timer = static_cast<Timer&>(*ring.next_);
    timer.unlink();
    if (timer.deadline_ > time) {
      insert(timer);
    } else {
      timer.deadline_ = kNever;
      timer.on_timer(now);
    }
  }
}

std::size_t TimerWheel::size() const {
  std::size_t count = 0;
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (const Slot& slot : levels_[level].slots) {
      for (const detail::TimerLink* at = slot.next_; at != &slot; at = at->next_) ++count;
    }
  }
  return count;
}

}  // namespace naru::io
