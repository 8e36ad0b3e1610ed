#pragma once

#include "naru/admin.hpp"
#include "naru/broadcast.hpp"
#include "naru/engineio.hpp"
#include "naru/parser.hpp"
#include "naru/socket.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru {

// One namespace: its handlers, and everybody in it. Handlers are registered before Server::start();
// emitting is for any thread.
class Namespace {
 public:
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  const std::string& name() const;  // of one made by a pattern or a function: "*"

  // Run for each CONNECT, in order, before the socket is connected; the first refusal wins.
  void use(Middleware middleware);
  // One that answers later, from whichever thread; SocketIoOptions::middleware_timeout bounds it.
  void use_async(AsyncMiddleware middleware);
  // Run for each event, in order, before its handlers.
  void use_packets(PacketMiddleware middleware);
  void on_connect(std::function<void(Socket&)> handler);
  // Its rooms are intact in on_disconnecting, gone in on_disconnect.
  void on_disconnecting(std::function<void(Socket&, std::string_view reason)> handler);
  void on_disconnect(std::function<void(Socket&, std::string_view reason)> handler);
  // A socket has joined a room, or left one; when it goes it has left them all by on_disconnect.
  // The room that its id is goes without saying.
  void on_join_room(std::function<void(Socket&, std::string_view room)> handler);
  void on_leave_room(std::function<void(Socket&, std::string_view room)> handler);
  // A socket's connection went over from polling to WebSocket.
  void on_upgrade(std::function<void(Socket&)> handler);
  void on_any(AnyListener listener);           // each event that comes in
  void on_any_outgoing(AnyListener listener);  // each that goes out, for each of its receivers

  // Calls `handler(Socket&, A...)` for each event of that name, its arguments decoded into A....
  // What it returns, unless void, is the acknowledgement; or take an Ack as the last parameter and
  // answer later. Arguments that do not fit A... are the peer's fault: the event is dropped and
  // counted.
  template <class F>
  void on(std::string_view event, F handler) {
    add_handler(event, detail::event_handler<Socket>(std::move(handler)));
  }

  // To everybody in the namespace; of one made by a pattern or a function: in all that it made.
  template <class... A>
  void emit(std::string_view event, const A&... args) {
    everybody().emit(event, args...);
  }
  // The event "message".
  template <class... A>
  void send(const A&... args) {
    emit("message", args...);
  }
  template <class... AF>
  void emit_with_ack(std::string_view event, const AF&... args_then_on_answers) {
    everybody().emit_with_ack(event, args_then_on_answers...);
  }
  Broadcast everybody();
  Broadcast to(std::string_view room) { return everybody().to(room); }
  Broadcast to(const std::vector<std::string>& rooms) { return everybody().to(rooms); }
  Broadcast in(std::string_view room) { return to(room); }
  Broadcast except(std::string_view room) { return everybody().except(room); }
  Broadcast droppable() { return everybody().droppable(); }
  Broadcast local() { return everybody().local(); }
  Broadcast compress(bool allowed) { return everybody().compress(allowed); }
  Broadcast timeout(std::chrono::milliseconds deadline) { return everybody().timeout(deadline); }
  void fetch_sockets(std::function<void(std::vector<RemoteSocket>)> on_sockets) {
    everybody().fetch_sockets(std::move(on_sockets));
  }
  void sockets_join(std::string_view room) { everybody().sockets_join(room); }
  void sockets_leave(std::string_view room) { everybody().sockets_leave(room); }
  void disconnect_sockets(Socket::Disconnect what = Socket::Disconnect::namespace_only) {
    everybody().disconnect_sockets(what);
  }
  // Its rooms on this server, without those that are sockets' own ids. The callback runs where that
  // of Broadcast::emit_with_ack does.
  struct Room {
    std::string name;
    std::size_t sockets = 0;
  };
  void fetch_rooms(std::function<void(std::vector<Room>)> on_rooms);
  std::size_t socket_count() const;  // on this server

  // To the other servers that an adapter joins, not to this one. Without an adapter there are none.
  template <class... A>
  void server_side_emit(std::string_view event, const A&... args) {
    detail::ArgumentWriter writer(event);
    (writer.add(args), ...);
    writer.finish();
    send_to_servers(event, writer, nullptr);
  }
  // `on_answers(Answers<T>)`; without other servers it is complete, and empty.
  template <class... AF>
  void server_side_emit_with_ack(std::string_view event, const AF&... args_then_on_answers) {
    detail::ArgumentWriter writer(event);
    auto sink = detail::write_then_sink(writer, args_then_on_answers...);
    send_to_servers(event, writer, std::move(sink));
  }
  // What another server emits by server_side_emit. The answer goes back by `answer`, if it asked.
  using ServerListener = std::function<void(
      const Arguments&, const std::function<void(std::string_view json)>& answer)>;
  void on_server_event(std::string_view event, ServerListener listener);

 private:
  friend struct server::NamespaceState;
  explicit Namespace(server::NamespaceState& state) : state_(&state) {}
  void add_handler(std::string_view event, detail::EventHandler handler);
  void send_to_servers(std::string_view event, detail::ArgumentWriter& arguments,
                       std::shared_ptr<detail::AnswerSink> answers);
  server::NamespaceState* state_;
};

// Names that contain any run of characters for each '*': {"/orders/*"}.
struct NamespacePattern {
  std::string text;
};
// Whether a client may have a namespace of this name. Called on any loop.
using NamespacePredicate = std::function<bool(std::string_view name, JsonView auth)>;

// Connection state recovery: a client that lost its connection comes back as the same socket, with
// its rooms and data, and gets what it missed. Off unless `enabled`.
struct RecoveryOptions {
  bool enabled = false;
  std::chrono::milliseconds max_disconnection_duration{120'000};
  bool skip_middlewares = true;  // for those that come back
  // Of each namespace: what is kept for clients to catch up with, and how many may be away. Beyond
  // them the oldest go first; whoever needed them connects afresh.
  std::size_t log_bytes = std::size_t{64} << 20U;
  std::size_t log_packets = 100'000;
  std::size_t sessions = 100'000;
};

struct SocketIoOptions {
  TransportOptions transport{};
  // How packets look on the wire; the clients must have the same. None: as text, which all know.
  // msgpack_parser(), or one of yours (naru/parser.hpp).
  std::shared_ptr<const PacketParser> parser{};
  // Where the browser client's bundle lies (npm's socket.io/client-dist): served under the path as
  // socket.io.js, socket.io.min.js, ... Empty: not served.
  std::string client_directory{};
  std::chrono::milliseconds connect_timeout{45'000};     // to join a first namespace
  std::chrono::milliseconds middleware_timeout{20'000};  // of all the middlewares of a CONNECT
  std::chrono::milliseconds ack_timeout{30'000};         // for emit_with_ack without timeout()
  std::chrono::milliseconds attachment_timeout{30'000};  // for a packet to be completed
  std::size_t attachments = 10;                          // binary values in one packet
  std::size_t namespaces = 64;                           // joined by one connection
  std::size_t pending_acks = 10'000;                     // of one socket
  // Events that ask for an acknowledgement and have a handler that gives none are acknowledged once
  // it has returned: what a client with `retries` waits for.
  bool acknowledge_always = false;
  RecoveryOptions recovery{};
  // Namespaces made by a pattern or a function: how many at once, and whether they go when their
  // last socket has left.
  std::size_t dynamic_namespaces = 10'000;
  bool cleanup_empty_namespaces = false;
  // One was made by a pattern or a function, for its first client; on that one's loop.
  std::function<void(Namespace&)> on_new_namespace{};
};

// A Socket.IO server under one path.
class SocketIo {
 public:
  virtual ~SocketIo() = default;
  // The namespace of that name (a leading '/' is added), made on first use before the start. "/"
  // always exists. Once the server runs: one that exists, or that a pattern allows; else throws
  // std::logic_error. One that was made by a pattern or a function may go when it is empty: then
  // call this again rather than keep it.
  virtual Namespace& of(std::string_view name) = 0;
  // The namespaces whose names fit, made when their first client comes. They share these handlers.
  // For a name without a namespace of its own the first that fits, in the order of registration,
  // counts. An emit reaches everybody in all of them.
  virtual Namespace& of(NamespacePattern pattern) = 0;
  virtual Namespace& of(NamespacePredicate predicate) = 0;
  // Ends every session of this path as "server shutting down", so that clients try to come back,
  // and takes no new ones. From any thread. Server::stop() does it for all.
  virtual void close() = 0;
  // Lets the Admin UI look at this server. Before the start, once. Throws std::logic_error
  // afterwards, std::invalid_argument for options without any login.
  virtual void instrument(AdminOptions options) = 0;

  // The namespace "/".
  Namespace& root() { return of("/"); }
};

}  // namespace naru
