#pragma once

#include "base/time.hpp"
#include "naru/result.hpp"
#include "stomp/frame.hpp"
#include "stomp/heartbeat.hpp"
#include "stomp/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp {

struct ClientSessionOptions {
  std::string host{};  // the virtual host; empty: none is named, as browsers' clients do
  std::string login{};
  std::string passcode{};
  Headers headers{};  // of CONNECT, beside those
  HeartbeatOffer heartbeat{std::chrono::seconds(10), std::chrono::seconds(10)};
  Duration connect_timeout = std::chrono::seconds(10);  // until CONNECTED
  Duration receipt_timeout = std::chrono::seconds(30);
  std::size_t receipts = 100'000;  // that are waited for
};

// Names one message for its ACK: copied from the frame, valid on the connection it came by.
struct Delivery {
  std::string ack{};           // of 1.2
  std::string message_id{};    // of 1.1 and 1.0
  std::string subscription{};  // of 1.1
};

// The client's side of STOMP, over one connection after another: what it subscribes to outlives
// them, what waits for a receipt does not. Pure: it says bytes, and reads frames.
class ClientSession {
 public:
  explicit ClientSession(const ClientSessionOptions& options) : options_(&options) {}

  // A connection is open: CONNECT. The decoder of its frames begins with version().
  std::string open(Instant now);

  enum class What : std::uint8_t { nothing, connected, message, receipt, error };
  struct Event {
    What what = What::nothing;
    std::uint64_t number = 0;  // of the receipt, or of the message's subscription
  };
  // One frame. After `connected` the decoder is told version(), and subscriptions() is to be sent;
  // after `error` the connection has ended, as after an Error.
  // Errors: protocol_error, unsupported (a version that we have not offered).
  Result<Event> receive(const Frame& frame, Instant now);

  // A number for the "receipt" of the next frame, answered by What::receipt, or in Due::receipts.
  // Errors: too_many.
  Result<std::uint64_t> expect_receipt(Instant now);
  // It was not sent after all.
  void forget_receipt(std::uint64_t receipt) { receipts_.erase(receipt); }
  // The connection is lost: what it owed, in order. There will be no receipt for any of it.
  std::vector<std::uint64_t> close();

  // Remembered until forget(), and so said again by each connection. The number is its id.
  std::uint64_t remember(std::string_view destination, AckMode ack, Headers headers);
  void forget(std::uint64_t subscription) { subscriptions_.erase(subscription); }
  std::string subscriptions() const;  // all SUBSCRIBE frames, the oldest first

  // Frames. `receipt` zero: none is asked for; `transaction` empty: none.
  std::string subscribe(std::uint64_t subscription, std::uint64_t receipt = 0) const;
  std::string unsubscribe(std::uint64_t subscription, std::uint64_t receipt = 0) const;
  std::string send(std::string_view destination, std::string_view body, const Headers& headers,
                   std::string_view transaction = {}, std::uint64_t receipt = 0) const;
  // Errors: unsupported (NACK in 1.0, which has none).
  Result<std::string> settle(Command ack_or_nack, const Delivery& delivery,
                             std::string_view transaction = {}, std::uint64_t receipt = 0) const;
  std::string transaction(Command begin_commit_or_abort, std::string_view name,
                          std::uint64_t receipt = 0) const;
  std::string disconnect(std::uint64_t receipt) const;

  struct Due {
    bool send_beat = false;  // one line feed
    bool dead = false;       // nothing heard for too long, be it CONNECTED or anything at all
    std::vector<std::uint64_t> receipts{};  // that did not come in time
  };
  Instant deadline() const;
  Due on_deadline(Instant now);

  Version version() const { return version_; }
  bool connected() const { return connected_; }
  Heartbeat& heartbeat() { return heartbeat_; }

 private:
  struct Wish {
    std::string destination;
    AckMode ack;
    Headers headers;
  };

  Result<void> accept(const Frame& frame, Instant now);
  std::uint64_t subscription_of(const Frame& frame) const;

  const ClientSessionOptions* options_;
  Version version_ = Version::v10;
  bool connected_ = false;
  Instant connect_by_ = kNever;
  Heartbeat heartbeat_;
  std::uint64_t next_receipt_ = 1;
  std::uint64_t next_subscription_ = 1;
  // By number, and so by deadline: all wait equally long.
  std::map<std::uint64_t, Instant> receipts_;
  std::map<std::uint64_t, Wish> subscriptions_;
};

}  // namespace naru::stomp
