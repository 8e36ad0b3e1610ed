#pragma once

#include "base/time.hpp"
#include "engineio/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace naru::engineio {

enum class Transport : std::uint8_t { polling, websocket };

struct SessionOptions {
  Duration ping_interval = std::chrono::seconds(25);
  Duration ping_timeout = std::chrono::seconds(20);
  Duration upgrade_timeout = std::chrono::seconds(10);
  Duration close_timeout = std::chrono::seconds(30);  // a close that waits for the next poll
};

// How the peer of a session speaks: what its first request said.
struct Dialect {
  Revision revision = Revision::v4;
  bool base64 = false;  // it cannot take binary
};

// Server side of the heartbeat. Revision 4: a ping each `interval`, its pong within `timeout`.
// Revision 3: the client pings, within both together.
class Heartbeat {
 public:
  enum class Action : std::uint8_t { send_ping, time_out };
  Heartbeat(Duration interval, Duration timeout, Instant now, Revision revision = Revision::v4);
  Instant deadline() const { return deadline_; }
  Action on_deadline(Instant now);
  void on_pong(Instant now);
  void on_ping(Instant now);  // revision 3

 private:
  Duration interval_;
  Duration timeout_;
  Instant deadline_;
  bool waiting_ = false;  // always, in revision 3
};

// What a poll is answered with.
struct PollAnswer {
  std::string body;
  bool binary = false;  // bytes, where else it is text
};

// One Engine.IO session at the server: which transport is current, what waits for the next poll,
// the upgrade, the heartbeat. Pure. Over WebSocket the caller writes packets straight to the
// connection; over polling it pushes them here.
class Session {
 public:
  // `options` outlive it.
  Session(const SessionOptions& options, Transport transport, Instant now, Dialect dialect = {});
  Session(SessionOptions&&, Transport, Instant, Dialect = {}) = delete;

  Transport transport() const { return transport_; }
  const Dialect& dialect() const { return dialect_; }

  // A packet arrived on the current transport.
  enum class Incoming : std::uint8_t {
    nothing,         // pong, or a packet that is ignored where it stands
    message,         // deliver it
    peer_closed,     // "transport close"; a poll that waits gets take_payload(), ending in "6"
    ping,            // revision 3: send "3"
    wrong_heartbeat  // from the side that does not ping: "transport error"
  };
  Incoming receive(const Packet& packet, Instant now);

  // Polling. Encoded packets for the next answer, in held_form(): "4hello", or several joined by
  // separators; framed ones in revision 3, where only the answer tells whether it is binary. Once
  // closing they are dropped.
  void push(std::string_view packets);
  void push(PacketType type);
  PayloadForm held_form() const {
    return dialect_.revision == Revision::v4 ? PayloadForm::separated : PayloadForm::framed;
  }
  std::size_t pushed_bytes() const { return payload_.size(); }
  enum class Poll : std::uint8_t {
    answer,  // take_payload() now
    wait,    // keep the request; answer it when something was pushed
    overlap  // one is waiting already: that one gets "1", this one 400, the session ends
  };
  Poll on_poll();
  bool poll_waiting() const { return poll_waiting_; }
  void on_poll_dropped() { poll_waiting_ = false; }
  // Everything pushed, as it is held; the waiting poll is no longer waiting. Once closing() it ends
  // in "1", and the session ends with it.
  std::string take_payload();
  // The same, as a poll is answered.
  PollAnswer take_answer() { return to_answer(take_payload()); }
  PollAnswer to_answer(std::string held) const;
  // An answer of one packet.
  PollAnswer answer_of(PacketType type, std::string_view data = {}) const;
  bool begin_post();  // false: one is in flight already (overlap, "transport error")
  void end_post() { post_running_ = false; }

  // The upgrade. A WebSocket with this session's id asks for it.
  bool may_upgrade() const { return transport_ == Transport::polling && !upgrading_ && !closing_; }
  void begin_upgrade(Instant now);
  enum class Probe : std::uint8_t {
    send_pong,  // answer "3probe" on the candidate
    // It is the current transport now. First, while poll_waiting(): answer that poll with "1". Then
    // send what take_payload() gives on it, packet by packet (a PayloadReader takes it apart, in
    // held_form()).
    upgraded,
    refuse  // close the candidate; polling goes on, as after abandon_upgrade()
  };
  Probe receive_probe(const Packet& packet, Instant now);
  void abandon_upgrade();  // the candidate has gone
  bool upgrading() const { return upgrading_; }

  // Begins an orderly close. True: it may end now (WebSocket, or a poll waits: answer it with what
  // take_payload() gives, which ends in "1"). False: the next poll gets it, until close_timeout.
  // An upgrade under way is abandoned: close its candidate.
  bool close(Instant now);
  bool closing() const { return closing_; }

  // Time. Never kNever: a dead peer is always found, an upgrade does not touch the heartbeat
  // (the reference disarms it there). on_deadline() reports one thing at a time; what else is due
  // keeps deadline() in the past.
  Instant deadline() const;
  enum class Due : std::uint8_t {
    nothing,
    send_ping,        // send "2" on the current transport
    time_out,         // "ping timeout"
    answer_noop,      // probed, and a poll waits: "6" was pushed, answer it
    upgrade_expired,  // close the candidate; polling goes on
    close_expired     // nobody polled for the close: end it
  };
  Due on_deadline(Instant now);

 private:
  void hold(PacketType type, std::string_view data, std::string& out) const;

  const SessionOptions* options_;
  Heartbeat heartbeat_;
  std::string payload_;  // in held_form()
  Instant upgrade_deadline_ = kNever;
  Instant noop_deadline_ = kNever;
  Instant close_deadline_ = kNever;
  Dialect dialect_;
  Transport transport_;
  bool poll_waiting_ = false;
  bool post_running_ = false;
  bool upgrading_ = false;
  bool probed_ = false;
  bool closing_ = false;
};

}  // namespace naru::engineio
