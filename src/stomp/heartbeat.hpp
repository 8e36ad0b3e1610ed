#pragma once

#include "base/time.hpp"
#include "naru/result.hpp"
#include "stomp/frame.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace naru::stomp {

// A heart-beat header: how often its sender can send, and wants to hear; zero: not at all.
struct HeartbeatOffer {
  std::chrono::milliseconds sends{0};
  std::chrono::milliseconds wants{0};
};
// "10000,10000". Errors: protocol_error.
Result<HeartbeatOffer> parse_heartbeat(std::string_view text);
std::string to_text(const HeartbeatOffer& offer);

// The server's answer to a login.
struct Accepted {
  Version version;
  const HeartbeatOffer& heartbeat;
  std::string_view session;
  std::string_view server;  // and this and the next: "" is not said
  std::string_view user;
};
std::string connected_frame(const Accepted& accepted);

// What both sides agreed on (STOMP 1.2, "Heart-beating"), at one of them. Any byte counts, either
// way. Beats leave after 3/4 of the interval, so that a late timer still meets it; the peer is dead
// after twice its interval and a second.
class Heartbeat {
 public:
  Heartbeat() = default;  // none
  Heartbeat(const HeartbeatOffer& ours, const HeartbeatOffer& peers, Instant now);

  void on_received(Instant now) { received_ = now; }
  void on_sent(Instant now) { sent_ = now; }

  Instant deadline() const;
  enum class Due : std::uint8_t { nothing, send_beat, peer_dead };
  Due on_deadline(Instant now) const;

 private:
  Instant next_beat() const;
  Instant death() const;

  Duration send_interval_{};  // zero: no beats are owed
  Duration receive_interval_{};
  Instant sent_{};
  Instant received_{};
};

}  // namespace naru::stomp
