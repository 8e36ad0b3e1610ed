#pragma once

#include "io/timer_wheel.hpp"
#include "naru/server.hpp"
#include "naru/stomp.hpp"
#include "server/broker_link.hpp"
#include "server/stomp_carrier.hpp"
#include "server/stomp_loop.hpp"
#include "stomp/decoder.hpp"
#include "stomp/relay.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

class StompRelay;

// One client of a relay: the frames of its carrier to the broker by a connection of its own, and
// back. When one side is behind, the other one is held back.
class RelaySession final : public StompUser, private BrokerLink::User, private io::Timer {
 public:
  RelaySession(StompLoop& here, StompRelay& relay, StompCarrier& carrier,
               std::unique_ptr<RequestInfo> request);
  ~RelaySession() override;

  void on_bytes(std::span<char> bytes, StompCarrier::Content content) override;
  void on_drain() override;
  void on_closed() override;
  void shut_down() override;

 private:
  using Ending = StompCarrier::Ending;

  void on_link_up() override;
  void on_link_bytes(std::span<char> bytes) override;
  void on_link_drain() override;
  void on_link_down(const Error& error, const std::string& detail) override;
  void on_timer(Instant now) override;

  void take(Cursor& in);
  void hold(std::string_view bytes);
  void take_held();
  Result<void> receive(const stomp::Frame& frame);
  Result<void> log_in(const stomp::Frame& frame);
  Result<void> permitted(const stomp::Frame& frame) const;
  void hand_over(const stomp::Frame& frame);
  void to_broker(std::string_view bytes);

  void tell(const stomp::Frame& frame);
  void append_as_text(const stomp::Frame& frame, std::string& out) const;
  void refuse(const stomp::Frame& frame);
  void accept();
  void say(std::string_view frame);
  void log(LogLevel level, std::string_view what, const std::string& why) const;

  void fail(const Error& error, const stomp::Frame* frame = nullptr);
  void lose_broker(const Error& error);
  void end(Ending ending);
  void leave_broker();
  Instant now() const;
  void rearm();

  StompLoop& here_;
  StompRelay& relay_;
  StompCarrier& carrier_;
  std::unique_ptr<RequestInfo> request_;  // until the login
  std::string user_;                      // "" for nobody in particular
  stomp::Relay frames_;
  stomp::Decoder client_decoder_;
  stomp::Decoder broker_decoder_;
  BrokerLink link_;
  std::string connect_;  // for the broker, until it is reached
  std::string held_;     // of the client, until the broker has answered
  Instant connect_deadline_;
  // Since when a side is behind, and the other one held back.
  std::optional<Instant> broker_behind_;
  std::optional<Instant> client_behind_;
  bool counted_ = false;    // among the loop's connections to the broker
  bool binary_ = false;     // the client has opened in binary, and is answered so
  bool logged_in_ = false;  // and the user knows it
  bool ended_ = false;
};

}  // namespace naru::server
