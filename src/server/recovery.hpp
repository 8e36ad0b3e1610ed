#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "hub/hub.hpp"
#include "naru/socketio.hpp"
#include "server/event_publication.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <any>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class Worker;

// The place of an entry in a namespace's log. 0 is before the first.
using LogNumber = std::uint64_t;
inline constexpr LogNumber kOpenEnd = std::numeric_limits<LogNumber>::max();

// A socket was in `room` for the entries in (from, to].
struct Stay {
  std::string room;
  LogNumber from;
  LogNumber to;
};

// What a socket keeps to be recovered by.
struct Resumable {
  std::string pid;
  LogNumber start = 0;       // what its client has for certain
  LogNumber skip_until = 0;  // has been sent to it out of the log: the hub passes it by
  std::uint64_t ticket = 0;
  std::vector<Stay> stays{};
  bool resumed = false;

  void join(std::string_view room, LogNumber now);
  void leave(std::string_view room, LogNumber now, LogNumber oldest);
  bool was_in(std::string_view room, LogNumber at) const;
};

// A session whose connection has gone.
struct AwaySession {
  std::string sid;
  Resumable resumable;
  std::any data;
  void (*write_data)(JsonWriter&, const std::any&) = nullptr;
};

// Connection state recovery of one namespace, shared by its loops: the log of everything that is
// sent to its sockets, and the sessions that may come back.
//
// The log is the only way to a socket while recovery is on, and each loop goes through it in order
// (next). So a client that has seen an entry has seen all before it that were for it, on whichever
// loop it was; and one that comes back on any loop gets the rest from the log, up to the end that
// it has just then (missed), and from there on by the loop. Nothing is lost, or comes twice, or in
// another order, however the loops are ahead of each other.
class Recovery {
 public:
  // `keep`: how long an entry may be needed.
  Recovery(const RecoveryOptions& options, Duration keep, unsigned loops, Random& random);

  // One thing to do on every loop, or on one: deliver an event, or run a task.
  struct Entry {
    LogNumber number = 0;
    std::shared_ptr<const EventPublication> event{};
    hub::Audience audience{};
    std::function<void(unsigned loop)> task{};
    std::optional<unsigned> only{};
    std::size_t bytes = 0;
    bool kept = false;  // for those who come back
  };
  using Wake = std::function<void(unsigned loop)>;

  // ---- the log. Any thread. `wake` is called for each loop but `here` that has to look.

  LogNumber append(std::shared_ptr<EventPublication> event, hub::Audience audience,
                   std::optional<unsigned> only, const Worker* here, const Wake& wake);
  void append(std::function<void(unsigned loop)> task, const Worker* here, const Wake& wake);
  // The next entry for this loop, once; nullptr when it has seen all. On that loop.
  std::shared_ptr<const Entry> next(unsigned loop);
  // How far this loop has got. On that loop.
  LogNumber seen(unsigned loop) const { return seen_[loop]; }
  LogNumber oldest() const { return oldest_.load(std::memory_order_relaxed); }
  std::string offset_of(LogNumber number) const;

  // ---- the sessions

  struct Claim {
    enum class Outcome {
      fresh,       // it cannot be recovered
      taken,       // `session` is the caller's
      live,        // its connection is still there, on `loop`: end it and claim again
      superseded,  // a later connection of the same client has claimed it
    };
    Outcome outcome = Outcome::fresh;
    unsigned loop = 0;
    std::string sid{};
    std::optional<AwaySession> session{};
  };
  // Orders the connections of one client, for claim.
  std::uint64_t next_ticket() { return tickets_.fetch_add(1) + 1; }
  Claim claim(const std::string& pid, std::optional<std::string_view> offset, std::uint64_t ticket,
              unsigned loop, Instant now);
  // What the log has for a claimed session, whose room changes go on from here; nullopt when some
  // of it is no longer there.
  using Missed = std::vector<std::shared_ptr<const EventPublication>>;
  std::optional<Missed> missed(std::string_view sid, Resumable& resumable);
  void add_live(const Resumable& resumable, const std::string& sid, unsigned loop);
  void park(AwaySession session, Instant now);
  void forget(const Resumable& resumable);

  // Lets go of what is too old. True: sessions are still away.
  bool sweep(Instant now);

  struct Size {
    std::size_t entries, bytes, away;
  };
  Size size() const;

 private:
  struct Slot {
    Instant at;
    std::shared_ptr<const Entry> entry;  // nullptr: delivered, and not kept
  };
  struct Session {
    unsigned loop = 0;
    std::uint64_t ticket = 0;  // the latest that claimed it
    Instant since = kNever;    // away since
    std::string sid{};
    std::unique_ptr<AwaySession> away{};
  };

  LogNumber add(Entry entry, Instant now, EventPublication* event, const Worker* here,
                const Wake& wake);
  // To be freed without the lock: what they hold of the user's may come back here.
  using Gone = std::vector<std::shared_ptr<const Entry>>;
  using Dropped = std::vector<std::unique_ptr<AwaySession>>;
  void trim(Instant now, Gone& gone);
  void expire(Instant now, Dropped& dropped);
  std::optional<LogNumber> parse_offset(std::string_view offset) const;

  const RecoveryOptions& options_;
  const Duration keep_;
  std::string epoch_;  // so that no text is taken for an offset
  std::atomic<std::uint64_t> tickets_{0};
  std::atomic<LogNumber> oldest_{1};

  mutable std::mutex mutex_;
  std::deque<Slot> log_;
  LogNumber end_ = 0;      // the newest
  LogNumber cleared_ = 0;  // up to here, what is not kept has gone
  std::size_t bytes_ = 0;
  Instant latest_;               // when it was added
  std::vector<LogNumber> seen_;  // by loop, which alone writes it
  std::vector<bool> woken_;
  boost::unordered_flat_map<std::string, Session> sessions_;  // by pid
  std::deque<std::pair<Instant, std::string>> away_;          // in order; some have come back
  std::size_t away_count_ = 0;
};

}  // namespace naru::server
