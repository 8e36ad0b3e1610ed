#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

struct ssl_ctx_st;

namespace naru::io {

// The keys of session tickets (RFC 5077 4, RFC 8446 4.6.1), shared by the contexts of every loop
// and kept over a reload of certificates: AES-256-CBC, and HMAC-SHA256 over the result. What else a
// ticket may be used for is not theirs to say: see TlsContext's session id context.
class TicketKeys {
 public:
  // A key seals new tickets for so long. (Whoever steals it can read TLS 1.2 of its time.)
  static constexpr Duration kSealsFor = std::chrono::hours(2);
  // Tickets are good for so long, and hence a key opens them for so long after it sealed the last.
  static constexpr Duration kTicketLife = std::chrono::hours(12);
  static constexpr std::size_t kNameBytes = 16;

  struct Key {
    std::array<unsigned char, kNameBytes> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
  };
  struct Found {
    Key key;
    bool newest = false;  // an older one's ticket ought to be replaced
  };

  explicit TicketKeys(Instant now);
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // All from any thread.

  // Makes a new key and drops old ones when it is time. Called for each new connection.
  void tend(Instant now);
  Key newest() const;
  std::optional<Found> find(std::span<const unsigned char, kNameBytes> name) const;
  std::size_t size() const;

 private:
  struct Aged {
    Key key;
    Instant made;
  };
  void add(Instant now);

  mutable std::mutex mutex_;
  std::deque<Aged> keys_;  // the newest first
};

}  // namespace naru::io
