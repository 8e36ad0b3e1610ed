#pragma once

#include "base/time.hpp"
#include "naru/result.hpp"
#include "stomp/destination.hpp"
#include "stomp/frame.hpp"
#include "stomp/heartbeat.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp {

struct RelayOptions {
  HeartbeatOffer client{std::chrono::seconds(10), std::chrono::seconds(10)};  // offered to clients
  HeartbeatOffer broker{std::chrono::seconds(10), std::chrono::seconds(10)};  // and to the broker
  std::string server = "naru";
  // What the broker is told by CONNECT. Without a login, the client's own login and passcode.
  std::string virtual_host{};
  std::string login{};
  std::string passcode{};
  Duration connect_timeout = std::chrono::seconds(10);  // until CONNECTED
  // Headers of a client's CONNECT that the broker gets too, and those of its other frames that the
  // broker never gets.
  std::vector<std::string> connect_headers{};
  std::vector<std::string> withheld_headers{};
};

// One client's frames on their way to another broker, and that broker's on their way to the client.
// Each side has heart-beats of its own; subscriptions, acknowledgements, transactions and receipts
// are between the two. Pure: who may do what, and the two connections, are its caller's.
class Relay {
 public:
  explicit Relay(const RelayOptions& options) : options_(&options) {}

  // A frame of the client's.
  enum class Asks : std::uint8_t {
    nothing,     // it comes too late
    login,       // the client says who it is: connect() to the broker, or error()
    forward,     // to_broker()
    disconnect,  // likewise; then, unless awaits_receipt(), both connections end
  };
  // Errors, after which error() is to be sent, and the connections to end: protocol_error,
  // unsupported (no common version).
  Result<Asks> receive(const Frame& frame);
  // CONNECT for the broker, which has to answer in time from now on. `login` is the client's.
  std::string connect(const Frame& login, Instant now);
  void to_broker(const Frame& frame, std::string& out) const;
  bool awaits_receipt() const { return !last_receipt_.empty(); }

  // A frame of the broker's.
  enum class Tells : std::uint8_t {
    connected,  // accept() is for the client, and both decoders learn version()
    refused,    // the broker does not take us
    forward,    // to_client()
    last,       // likewise; then both connections end: an ERROR, or DISCONNECT's RECEIPT
  };
  // Errors: protocol_error, unsupported (a version that the client has not offered).
  Result<Tells> receive_from_broker(const Frame& frame, Instant now);
  std::string accept(std::string_view session_id, std::string_view user, Instant now);
  void to_client(const Frame& frame, std::string& out) const;
  // Of our own, for the client.
  std::string error(const Error& error, const Frame* frame = nullptr) const;

  struct Due {
    bool beat_client = false;  // one line feed
    bool beat_broker = false;
    bool client_dead = false;
    bool broker_dead = false;  // or not connected in time
  };
  Instant deadline() const;
  Due on_deadline(Instant now) const;
  Heartbeat& client_heartbeat() { return client_heartbeat_; }
  Heartbeat& broker_heartbeat() { return broker_heartbeat_; }

  Version version() const { return version_; }
  bool connected() const { return phase_ == Phase::connected || phase_ == Phase::closing; }
  bool closing() const { return phase_ == Phase::closing; }

 private:
  enum class Phase : std::uint8_t { opening, login, connecting, connected, closing };

  Result<void> open(const Frame& frame);
  Result<void> connected(const Frame& frame, Instant now);
  bool is_withheld(const Frame& frame, const Header& header) const;

  const RelayOptions* options_;
  Phase phase_ = Phase::opening;
  Version version_ = Version::v10;
  std::vector<Version> offered_;  // by the client
  HeartbeatOffer client_offer_;
  Heartbeat client_heartbeat_;
  Heartbeat broker_heartbeat_;
  Instant connect_by_ = kNever;
  std::string last_receipt_;  // DISCONNECT's
};

// What a destination of a client's is called when permission for it is asked: "/topic/KEY" or
// "/queue/NAME", whatever alias it is written by, with its "%2F" and the like decoded as the broker
// does. Empty: somebody's temporary queue, whose name nobody can guess.
// Errors: unsupported (not the broker's), protocol_error (one that brokers may read in several
// ways).
Result<std::string> relayed_name(std::string_view destination, Use use);

}  // namespace naru::stomp
