#pragma once

#include "base/time.hpp"
#include "naru/result.hpp"
#include "stomp/frame.hpp"
#include "stomp/heartbeat.hpp"
#include "stomp/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp {

struct SessionOptions {
  HeartbeatOffer heartbeat{std::chrono::seconds(10), std::chrono::seconds(10)};
  std::string server = "naru";
  std::size_t subscriptions = 1000;
  std::size_t transactions = 16;                          // open ones
  std::size_t transaction_bytes = std::size_t{4} << 20U;  // of all of them
  std::size_t unacknowledged = 10'000;                    // messages that wait for their ACK
};

enum class AckMode : std::uint8_t { automatic, client, client_individual };

// One SUBSCRIBE that holds. Its handle is never used again within the session.
struct Subscription {
  std::uint32_t handle = 0;
  std::string id;  // "" only in 1.0
  std::string destination;
  AckMode ack = AckMode::automatic;
  std::string head;  // of its MESSAGE frames, up to the message's number
  // What waits for an ACK: the tag that the sender gave, by the message's number.
  std::map<std::uint64_t, std::uint64_t> unacknowledged{};
};

// An ACK or NACK, or many: what became of these messages of one subscription.
struct Settlement {
  std::uint32_t subscription = 0;
  std::vector<std::uint64_t> tags;  // in order
  bool accepted = true;
  bool requeue = true;  // when they were not
};

// The server's side of one STOMP connection: which frames may come when, what they need, and what
// there is to know until later. Pure: who may do what, and where messages go, is its caller's.
class Session {
 public:
  explicit Session(const SessionOptions& options) : options_(&options) {}

  enum class Asks : std::uint8_t {
    nothing,      // it was for the session alone
    login,        // the peer says who it is: accept() it, or fail()
    send,         // publish the frame
    subscribe,    // `subscription` is new: deliver to it, or fail()
    unsubscribe,  // `ended` is no longer a subscription
    settle,       // `settlement`
    commit,       // the frames of `committed`, in order: SENDs, and what settle() takes
    disconnect    // answer, and close
  };
  struct Request {
    Asks asks = Asks::nothing;
    Subscription* subscription = nullptr;
    std::unique_ptr<Subscription> ended{};
    Settlement settlement{};
    Transaction committed{};
  };
  // One frame. When what it asks for is done, and it has a "receipt", receipt() is to be sent.
  // Errors, after which error() is to be sent, and the connection to end: protocol_error,
  // unsupported (no common version), too_many, message_too_big.
  Result<Request> receive(const Frame& frame);
  // An ACK or NACK out of a transaction.
  Result<Settlement> settle(const Frame& frame);

  // A subscription that the peer has not asked for by SUBSCRIBE, but knows by this id.
  // Errors: too_many.
  Result<Subscription*> add(std::string_view id, std::string_view destination, AckMode ack);

  // CONNECTED: the answer to a login. `user` is told to the peer, unless it is empty.
  std::string accept(std::string_view session_id, std::string_view user, Instant now);
  std::string receipt(std::string_view id, const Headers& more = {}) const;
  // Says the error, and about which frame, if it was about one.
  std::string error(const Error& error, const Frame* frame = nullptr) const;

  // The head of a MESSAGE on its way to that subscription, to be followed by the headers and body
  // that all receivers share. `tag` comes back in the Settlement.
  void append_head(Subscription& subscription, std::uint64_t tag, std::string& out);
  // Whether one more may wait for its ACK.
  bool may_await_ack() const { return unacknowledged_ < options_->unacknowledged; }

  Version version() const { return version_; }
  bool connected() const { return phase_ == Phase::connected; }
  bool closing() const { return phase_ == Phase::closing; }
  Heartbeat& heartbeat() { return heartbeat_; }
  Subscription* find(std::uint32_t handle) const;
  // By its id; in 1.0, one without an id by its destination.
  Subscription* find(std::string_view id, std::string_view destination) const;
  std::size_t subscriptions() const { return subscriptions_.size(); }

 private:
  enum class Phase : std::uint8_t { opening, login, connected, closing };

  Result<void> open(const Frame& frame);
  Result<Subscription*> subscribe(const Frame& frame);
  Result<std::unique_ptr<Subscription>> unsubscribe(const Frame& frame);
  Subscription* find_acknowledged(const Frame& frame, std::uint64_t& number) const;
  Result<Transaction*> find_transaction(const Frame& frame);
  Result<void> keep(const Frame& frame);

  const SessionOptions* options_;
  Phase phase_ = Phase::opening;
  Version version_ = Version::v10;
  HeartbeatOffer peer_heartbeat_;
  Heartbeat heartbeat_;
  std::uint32_t next_handle_ = 1;
  std::uint64_t next_number_ = 1;
  std::size_t unacknowledged_ = 0;
  std::size_t transaction_bytes_ = 0;
  std::map<std::uint32_t, std::unique_ptr<Subscription>> subscriptions_;
  std::map<std::string, Transaction, std::less<>> transactions_;
};

}  // namespace naru::stomp
