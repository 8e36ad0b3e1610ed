#pragma once

#include "hub/hub.hpp"
#include "naru/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::hub {

// An event as servers exchange it: what every adapter of Node's Socket.IO calls a packet.
struct Event {
  std::string json;                      // the array of name and arguments, placeholders in place
  std::vector<std::string> attachments;  // the binary values they name
};

// What a broadcast may ask for beside its audience; carried to the other nodes.
struct Flags {
  bool local = false;    // this node only
  bool compress = true;  // transports may compress it
  bool droppable = false;
  std::chrono::milliseconds timeout{};  // of requests: for all answers
};

// One socket as it is shown to other nodes.
struct SocketSnapshot {
  std::string id;
  std::vector<std::string> rooms;
  std::string handshake_json;
  std::string data_json;
};

// Where the answers to a request go; calls come one at a time, from any thread.
class Collector {
 public:
  virtual ~Collector() = default;
  // So many more answers are to come. The request itself counts as one until close().
  virtual void expect(std::size_t count) = 0;
  virtual void answer(std::string_view id, const Event& arguments) = 0;
  virtual void miss(std::string_view id) = 0;          // a socket here that will not answer
  virtual void miss_elsewhere(std::size_t count) = 0;  // others, in time
  virtual void close() = 0;                            // nothing more is to be expected
};

// This node's part of one namespace: what an adapter does with requests of other nodes. Any thread.
class Node {
 public:
  virtual ~Node() = default;
  virtual const std::string& name() const = 0;  // of the namespace
  virtual void broadcast_here(Event event, const Audience& audience, const Flags& flags,
                              std::shared_ptr<Collector> answers) = 0;
  virtual void join_here(const Audience& audience, std::vector<std::string> rooms) = 0;
  virtual void leave_here(const Audience& audience, std::vector<std::string> rooms) = 0;
  virtual void disconnect_here(const Audience& audience, bool connection) = 0;
  virtual void fetch_here(const Audience& audience,
                          std::function<void(std::vector<SocketSnapshot>)> done) = 0;
  // Another node's server_side_emit; `answer` is empty unless it asked for one.
  virtual void receive_here(const Event& event, std::function<void(std::string json)> answer) = 0;
};

// What joins the nodes that share a namespace. The node has done its own part already, or does it
// right behind the call: an adapter speaks to the other nodes only, and is not called at all for
// what is local. One per namespace; called from any thread; must not block.
//
// The one in memory joins nothing (NoAdapter). The shape is that of Node's adapters, so that
// those of Redis fit: `broadcast` is their type 3 with or without a requestId, `sockets_join`,
// `sockets_leave` and `disconnect_sockets` their 4 to 6, `fetch_sockets` 7, `server_side_emit` 9.
class Adapter {
 public:
  virtual ~Adapter() = default;

  virtual void broadcast(const Event& event, const Audience& audience, const Flags& flags,
                         std::shared_ptr<Collector> answers) = 0;
  virtual void sockets_join(const Audience& audience, const std::vector<std::string>& rooms) = 0;
  virtual void sockets_leave(const Audience& audience, const std::vector<std::string>& rooms) = 0;
  virtual void disconnect_sockets(const Audience& audience, bool connection) = 0;
  // The sockets of the other nodes; after `flags.timeout`, an error.
  virtual void fetch_sockets(const Audience& audience, const Flags& flags,
                             std::function<void(Result<std::vector<SocketSnapshot>>)> done) = 0;
  virtual void server_side_emit(const Event& event, const Flags& flags,
                                std::shared_ptr<Collector> answers) = 0;
};

// A node on its own.
class NoAdapter final : public Adapter {
 public:
  void broadcast(const Event&, const Audience&, const Flags&, std::shared_ptr<Collector>) override {
  }
  void sockets_join(const Audience&, const std::vector<std::string>&) override {}
  void sockets_leave(const Audience&, const std::vector<std::string>&) override {}
  void disconnect_sockets(const Audience&, bool) override {}
  void fetch_sockets(const Audience&, const Flags&,
                     std::function<void(Result<std::vector<SocketSnapshot>>)> done) override {
    done(std::vector<SocketSnapshot>());
  }
  void server_side_emit(const Event&, const Flags&, std::shared_ptr<Collector>) override {}
};

}  // namespace naru::hub
