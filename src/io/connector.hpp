#pragma once

#include "base/unique_function.hpp"
#include "io/loop.hpp"
#include "io/resolver.hpp"
#include "io/stream.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace naru::io {

// The families in turn, beginning with the first address's; within a family the order stays
// (RFC 8305 section 4).
Addresses interleave(const Addresses& addresses);

struct ConnectTimes {
  Duration timeout = std::chrono::seconds(10);  // for all addresses together
  // Until the next address is tried beside those that have not answered (RFC 8305 section 5).
  Duration next_address = std::chrono::milliseconds(250);
};

// Connects by TCP to the first of some addresses that answers ("happy eyeballs", RFC 8305). One
// connection at a time. Goes before its loop.
class Connector {
 public:
  // The connection, for Stream::attach. `failure` as in Resolver: the last address's.
  using Done =
      UniqueFunction<void(Result<std::unique_ptr<Stream::Detached>>, const std::string& failure)>;

  explicit Connector(Loop& loop);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Calls `done` on the loop, once, and not from within. Errors: io, timed_out.
  void connect(const Addresses& addresses, std::uint16_t port, const ConnectTimes& times,
               Done done);
  // Closes what was begun; `done` will not be called.
  void cancel();

 private:
  class Attempt;
  class Clock final : public Timer {
   public:
    explicit Clock(Connector& connector) : connector_(connector) {}
    void on_timer(Instant now) override { connector_.on_time(now); }

   private:
    Connector& connector_;
  };

  bool try_next();
  void on_time(Instant now);
  void on_connected(Attempt& attempt);
  void on_failed(Attempt& attempt, int error);
  void note_failure(const PeerAddress& address, int error);
  void give_up(const Error& error);
  void set_clock();

  Loop& loop_;
  Done done_;
  Addresses addresses_;
  std::size_t next_ = 0;  // of addresses_
  std::uint16_t port_ = 0;
  ConnectTimes times_;
  Instant end_ = kNever;
  Instant next_at_ = kNever;  // when addresses_[next_] has its turn
  std::string failure_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::shared_ptr<int> alive_;  // of this connection, for what is deferred
  Clock clock_{*this};
};

}  // namespace naru::io
