#pragma once

#include "naru/arguments.hpp"
#include "naru/handlers.hpp"
#include "naru/json.hpp"
#include "naru/message.hpp"
#include "naru/parser.hpp"
#include "naru/result.hpp"
#include "naru/tls.hpp"
#include "naru/websocket_client.hpp"

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

namespace client {
struct SocketKey;
class SocketState;
class SocketIoState;
}  // namespace client

class ClientSocket;

// Why a namespace could not be joined.
struct ConnectError {
  std::string message{};    // the server's, or ours: "timeout", "websocket error: ..."
  std::string data_json{};  // the server's, JSON or empty
  // What stood in the way, when it was the connection: there will be another attempt by itself, if
  // `active` says so. A refusal by the server is final until connect() is called.
  std::optional<ConnectFailure> failure{};
  bool active = false;
};

// How a Socket.IO client reaches its server.
enum class ClientTransport { polling, websocket };

struct ClientOptions {
  std::string path = "/socket.io/";
  // In this order; polling is upgraded when the server offers it. With `try_all_transports` one
  // that cannot be opened is followed by the next. With `remember_upgrade` a connection after one
  // that came to WebSocket begins with it.
  std::vector<ClientTransport> transports{ClientTransport::polling, ClientTransport::websocket};
  bool upgrade = true;
  bool try_all_transports = true;
  bool remember_upgrade = false;
  // Of Engine.IO: 4, or 3 for servers before Socket.IO 3, which take no `auth`.
  int revision = 4;
  // How packets look on the wire, if not as text: msgpack_parser() for servers that have npm's
  // socket.io-msgpack-parser. It has to be the server's.
  std::shared_ptr<const PacketParser> parser{};
  std::vector<std::pair<std::string, std::string>> query{};  // of each request
  Headers headers{};                                         // likewise
  // What the server's middlewares see as `auth`: an object. As a function it is asked anew for
  // each namespace and attempt.
  Json auth{};
  std::function<Json()> make_auth{};
  bool cookies = true;       // those of polling answers are kept, and sent with each request
  bool auto_connect = true;  // false: each socket waits for its connect()

  TlsClientOptions tls{};
  ProxyOptions proxy{};
  Compression compression{.mode = Compression::Mode::dedicated};

  bool reconnection = true;
  unsigned reconnection_attempts = 0;  // in a row; 0: no end
  std::chrono::milliseconds reconnection_delay{1000};
  std::chrono::milliseconds reconnection_delay_max{5000};
  double randomization_factor = 0.5;
  // Of an attempt to connect, and of joining a namespace; 0: none.
  std::chrono::milliseconds timeout{20'000};

  std::chrono::milliseconds close_timeout{2000};  // for what still waits when it ends

  std::chrono::milliseconds ack_timeout{0};  // for emit_with_ack without timeout(); 0: none
  // Above zero: every emit (but droppable ones) is sent again, so many times at most, until it is
  // acknowledged within `ack_timeout`, and only then the next one. At least once: the server must
  // expect doubles.
  unsigned retries = 0;

  // What the server may make us hold.
  std::size_t message_bytes = 10'000'000;                // one message; one answer to a poll
  std::size_t payload_packets = 100'000;                 // in one answer to a poll
  std::size_t attachments = 10;                          // binary values in one packet
  std::chrono::milliseconds attachment_timeout{30'000};  // for a packet to be completed
  std::size_t held_events = 10'000;                      // that come before the namespace is joined
  std::size_t held_bytes = 10'000'000;  // of those, and of a packet without all its attachments
  // What waits because the server does not take it.
  std::size_t buffered_bytes = std::size_t{16} << 20U;  // emitted while not connected
  std::size_t outbox_bytes = std::size_t{16} << 20U;    // on an open connection; above: it is ended
  std::size_t pending_acks = 100'000;

  // The connection's own events.
  std::function<void(unsigned attempt)> on_reconnect_attempt{};
  std::function<void(unsigned attempts)> on_reconnect{};  // the attempt that succeeded
  std::function<void(const ConnectError&)> on_reconnect_error{};
  std::function<void()> on_reconnect_failed{};  // no attempt is left
};

// An emit with an option: a deadline for its acknowledgement, or droppable.
class ClientEmitter {
 public:
  // `on_answer(Result<T>)` is called once: with T from the answer's first argument (Arguments for
  // all of them), or timed_out, disconnected, too_many.
  template <class... AF>
  SendOutcome emit_with_ack(std::string_view event, const AF&... args_then_on_answer);
  template <class... A>
  SendOutcome emit(std::string_view event, const A&... args);
  ClientEmitter timeout(std::chrono::milliseconds deadline) const;
  ClientEmitter droppable() const;  // "volatile": sent at once or not at all

 private:
  friend class ClientSocket;
  explicit ClientEmitter(std::shared_ptr<client::SocketKey> key) : key_(std::move(key)) {}
  SendOutcome send(std::string_view event, detail::ArgumentWriter& arguments,
                   detail::OnAnswer on_answer) const;
  std::shared_ptr<client::SocketKey> key_;
  std::optional<std::chrono::milliseconds> timeout_;
  bool droppable_ = false;
};

// A namespace at a server. A handle: it may be copied, kept, and used on any thread, also when its
// client has gone; then nothing happens. Calls in handlers act at once; those from elsewhere are
// done by the client's loop, in their order. Handlers run on that loop, one at a time.
class ClientSocket {
 public:
  // Calls `handler(A...)` for each event of that name, its arguments decoded into A...; a first
  // parameter ClientSocket& gets this. What it returns, unless void, is the acknowledgement; or
  // take an Ack as the last parameter and answer later. An event whose arguments do not fit is
  // passed over.
  template <class F>
  void on(std::string_view event, F handler) const {
    add_handler(event, detail::event_handler<ClientSocket>(std::move(handler)));
  }
  void off(std::string_view event) const;  // all of that name
  using AnyListener =
      std::function<void(ClientSocket&, std::string_view event, const Arguments& arguments)>;
  void on_any(AnyListener listener) const;           // each event that comes, before its handlers
  void on_any_outgoing(AnyListener listener) const;  // each that is emitted
  void off_any() const;
  void off_any_outgoing() const;

  void on_connect(std::function<void(ClientSocket&)> handler) const;
  void on_connect_error(std::function<void(ClientSocket&, const ConnectError&)> handler) const;
  // `reason`: "io server disconnect", "io client disconnect", "ping timeout", "transport close",
  // "transport error", "parse error". Only after the first two no attempt follows by itself.
  void on_disconnect(std::function<void(ClientSocket&, std::string_view reason)> handler) const;

  // Sends an event; while not connected it waits ("blocked"), unless droppable. Throws
  // std::invalid_argument for the names that the protocol keeps for itself.
  template <class... A>
  SendOutcome emit(std::string_view event, const A&... args) const {
    return ClientEmitter(key_).emit(event, args...);
  }
  template <class... AF>
  SendOutcome emit_with_ack(std::string_view event, const AF&... args_then_on_answer) const {
    return ClientEmitter(key_).emit_with_ack(event, args_then_on_answer...);
  }
  template <class... A>
  SendOutcome send(const A&... args) const {
    return emit("message", args...);
  }
  ClientEmitter timeout(std::chrono::milliseconds deadline) const {
    return ClientEmitter(key_).timeout(deadline);
  }
  ClientEmitter droppable() const { return ClientEmitter(key_).droppable(); }

  void connect() const;
  void disconnect() const;
  // Tells once: when the namespace is joined, at once if it is; or disconnected, when the server
  // has refused, or nothing will be tried any more. On the client's loop; when that has ended
  // already, in the call.
  void when_connected(std::function<void(Result<void>)> done) const;

  const std::string& nsp() const;
  std::string id() const;  // empty unless connected
  bool connected() const;
  // "polling" or "websocket"; empty unless connected. In handlers.
  std::string_view transport() const;
  bool active() const;     // connected, or trying to
  bool recovered() const;  // in on_connect: nothing was missed since the last connection

 private:
  friend class Client;
  friend class client::SocketState;
  explicit ClientSocket(std::shared_ptr<client::SocketKey> key) : key_(std::move(key)) {}
  void add_handler(std::string_view event, detail::BasicEventHandler<ClientSocket> handler) const;
  std::shared_ptr<client::SocketKey> key_;
};

// A connection to a Socket.IO server, and again another one when it breaks: several namespaces
// share it. It lives on one loop, which is turned by start() on a thread of its own, by run() until
// it ends, or by the caller with poll(). All calls but run(), poll() and fd() may be made from any
// thread, close() and the destructor also in handlers. close() waits for nothing. The destructor
// closes, and waits for the thread, `close_timeout` at most; then no handler runs any more. In a
// handler it waits for nothing, and the thread ends by itself. Of a client that the caller turns it
// ends the connection at once, and whoever waits is told so: polite is close(), then poll() until
// it says false. An exception that leaves a handler closes the client; wait(), run() or poll()
// throws it.
class Client {
 public:
  // "https://example.org:3000/admin?token=x": the path names the namespace of socket(), the query
  // is added to that of the options. ws, wss and http likewise. Throws std::invalid_argument for
  // what can never work.
  explicit Client(std::string_view url, ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The socket of the namespace in the URL, or of another one. It connects by itself if it was made
  // in a handler or before the loop began to turn; otherwise by its connect(), for an answer could
  // come before this thread has added its handlers.
  ClientSocket socket() const;
  ClientSocket of(std::string_view nsp) const;

  void start();  // once
  void wait();   // for the end of what start() began
  // Returns after close(), or when no socket is active any more: 0 after close() or SIGINT and
  // SIGTERM, else 1.
  int run();
  // One turn on the caller's thread: waits at most `wait` for something to do, and does it. False:
  // the client is closed, there is nothing more to come.
  bool poll(std::chrono::milliseconds wait);
  // For a loop of the caller's own (poll, epoll, an event library): readable when poll() has
  // something to do, timers too; from the first call on, and the same one until the end. Of the
  // thread that polls.
  int fd();

  // Leaves the namespaces, sends what still waits, and ends.
  void close();

 private:
  std::shared_ptr<client::SocketIoState> state_;
};

// ---------------------------------------------------------------------------------------------

template <class... A>
SendOutcome ClientEmitter::emit(std::string_view event, const A&... args) {
  detail::ArgumentWriter writer(event);
  (writer.add(args), ...);
  writer.finish();
  return send(event, writer, {});
}

template <class... AF>
SendOutcome ClientEmitter::emit_with_ack(std::string_view event, const AF&... args_then_on_answer) {
  detail::ArgumentWriter writer(event);
  detail::OnAnswer on_answer = detail::write_then_on_answer(writer, args_then_on_answer...);
  return send(event, writer, std::move(on_answer));
}

inline ClientEmitter ClientEmitter::timeout(std::chrono::milliseconds deadline) const {
  ClientEmitter out(*this);
  out.timeout_ = deadline;
  return out;
}

inline ClientEmitter ClientEmitter::droppable() const {
  ClientEmitter out(*this);
  out.droppable_ = true;
  return out;
}

}  // namespace naru
