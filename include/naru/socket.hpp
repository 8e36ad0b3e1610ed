#pragma once

#include "naru/arguments.hpp"
#include "naru/broadcast.hpp"
#include "naru/handlers.hpp"
#include "naru/json.hpp"
#include "naru/result.hpp"
#include "naru/websocket.hpp"

#include <any>
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

class Namespace;
class Socket;
class SocketRef;

namespace server {
struct SocketKey;
struct SocketState;
}  // namespace server

// A middleware's refusal: the client gets connect_error with this message and data (JSON or empty).
struct Refusal {
  std::string message{};
  std::string data_json{};
};
using Middleware = std::function<std::optional<Refusal>(Socket&)>;

// How an asynchronous middleware ends: next() lets the socket through, next(Refusal) does not.
// Copyable, usable on any thread; only the first call counts.
class Next {
 public:
  void operator()(std::optional<Refusal> refusal = std::nullopt) const;

 private:
  friend struct server::SocketState;
  struct State;
  std::shared_ptr<State> state_;
};
using AsyncMiddleware = std::function<void(Socket&, Next)>;

// Sees every event before its handlers; a refusal drops the event, and Socket::on_error hears of
// it.
using PacketMiddleware =
    std::function<std::optional<Refusal>(Socket&, std::string_view event, const Arguments&)>;
// Hears of every event, whatever its name.
using AnyListener = std::function<void(Socket&, std::string_view event, const Arguments&)>;

namespace detail {
using EventHandler = BasicEventHandler<Socket>;
}

// An emit to one socket with an option: a deadline for its acknowledgement, retries, or droppable.
class Emitter {
 public:
  // The peer's answer goes to `on_answer(Result<T>)`, once: T from its first argument (Arguments
  // for all of them), timed_out, or disconnected. Runs on the socket's loop.
  template <class... AF>
  SendOutcome emit_with_ack(std::string_view event, const AF&... args_then_on_answer);
  template <class... A>
  SendOutcome emit(std::string_view event, const A&... args);
  Emitter timeout(std::chrono::milliseconds deadline) const;
  Emitter droppable() const;
  // With emit_with_ack: sends it again, so many times at most, whenever no answer came in time. At
  // least once: the client may get it more than once.
  Emitter retries(unsigned times) const;
  // Whether a transport that compresses may do so.
  Emitter compress(bool allowed) const;

 private:
  friend class Socket;
  friend struct server::SocketState;
  explicit Emitter(Socket& socket) : socket_(socket) {}
  Socket& socket_;
  std::optional<std::chrono::milliseconds> timeout_;
  unsigned retries_ = 0;
  bool droppable_ = false;
  bool compress_ = true;
};

// What the client showed on connecting: of the first request of its session, and of this namespace.
struct Handshake {
  const RequestInfo& request;
  JsonView auth;  // an object, or "{}"
};

// One client in one namespace. Borrowed by handlers: neither copied nor kept; ref() gives what may
// be kept. All calls on its own loop, which is where its handlers run.
class Socket {
 public:
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  const std::string& id() const;  // 20 characters, fresh unless recovered
  bool connected() const;
  // Whether it continues a session that had lost its connection (SocketIoOptions::recovery).
  bool recovered() const;
  Namespace& nsp() const;
  const RequestInfo& request() const;
  JsonView auth() const;  // what the client gave as `auth`: an object
  Handshake handshake() const { return {request(), auth()}; }
  std::string_view transport() const;  // "polling" or "websocket", now

  // Yours; lives as long as the socket, and through a recovery.
  std::any& data();
  // The same as a T, made on first use; throws std::bad_any_cast when it is something else. When T
  // has a JsonCodec, fetch_sockets shows it to other servers.
  template <class T>
  T& data();

  // Sends an event to this client. Errors in names (reserved ones) are programming errors: throws
  // std::invalid_argument.
  template <class... A>
  SendOutcome emit(std::string_view event, const A&... args) {
    return Emitter(*this).emit(event, args...);
  }
  // emit_with_ack(event, args..., on_answer); see Emitter. The default deadline is the namespace's.
  template <class... AF>
  SendOutcome emit_with_ack(std::string_view event, const AF&... args_then_on_answer) {
    return Emitter(*this).emit_with_ack(event, args_then_on_answer...);
  }
  // The event "message".
  template <class... A>
  SendOutcome send(const A&... args) {
    return emit("message", args...);
  }
  Emitter timeout(std::chrono::milliseconds deadline) { return Emitter(*this).timeout(deadline); }
  Emitter retries(unsigned times) { return Emitter(*this).retries(times); }
  Emitter droppable() { return Emitter(*this).droppable(); }
  Emitter compress(bool allowed) { return Emitter(*this).compress(allowed); }

  void join(std::string_view room);
  void join(const std::vector<std::string>& rooms);
  void leave(std::string_view room);
  std::vector<std::string> rooms() const;  // its own id is the first
  // Everybody in these rooms but this socket.
  Broadcast to(std::string_view room) const;
  Broadcast to(const std::vector<std::string>& rooms) const;
  Broadcast in(std::string_view room) const { return to(room); }
  Broadcast except(std::string_view room) const;
  Broadcast broadcast() const;  // everybody in the namespace but this socket
  Broadcast local() const;      // the same, on this server only

  // Handlers of this socket alone, beside those of its namespace, which go first. The table is made
  // when one is added. `handler` is as for Namespace::on; naru::Socket& may be left out.
  template <class F>
  void on(std::string_view event, F handler) {
    add_handler(event, detail::event_handler<Socket>(std::move(handler)));
  }
  void off(std::string_view event);  // all of that name; no more calls from now on
  // Each event of this socket, in order, before its handlers.
  void use(PacketMiddleware middleware);
  void on_error(std::function<void(Socket&, const Refusal&)> handler);
  void on_any(AnyListener listener);           // each that comes in
  void on_any_outgoing(AnyListener listener);  // each that goes out, broadcasts included
  void off_any();
  void off_any_outgoing();
  void on_disconnecting(std::function<void(Socket&, std::string_view reason)> handler);
  void on_disconnect(std::function<void(Socket&, std::string_view reason)> handler);

  // Leaves the namespace; the connection stays for others, unless told to close it.
  using Disconnect = Broadcast::Disconnect;
  void disconnect(Disconnect what = Disconnect::namespace_only);
  SocketRef ref() const;

 private:
  friend struct server::SocketState;
  friend class Emitter;
  using OnAnswer = detail::OnAnswer;
  using WriteData = void (*)(JsonWriter&, const std::any&);
  explicit Socket(server::SocketState& state) : state_(&state) {}
  ~Socket() = default;
  SendOutcome send(std::string_view event, detail::ArgumentWriter& arguments, OnAnswer on_answer,
                   const Emitter& how);
  void add_handler(std::string_view event, detail::EventHandler handler);
  void write_data_by(WriteData write);
  server::SocketState* state_;
};

// Names one socket: copyable, usable on any thread and for ever. What it is told is done on the
// socket's loop, or not at all once the socket or its server has gone.
class SocketRef {
 public:
  SocketRef() = default;
  template <class... A>
  void emit(std::string_view event, const A&... args) const {
    detail::ArgumentWriter writer(event);
    (writer.add(args), ...);
    writer.finish();
    send(event, writer);
  }
  void disconnect(Socket::Disconnect what = Socket::Disconnect::namespace_only) const;
  // Runs `task` on the socket's loop.
  void with(std::function<void(Socket&)> task) const;

 private:
  friend class Socket;
  void send(std::string_view event, detail::ArgumentWriter& arguments) const;
  std::shared_ptr<const server::SocketKey> key_;
};

// ---------------------------------------------------------------------------------------------

template <class... A>
SendOutcome Emitter::emit(std::string_view event, const A&... args) {
  detail::ArgumentWriter writer(event);
  (writer.add(args), ...);
  writer.finish();
  return socket_.send(event, writer, {}, *this);
}

template <class... AF>
SendOutcome Emitter::emit_with_ack(std::string_view event, const AF&... args_then_on_answer) {
  detail::ArgumentWriter writer(event);
  Socket::OnAnswer receive = detail::write_then_on_answer(writer, args_then_on_answer...);
  return socket_.send(event, writer, std::move(receive), *this);
}

template <class T>
T& Socket::data() {
  std::any& value = data();
  if (!value.has_value()) {
    value.emplace<T>();
    if constexpr (requires(JsonWriter& out, const T& t) { JsonCodec<T>::write(out, t); }) {
      write_data_by([](JsonWriter& out, const std::any& any) {
        if (const T* held = std::any_cast<T>(&any)) {
          json_write(out, *held);
        } else {
          out.null();
        }
      });
    }
  }
  return std::any_cast<T&>(value);
}

}  // namespace naru
