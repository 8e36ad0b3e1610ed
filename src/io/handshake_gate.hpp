#pragma once

#include "io/loop.hpp"
#include "io/timer_wheel.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace naru::io {

// Of one loop. A handshake costs as much as thousands of messages; when everybody comes back at
// once, those who are connected must still be served.
struct HandshakeLimits {
  std::size_t under_way = 1000;
  std::size_t per_second = 1000;  // begun, evenly: bursts of an eighth of it
  std::size_t waiting = 4096;     // beyond: closed at once
};

// Lets TLS handshakes of one loop begin, in the order in which connections were accepted. Those
// that wait are descriptors and nothing else yet; after ten seconds, when their peers have given
// up, they are closed.
class HandshakeGate final : private Timer {
 public:
  // Who begins the handshake: a listener.
  class Door {
   public:
    // Takes over `fd`. Every call is answered by one of ended().
    virtual void admit(int fd) = 0;

   protected:
    ~Door() = default;
  };
  enum class Outcome { full, resumed, failed };

  static constexpr Duration kWaitAtMost = std::chrono::seconds(10);

  // Outlives the streams of `loop`.
  HandshakeGate(Loop& loop, const HandshakeLimits& limits) : loop_(loop), limits_(limits) {}
  ~HandshakeGate() override;

  void arrive(Door& door, int fd);  // takes over `fd`
  void ended(Outcome outcome);
  void leave(Door& door);  // closes what waits for it

  // Totals; from any thread.
  struct Counts {
    std::uint64_t full = 0;
    std::uint64_t resumed = 0;
    std::uint64_t failed = 0;
    std::uint64_t delayed = 0;  // had to wait
    std::uint64_t refused = 0;  // closed without a handshake
  };
  Counts counts() const;
  std::size_t under_way() const { return under_way_; }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    Door* door;
    int fd;
    Instant since;
  };
  // Written by the loop alone.
  struct Counter : std::atomic<std::uint64_t> {
    void add() { store(load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  };

  bool may_begin(Instant now) const;
  void begin(Door& door, int fd, Instant now);
  void refuse(int fd);
  void on_timer(Instant now) override;

  Loop& loop_;
  HandshakeLimits limits_;
  std::deque<Waiting> waiting_;
  std::size_t under_way_ = 0;
  Instant due_{};  // when the next one would begin, were they spread evenly
  Counter full_{};
  Counter resumed_{};
  Counter failed_{};
  Counter delayed_{};
  Counter refused_{};
};

}  // namespace naru::io
