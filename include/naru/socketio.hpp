#pragma once

#include "naru/arguments.hpp"
#include "naru/engineio.hpp"
#include "naru/json.hpp"
#include "naru/result.hpp"

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace naru {

class Namespace;
class Socket;
class SocketRef;

namespace server {
struct NamespaceState;
struct SocketState;
struct SocketKey;
}  // namespace server

// Answers one event that asked for it. Copyable, usable on any thread; only the first call counts,
// and none once the socket has gone.
class Ack {
 public:
  Ack() = default;
  template <class... A>
  void operator()(const A&... args) const {
    detail::ArgumentWriter writer;
    (writer.add(args), ...);
    writer.finish();
    send(writer);
  }
  // Whether the sender waits for an answer.
  explicit operator bool() const { return state_ != nullptr; }

 private:
  friend struct server::SocketState;
  struct State;
  void send(detail::ArgumentWriter& arguments) const;
  std::shared_ptr<State> state_;
};

// Who gets an emit: rooms united, or everybody of the namespace; less the excepted. A value, built
// by chaining; every emit() uses it as it stands.
class Broadcast {
 public:
  Broadcast to(std::string_view room) const;
  Broadcast in(std::string_view room) const { return to(room); }
  Broadcast to(const std::vector<std::string>& rooms) const;
  Broadcast except(std::string_view room) const;
  // Receivers that read slowly may miss it (Socket.IO's "volatile").
  Broadcast droppable() const;

  template <class... A>
  void emit(std::string_view event, const A&... args) const {
    detail::ArgumentWriter writer(event);
    (writer.add(args), ...);
    writer.finish();
    send(event, writer);
  }

 private:
  friend class Namespace;
  friend class Socket;
  explicit Broadcast(server::NamespaceState& nsp) : nsp_(&nsp) {}
  void send(std::string_view event, detail::ArgumentWriter& arguments) const;

  server::NamespaceState* nsp_;
  std::vector<std::string> rooms_;
  std::vector<std::string> except_;
  bool droppable_ = false;
};

// An emit to one socket with an option: a deadline for its acknowledgement, or droppable.
class Emitter {
 public:
  // The peer's answer goes to `on_answer(Result<T>)`, once: T from its first argument (Arguments
  // for all of them), timed_out, or disconnected. Runs on the socket's loop.
  template <class... AF>
  SendOutcome emit_with_ack(std::string_view event, const AF&... args_then_on_answer);
  template <class... A>
  SendOutcome emit(std::string_view event, const A&... args);

 private:
  friend class Socket;
  explicit Emitter(Socket& socket) : socket_(socket) {}
  Socket& socket_;
  std::optional<std::chrono::milliseconds> timeout_;
  bool droppable_ = false;
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

  const std::string& id() const;  // 20 characters, fresh for each connection to a namespace
  bool connected() const;
  Namespace& nsp() const;
  const RequestInfo& request() const;
  JsonView auth() const;               // what the client gave as `auth`: an object
  std::string_view transport() const;  // "polling" or "websocket", now
  std::any& data();                    // yours; dies with the socket

  // Sends an event to this client. Errors in names (reserved ones) are programming errors: throws
  // std::invalid_argument.
  template <class... A>
  SendOutcome emit(std::string_view event, const A&... args) {
    detail::ArgumentWriter writer(event);
    (writer.add(args), ...);
    writer.finish();
    return send(event, writer, {}, false, {});
  }
  // emit_with_ack(event, args..., on_answer); see Emitter. The default deadline is the namespace's.
  template <class... AF>
  SendOutcome emit_with_ack(std::string_view event, const AF&... args_then_on_answer) {
    return Emitter(*this).emit_with_ack(event, args_then_on_answer...);
  }
  Emitter timeout(std::chrono::milliseconds deadline);
  Emitter droppable();

  void join(std::string_view room);
  void leave(std::string_view room);
  std::vector<std::string> rooms() const;  // its own id is the first
  // Everybody in these rooms but this socket.
  Broadcast to(std::string_view room) const;
  Broadcast in(std::string_view room) const { return to(room); }
  Broadcast except(std::string_view room) const;
  Broadcast broadcast() const;  // everybody in the namespace but this socket

  // Leaves the namespace; the connection stays for others, unless told to close it.
  enum class Disconnect { namespace_only, connection };
  void disconnect(Disconnect what = Disconnect::namespace_only);
  SocketRef ref() const;

 private:
  friend struct server::SocketState;
  friend class Emitter;
  using OnAnswer = std::function<void(Result<Arguments>)>;
  explicit Socket(server::SocketState& state) : state_(&state) {}
  ~Socket() = default;
  SendOutcome send(std::string_view event, detail::ArgumentWriter& arguments, OnAnswer on_answer,
                   bool droppable, std::optional<std::chrono::milliseconds> timeout);
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

// A middleware's refusal: the client gets connect_error with this message and data (JSON or empty).
struct Refusal {
  std::string message{};
  std::string data_json{};
};
using Middleware = std::function<std::optional<Refusal>(Socket&)>;

// One namespace: its handlers, and everybody in it. Handlers are registered before Server::start();
// emitting is for any thread.
class Namespace {
 public:
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  const std::string& name() const;

  // Runs for each CONNECT, in order, before the socket is connected; the first refusal wins.
  void use(Middleware middleware);
  void on_connect(std::function<void(Socket&)> handler);
  // Its rooms are intact in on_disconnecting, gone in on_disconnect.
  void on_disconnecting(std::function<void(Socket&, std::string_view reason)> handler);
  void on_disconnect(std::function<void(Socket&, std::string_view reason)> handler);

  // Calls `handler(Socket&, A...)` for each event of that name, its arguments decoded into A....
  // What it returns, unless void, is the acknowledgement; or take an Ack as the last parameter and
  // answer later. Arguments that do not fit A... are the peer's fault: the event is dropped and
  // counted.
  template <class F>
  void on(std::string_view event, F handler);

  // To everybody in the namespace.
  template <class... A>
  void emit(std::string_view event, const A&... args) {
    everybody().emit(event, args...);
  }
  Broadcast to(std::string_view room);
  Broadcast in(std::string_view room) { return to(room); }
  Broadcast except(std::string_view room);
  Broadcast droppable();

 private:
  friend struct server::NamespaceState;
  using EventHandler = std::function<bool(Socket&, const Arguments&, const Ack&)>;
  explicit Namespace(server::NamespaceState& state) : state_(&state) {}
  Broadcast everybody();
  void add_handler(std::string_view event, EventHandler handler);
  server::NamespaceState* state_;
};

struct SocketIoOptions {
  TransportOptions transport{};
  std::chrono::milliseconds connect_timeout{45'000};     // to join a first namespace
  std::chrono::milliseconds ack_timeout{30'000};         // for emit_with_ack without timeout()
  std::chrono::milliseconds attachment_timeout{30'000};  // for a packet to be completed
  std::size_t attachments = 10;                          // binary values in one packet
  std::size_t namespaces = 64;                           // joined by one connection
  std::size_t pending_acks = 10'000;                     // of one socket
};

// A Socket.IO server under one path.
class SocketIo {
 public:
  virtual ~SocketIo() = default;
  // The namespace of that name (a leading '/' is added), made on first use. "/" always exists.
  virtual Namespace& of(std::string_view name) = 0;

  // The namespace "/".
  Namespace& root() { return of("/"); }
};

// ---------------------------------------------------------------------------------------------

template <class... A>
SendOutcome Emitter::emit(std::string_view event, const A&... args) {
  detail::ArgumentWriter writer(event);
  (writer.add(args), ...);
  writer.finish();
  return socket_.send(event, writer, {}, droppable_, {});
}

template <class... AF>
SendOutcome Emitter::emit_with_ack(std::string_view event, const AF&... args_then_on_answer) {
  static_assert(sizeof...(AF) > 0, "the last argument is the callback");
  constexpr std::size_t count = sizeof...(AF) - 1;
  const auto all = std::tie(args_then_on_answer...);
  const auto& on_answer = std::get<count>(all);
  using Callback = std::remove_cvref_t<decltype(on_answer)>;
  using Answer = std::tuple_element_t<0, typename detail::Signature<Callback>::Parameters>;
  using T = typename Answer::value_type;

  detail::ArgumentWriter writer(event);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (writer.add(std::get<I>(all)), ...);
  }(std::make_index_sequence<count>());
  writer.finish();
  Socket::OnAnswer receive = [on_answer](Result<Arguments> arguments) mutable {
    if (!arguments) {
      on_answer(Result<T>(arguments.error()));
    } else {
      on_answer(detail::read_argument<T>(*arguments, 0));
    }
  };
  return socket_.send(event, writer, std::move(receive), droppable_, timeout_);
}

template <class F>
void Namespace::on(std::string_view event, F handler) {
  using Parameters = typename detail::Signature<F>::Parameters;
  using Return = typename detail::Signature<F>::Return;
  constexpr std::size_t count = std::tuple_size_v<Parameters>;
  static_assert(count >= 1, "the first parameter is naru::Socket&");
  constexpr bool takes_ack = std::is_same_v<std::tuple_element_t<count - 1, Parameters>, Ack>;
  constexpr std::size_t values = count - 1 - (takes_ack ? 1 : 0);

  add_handler(
      event,
      [handler = std::move(handler)](Socket& socket, const Arguments& arguments,
                                     const Ack& ack) mutable -> bool {
        return [&]<std::size_t... I>(std::index_sequence<I...>) -> bool {
          std::tuple<Result<std::tuple_element_t<I + 1, Parameters>>...> decoded{
              detail::read_argument<std::tuple_element_t<I + 1, Parameters>>(arguments, I)...};
          if (!(std::get<I>(decoded).has_value() && ...)) return false;
          const auto call = [&]() -> decltype(auto) {
            if constexpr (takes_ack) {
              return handler(socket, *std::move(std::get<I>(decoded))..., ack);
            } else {
              return handler(socket, *std::move(std::get<I>(decoded))...);
            }
          };
          if constexpr (std::is_void_v<Return>) {
            call();
          } else {
            const Return answer = call();
            if (ack) ack(answer);
          }
          return true;
        }(std::make_index_sequence<values>());
      });
}

}  // namespace naru
