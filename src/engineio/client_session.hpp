#pragma once

#include "base/time.hpp"
#include "engineio/packet.hpp"
#include "engineio/session.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace naru::engineio {

struct ClientSessionOptions {
  Duration upgrade_timeout = std::chrono::seconds(10);  // of the probe, and of the last poll
  Duration close_timeout = std::chrono::seconds(10);    // for what still waits to leave
  std::size_t outbox_bytes = std::size_t{16} << 20U;    // waiting to leave
};

// What the open packet of a server announces.
struct ServerHello {
  std::string sid;
  bool upgrade_to_websocket = false;
  Duration ping_interval{};
  Duration ping_timeout{};
  std::size_t max_payload = 0;  // of one POST; 0: not said
};
// Errors: bad_packet: no sid, one that could not stand in a URL, intervals out of all proportion.
Result<ServerHello> parse_open(std::string_view json);

// Client side of the heartbeat. Revision 4: the server pings; its next ping is due within interval
// and timeout. Revision 3: we ping an `interval` after each pong, the answer is due within
// `timeout`, and any packet is a sign of life.
class ClientHeartbeat {
 public:
  enum class Action : std::uint8_t { nothing, send_ping, time_out };
  ClientHeartbeat() = default;
  ClientHeartbeat(Duration interval, Duration timeout, Instant now, Revision revision);
  Instant deadline() const { return ping_at_ < dead_at_ ? ping_at_ : dead_at_; }
  Action on_deadline(Instant now);
  void on_packet(PacketType type, Instant now);

 private:
  Duration interval_{};
  Duration timeout_{};
  Instant ping_at_ = kNever;
  Instant dead_at_ = kNever;
  Revision revision_ = Revision::v4;
};

// One Engine.IO session at the client: the opening, what waits to leave, polls and posts, the
// upgrade, the heartbeat, the end. Pure: the caller moves packets between it and the transports,
// and asks after each call for what is to be done now: take_packet(), take_poll(), take_post(),
// may_switch().
class ClientSession {
 public:
  ClientSession(const ClientSessionOptions& options, Revision revision, Transport transport);

  Transport transport() const { return transport_; }
  Revision revision() const { return revision_; }
  const ServerHello& hello() const { return hello_; }
  bool is_open() const { return phase_ == Phase::open; }

  // A packet arrived on the current transport.
  enum class Incoming : std::uint8_t {
    nothing,  // heartbeat, or a packet that is ignored where it stands
    opened,   // hello() is known; sending works from here on
    message,  // deliver it
    closed,   // "transport close"
    wrong     // not a packet that can stand there: "parse error"
  };
  Incoming receive(const Packet& packet, Instant now);

  // Sends a message. False: closed, or more than outbox_bytes would wait.
  bool send(std::string_view data, bool binary);
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  // Whether what is sent now leaves at once.
  bool writable() const;

  struct Outgoing {
    PacketType type = PacketType::message;
    bool binary = false;
    std::string data;
  };
  // On WebSocket: the next packet to write.
  std::optional<Outgoing> take_packet();
  // On polling: whether to poll now. One poll at a time.
  bool take_poll();
  void on_poll_answered() { poll_running_ = false; }
  // On polling: the body to post now. One post at a time; at most hello().max_payload, but one
  // packet at least.
  std::optional<std::string> take_post();
  void on_post_answered() { post_running_ = false; }

  // The upgrade from polling. The caller opens a WebSocket with the session's sid, sends "2probe"
  // on it, and gives what comes.
  bool wants_upgrade() const;
  void begin_upgrade(Instant now);
  bool upgrading() const { return upgrade_deadline_ != kNever; }
  enum class Probe : std::uint8_t { passed, failed };  // failed: close it, polling goes on
  Probe receive_probe(const Packet& packet);
  void abandon_upgrade();
  // Polling has come to rest: send "5" on the WebSocket, then switched(), and what take_packet()
  // gives.
  bool may_switch() const { return pausing_ && !poll_running_ && !post_running_; }
  void switched();

  // An orderly end: what waits still leaves, and "1" over polling. finished() then.
  void close(Instant now);
  bool closing() const { return phase_ == Phase::closing; }
  bool finished() const { return closing() && outbox_.empty() && !post_running_; }

  Instant deadline() const;
  enum class Due : std::uint8_t {
    nothing,
    time_out,         // "ping timeout"
    upgrade_expired,  // close the candidate; polling goes on
    close_expired     // end it, whatever waits
  };
  Due on_deadline(Instant now);

 private:
  enum class Phase : std::uint8_t { opening, open, closing };

  Incoming receive_first(const Packet& packet, Instant now);
  void push(PacketType type, std::string_view data, bool binary);
  Outgoing pop();
  std::size_t batch_size() const;

  ClientSessionOptions options_;
  ServerHello hello_;
  ClientHeartbeat heartbeat_;
  std::deque<Outgoing> outbox_;
  std::size_t waiting_bytes_ = 0;
  Instant upgrade_deadline_ = kNever;
  Instant close_deadline_ = kNever;
  Revision revision_;
  Transport transport_;
  Phase phase_ = Phase::opening;
  bool upgrade_tried_ = false;
  bool pausing_ = false;  // probed: polling comes to rest
  bool poll_running_ = false;
  bool post_running_ = false;
  bool pong_waits_ = false;
};

}  // namespace naru::engineio
