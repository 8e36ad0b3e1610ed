#pragma once

#include "bench.hpp"
#include "client/engine_context.hpp"
#include "client/websocket_link.hpp"
#include "io/loop.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::app {

using BenchClock = std::chrono::steady_clock;
using BenchInstant = BenchClock::time_point;

class BenchPeer;

// What a peer tells.
class BenchUser {
 public:
  virtual void on_ready(BenchPeer& peer) = 0;
  // The answer to a message that was due then.
  virtual void on_answer(BenchPeer& peer, BenchInstant due) = 0;
  virtual void on_other() = 0;  // a message that is no answer
  virtual void on_lost(const std::string& why) = 0;

 protected:
  ~BenchUser() = default;
};

// What all peers of a run send.
struct BenchScript {
  Protocol protocol = Protocol::websocket;
  client::Url url;        // of the WebSocket itself
  std::string join;       // Socket.IO: the CONNECT packet
  std::string nsp;        // "/chat,", or empty for the main one
  std::string payload;    // the message; of an event, its array
  std::size_t slots = 1;  // messages that may be under way
};

// One WebSocket, alone or with Socket.IO in it. Written over the bare packets, so that little of
// our own time is measured.
class BenchPeer final : private client::WebSocketLink::User {
 public:
  BenchPeer(io::Loop& loop, client::EngineContext& context, const BenchScript& script,
            BenchUser& user);

  void open() { link_.dial(script_.url); }
  bool has_room() const { return ready_ && !free_.empty(); }
  // Needs room. Within a turn of the loop, at whose end it leaves.
  void send(BenchInstant due);

 private:
  void on_link_open() override;
  void on_link_message(bool binary, std::span<char> payload) override;
  void on_link_closed(std::uint16_t code, const ConnectFailure* failure) override;
  void on_packet(std::string_view packet);
  void on_ack(std::string_view rest);
  void become_ready();
  void settle(std::size_t slot);
  void lose(const std::string& why);

  const BenchScript& script_;
  BenchUser& user_;
  client::WebSocketLink link_;
  bool ready_ = false;
  bool lost_ = false;
  std::vector<BenchInstant> due_;    // by slot
  std::vector<std::size_t> free_;    // slots
  std::vector<std::size_t> echoes_;  // WebSocket: slots under way, a ring: answers come in order
  std::size_t first_ = 0;
  std::size_t under_way_ = 0;
};

}  // namespace naru::app
