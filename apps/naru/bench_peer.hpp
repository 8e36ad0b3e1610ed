#pragma once

#include "bench.hpp"
#include "client/engine_context.hpp"
#include "client/line.hpp"
#include "io/loop.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru::app {

using BenchClock = std::chrono::steady_clock;
using BenchInstant = BenchClock::time_point;

inline constexpr std::size_t kBenchStampBytes = 22;  // at the front of what is published

class BenchPeer;

// What a peer tells.
class BenchUser {
 public:
  virtual void on_ready(BenchPeer& peer) = 0;
  // An answer to a message that was due then.
  virtual void on_answer(BenchPeer& peer, BenchInstant due) = 0;
  virtual void on_room(BenchPeer& peer) = 0;  // without an answer
  virtual void on_other() = 0;                // a message that is no answer
  virtual void on_lost(const std::string& why) = 0;
  virtual void on_over(const std::string& why) = 0;  // of no peer will there be an answer

 protected:
  ~BenchUser() = default;
};

// What all peers of a run send. It and the contexts outlive the loop, whose streams borrow them.
struct BenchScript {
  // Throws std::invalid_argument.
  explicit BenchScript(const BenchArguments& arguments);

  Protocol protocol;
  client::EngineContext context;
  std::unique_ptr<client::LineContext> line;  // SockJS, STOMP
  client::Url url;                            // of the WebSocket itself, the service, the stream
  std::string transport;                      // Socket.IO, SockJS, STOMP
  std::string join;                           // Socket.IO: the CONNECT packet, but "4"
  std::string nsp;                            // "/chat,", or empty for the main one
  std::string payload;                        // the message; of an event, its array
  std::string topic;  // of the event stream; of STOMP, what all destinations begin with
  std::string key;    // of the HTTP API
  std::string login;  // of STOMP
  std::string passcode;
  std::string vhost;
  std::size_t slots;  // messages of a peer that may be under way
  std::size_t peers;  // one more than connections, where one publishes
};

// One connection that sends messages and hears answers, or one side of that.
class BenchPeer {
 public:
  BenchPeer(const BenchScript& script, BenchUser& user) : BenchPeer(script, user, script.slots) {}
  // One with 0 `slots` only hears.
  BenchPeer(const BenchScript& script, BenchUser& user, std::size_t slots);
  virtual ~BenchPeer() = default;
  BenchPeer(const BenchPeer&) = delete;
  BenchPeer& operator=(const BenchPeer&) = delete;

  virtual void open() = 0;
  bool has_room() const { return ready_ && !free_.empty(); }
  // Needs room. Within a turn of the loop, at whose end it leaves.
  void send(BenchInstant due);

 protected:
  virtual void write(std::size_t slot) = 0;

  void become_ready();
  void lose(const std::string& why);
  bool is_lost() const { return lost_; }
  bool is_under_way(std::size_t slot) const {
    return slot < due_.size() && due_[slot] != BenchInstant{};
  }
  void settle(std::size_t slot);                                             // its answer has come
  void settle_one(std::size_t slot) { user_.on_answer(*this, due_[slot]); }  // of several
  void forget(std::size_t slot);                                             // none will come

  const BenchScript& script_;
  BenchUser& user_;

 private:
  bool ready_ = false;
  bool lost_ = false;
  std::vector<BenchInstant> due_;  // by slot
  std::vector<std::size_t> free_;  // slots
};

// A peer whose answers are what it has sent, in the same order.
class EchoPeer : public BenchPeer {
 public:
  EchoPeer(const BenchScript& script, BenchUser& user)
      : BenchPeer(script, user), echoes_(script.slots) {}

 protected:
  virtual void say() = 0;  // the payload
  void write(std::size_t slot) final;
  void on_text(std::string_view message);

 private:
  std::vector<std::size_t> echoes_;  // slots under way, a ring
  std::size_t first_ = 0;
  std::size_t under_way_ = 0;
};

// Makes the peers of a run, one after another.
class BenchPeers {
 public:
  BenchPeers(io::Loop& loop, BenchScript& script, BenchUser& user)
      : loop_(loop), script_(script), user_(user) {}
  std::unique_ptr<BenchPeer> make();

 private:
  io::Loop& loop_;
  BenchScript& script_;
  BenchUser& user_;
  std::size_t made_ = 0;
  BenchPeer* publisher_ = nullptr;  // of event streams, the first one
};

// Written over the bare packets, so that little of our own time is measured.
std::unique_ptr<BenchPeer> make_websocket_peer(io::Loop& loop, BenchScript& script,
                                               BenchUser& user);
std::unique_ptr<BenchPeer> make_socketio_peer(io::Loop& loop, BenchScript& script, BenchUser& user);
std::unique_ptr<BenchPeer> make_sockjs_peer(io::Loop& loop, BenchScript& script, BenchUser& user);
std::unique_ptr<BenchPeer> make_stomp_peer(io::Loop& loop, BenchScript& script, BenchUser& user,
                                           std::size_t number);
// Who publishes to a topic by HTTP, and one who reads its event stream.
std::unique_ptr<BenchPeer> make_publisher(io::Loop& loop, BenchScript& script, BenchUser& user);
std::unique_ptr<BenchPeer> make_subscriber(io::Loop& loop, BenchScript& script, BenchUser& user,
                                           BenchPeer& publisher);

}  // namespace naru::app
