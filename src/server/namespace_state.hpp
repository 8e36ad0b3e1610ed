#pragma once

#include "hub/adapter.hpp"
#include "hub/hub.hpp"
#include "naru/socketio.hpp"
#include "server/event_publication.hpp"
#include "server/recovery.hpp"
#include "socketio/packet.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

class SocketIoServer;
class Worker;
struct SocketState;
struct State;

using RoomHandlers = std::vector<std::function<void(Socket&, std::string_view room)>>;

// What users have registered on a namespace; immutable once the server runs, and shared by all that
// one pattern makes.
struct Handlers {
  struct Step {  // one of the two
    Middleware now;
    AsyncMiddleware later;
  };
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class T>
  using Map = boost::unordered_flat_map<std::string, T, StringHash, std::equal_to<>>;

  std::vector<Step> middlewares;
  std::vector<PacketMiddleware> packet_middlewares;
  std::vector<std::function<void(Socket&)>> on_connect;
  std::vector<std::function<void(Socket&, std::string_view)>> on_disconnecting;
  std::vector<std::function<void(Socket&, std::string_view)>> on_disconnect;
  RoomHandlers on_join_room;
  RoomHandlers on_leave_room;
  std::vector<std::function<void(Socket&)>> on_upgrade;
  std::vector<AnyListener> on_any;
  std::vector<AnyListener> on_any_outgoing;
  Map<detail::EventHandler> events;
  Map<Namespace::ServerListener> server_events;
};

// Throws std::invalid_argument for an event name that is not a user's.
void refuse_reserved(std::string_view event);

// A namespace, and on each loop a hub of the sockets there. One that stands for a pattern has no
// sockets: only handlers, which those that it makes share.
struct NamespaceState final : public hub::Node,
                              public std::enable_shared_from_this<NamespaceState> {
  enum class Kind : std::uint8_t { literal, pattern, made };
  NamespaceState(SocketIoServer& server, std::string name, Kind kind,
                 std::shared_ptr<Handlers> handlers);
  ~NamespaceState() override;

  Namespace& face() { return face_; }
  Handlers& change_handlers();  // throws std::logic_error after the start
  const Handlers& handlers() const { return *handlers_; }
  std::shared_ptr<Handlers> handlers_of_pattern() const { return handlers_; }
  const std::string& where() const { return where_; }  // for the log: "nsp=/chat"
  hub::Hub& hub_of(const Worker& worker);
  hub::Hub& hub_of(unsigned loop) { return *hubs_[loop]; }
  hub::Adapter& adapter() { return *adapter_; }
  void set_adapter(std::unique_ptr<hub::Adapter> adapter) { adapter_ = std::move(adapter); }
  // This loop's worker; nullptr on any other thread.
  Worker* here() const;

  std::shared_ptr<EventPublication> make_publication(std::string json,
                                                     std::vector<std::string> attachments) const {
    return std::make_shared<EventPublication>(name_, std::move(json), std::move(attachments),
                                              options.transport.compression,
                                              options.parser ? &server : nullptr);
  }

  // ---- to everybody. Any thread; in the order of the calls for each socket.

  // To the audience on every loop: at the end of the turn, or at catch_up().
  void publish(std::shared_ptr<EventPublication> publication, hub::Audience audience);
  // Runs `task` on every loop: on this one at once.
  void everywhere(std::function<void(unsigned loop)> task);
  // To one socket of this loop, by the log.
  SendOutcome publish_to(SocketState& socket, std::shared_ptr<EventPublication> publication);
  // Delivers what has been published to this loop: before anything is sent past it. With recovery
  // this is what the log has; beneath a task of the log nothing, as the log goes on behind it.
  void catch_up(unsigned loop) {
    if (!recovery) return hubs_[loop]->deliver();
    if (!in_task_[loop]) catch_up_to(loop, 0);
  }
  std::uint64_t next_broadcast_ack() { return next_ack_.fetch_add(1); }

  // Joins `gather` of every loop, then runs `done` on the caller's loop.
  template <class T>
  void gather(std::function<void(unsigned loop, std::vector<T>&)> gather,
              std::function<void(std::vector<T>)> done);
  // What `describe` says of each socket of this server, on its loop.
  void fetch_texts(std::function<std::string(SocketState&)> describe,
                   std::function<void(std::vector<std::string>)> done);
  void fetch_sockets(const hub::Audience& audience, const hub::Flags& flags,
                     std::function<void(std::vector<RemoteSocket>)> done);

  // ---- hub::Node
  const std::string& name() const override { return name_; }
  void broadcast_here(hub::Event event, const hub::Audience& audience, const hub::Flags& flags,
                      std::shared_ptr<hub::Collector> answers) override;
  void join_here(const hub::Audience& audience, std::vector<std::string> rooms) override;
  void leave_here(const hub::Audience& audience, std::vector<std::string> rooms) override;
  void disconnect_here(const hub::Audience& audience, bool connection) override;
  void fetch_here(const hub::Audience& audience,
                  std::function<void(std::vector<hub::SocketSnapshot>)> done) override;
  void receive_here(const hub::Event& event, std::function<void(std::string)> answer) override;

  State& state;
  SocketIoServer& server;
  const SocketIoOptions& options;
  const Kind kind;
  std::unique_ptr<Recovery> recovery;  // nullptr: off
  std::atomic<std::size_t> members{0};

 private:
  hub::Outcome catch_up_to(unsigned loop, LogNumber number);
  Recovery::Wake wake();
  std::vector<RemoteSocket> sockets_of(unsigned loop, const hub::Audience& audience);
  void each_on(unsigned loop, const hub::Audience& audience,
               const std::function<void(SocketState&)>& task);

  const std::string name_;
  std::string where_;
  std::shared_ptr<Handlers> handlers_;
  Namespace face_;
  std::atomic<std::uint64_t> next_ack_;
  std::vector<std::unique_ptr<hub::Hub>> hubs_;  // by loop
  std::vector<std::uint8_t> in_task_;            // likewise, and written by it alone
  std::unique_ptr<hub::Adapter> adapter_;
};

}  // namespace naru::server
