#pragma once

#include "base/unique_function.hpp"
#include "io/loop.hpp"
#include "io/peer_address.hpp"
#include "naru/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace naru::io {

// Where a host may be reached, the best first; without ports.
using Addresses = std::vector<PeerAddress>;

// The address that `host` spells, if it is a literal (no brackets, no zone).
std::optional<PeerAddress> parse_address(const std::string& host);

// The system's resolver (getaddrinfo), which waits for its servers: minutes, at worst. Sorted by
// RFC 6724. Errors: io, with the system's text in last_error().
Result<Addresses> look_up(const std::string& host);

// Looks names up for one loop without blocking it: getaddrinfo cannot be interrupted, so it runs on
// a thread of its own, which nobody waits for. One name at a time. Goes before its loop.
class Resolver {
 public:
  using Lookup = std::function<Result<Addresses>(const std::string&)>;
  // `failure` says what an error's text cannot ("example.test: Name or service not known").
  using Done = UniqueFunction<void(Result<Addresses>, const std::string& failure)>;

  explicit Resolver(Loop& loop, Lookup lookup = look_up);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Calls `done` on the loop, once, in a later round or turn; a literal address needs no thread. It
  // may call resolve() again. Errors: io, timed_out, too_many when several lookups that were given
  // up still hang.
  void resolve(const std::string& host, Duration timeout, Done done);
  // Forgets the name asked for; `done` will not be called.
  void cancel();

 private:
  struct Request;
  class Timeout final : public Timer {
   public:
    explicit Timeout(Resolver& resolver) : resolver_(resolver) {}
    void on_timer(Instant) override;

   private:
    Resolver& resolver_;
  };

  void finish(Result<Addresses> addresses, const std::string& failure);

  Loop& loop_;
  Lookup lookup_;
  Done done_;
  std::shared_ptr<Request> request_;  // shared with the thread and with posted tasks
  std::shared_ptr<int> hanging_;      // its use count: threads that have not come back
  Timeout timeout_{*this};
};

}  // namespace naru::io
