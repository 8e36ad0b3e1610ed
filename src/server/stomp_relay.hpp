#pragma once

#include "base/random.hpp"
#include "io/resolver.hpp"
#include "io/timer_wheel.hpp"
#include "naru/message.hpp"
#include "naru/stomp_relay.hpp"
#include "server/broker_link.hpp"
#include "socketio/reconnection.hpp"
#include "stomp/client_session.hpp"
#include "stomp/decoder.hpp"
#include "stomp/relay.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

class StompBroker;

// What hands clients to another broker: what their sessions share, and the server's own connection
// there ("system"), on the first loop. Clients are handed over while that one holds, and to the
// address that it has reached; it is made again for ever.
class StompRelay final : private BrokerLink::User, private io::Timer {
 public:
  // Throws std::invalid_argument for options that contradict each other.
  StompRelay(StompBroker& broker, const StompRelayOptions& given);
  ~StompRelay() override;

  // On the first loop, which outlives them.
  void start();
  void shut_down();

  // Any thread.
  bool available() const { return available_.load(std::memory_order_relaxed); }
  void send(std::string destination, std::string body, stomp::Headers headers);

  const StompRelayOptions& options;
  const stomp::RelayOptions session_options;

 private:
  struct Pieces;  // that must go before the loop

  void resolve();
  void dial(const io::Addresses& addresses);
  void on_link_up() override;
  void on_link_bytes(std::span<char> bytes) override;
  void on_link_drain() override {}
  void on_link_down(const Error& error, const std::string& detail) override;
  void on_timer(Instant now) override;

  Result<void> receive(const stomp::Frame& frame);
  void log_in();
  void publish(const stomp::Frame& frame) const;
  void lose(const Error& error, std::string_view detail);
  void tell(const std::shared_ptr<const BrokerAddress>& reached);
  void say(std::string_view bytes);
  void rearm();

  StompBroker& broker_;
  const stomp::ClientSessionOptions system_options_;
  BrokerAddress where_;
  std::unique_ptr<Pieces> pieces_;  // null: not started, or shut down
  stomp::ClientSession session_;
  std::optional<Instant> retry_at_;
  bool told_away_ = false;  // that it is not there
  std::atomic<bool> available_{false};
};

}  // namespace naru::server
