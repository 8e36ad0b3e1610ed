#pragma once

#include "naru/engineio.hpp"
#include "naru/result.hpp"
#include "naru/socketio.hpp"
#include "naru/websocket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru {

namespace server {
struct State;
}

enum class LogLevel { debug, info, warning, error };

struct ServerOptions {
  unsigned loops = 0;  // threads; 0: one per core
  // Over all loops, which share them evenly. Above: connections are closed at once, handshakes of
  // Engine.IO sessions get 503.
  std::size_t connections = 200'000;
  std::size_t sessions = 200'000;
  std::chrono::milliseconds drain_timeout{5000};  // stop() waits so long for peers to go
  // One line per event: "event=... key=value ...". Called from any thread.
  std::function<void(LogLevel, std::string_view)> log{};
  LogLevel log_level = LogLevel::info;
};

// Where to listen. `host` empty: every address of IPv4 and IPv6. With a certificate, by TLS.
struct ListenOptions {
  std::uint16_t port = 3000;  // 0: the system chooses, see Server::urls
  std::string host{};
  std::string tls_certificate{};  // PEM files
  std::string tls_key{};
};

// Totals since the start, summed over the loops.
struct Stats {
  std::uint64_t connections = 0;  // accepted
  std::uint64_t refused = 0;      // connections and sessions above their limit
  std::uint64_t requests = 0;     // HTTP
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;  // handed to a connection, each receiver of a broadcast counted
  std::uint64_t violations = 0;    // peers that broke their protocol
  std::uint64_t dropped = 0;       // droppable messages that met a slow consumer
  std::uint64_t slow_closed = 0;   // slow consumers that were closed
};

// A name that publications reach subscribers by. Copyable; usable on any thread and for ever:
// once the server has gone, nothing happens.
class Topic {
 public:
  // Sends to every subscriber on every loop; copies the message once. Droppable: a subscriber that
  // is above its high-water mark misses it.
  enum class Delivery { reliable, droppable };
  void publish(Message message, Delivery delivery = Delivery::reliable) const;

 private:
  friend class Server;
  Topic(const std::shared_ptr<server::State>& state, std::string name)
      : state_(state), name_(std::move(name)) {}
  std::weak_ptr<server::State> state_;  // a handler may hold the topic, and the server the handler
  std::string name_;
};

// The server: routes are registered first, then start() or run() makes them immutable, and the
// loops serve them, each on its own thread.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Socket.IO under `path` (with the trailing slash that clients send). Call before start().
  SocketIo& socketio(std::string_view path = "/socket.io/", SocketIoOptions options = {});
  // Bare Engine.IO sessions.
  void engineio(std::string_view path, EngineIoOptions options);
  // Plain WebSockets at exactly `path`; a path that ends in '*' takes every path that begins so.
  void websocket(std::string_view path, WebSocketOptions options);
  // The files below `directory`, for GET and HEAD; `prefix` is cut off the path.
  void files(std::string_view prefix, std::string_view directory);

  // Opens a listener; may be called several times, before start().
  // Errors: io (address taken), tls (certificate); last_error() says more.
  Result<void> listen(const ListenOptions& where);
  const std::string& last_error() const;
  // "http://127.0.0.1:3000", one per listener.
  std::vector<std::string> urls() const;

  void start();
  // Stops accepting, closes every connection in order (WebSockets with 1001), waits at most
  // drain_timeout, ends the loops. From any thread but a loop's own.
  void stop();

  // listen(), say so on standard output, start(), wait for SIGINT or SIGTERM, stop(). Returns the
  // exit status of main(): 0, or 1 when it could not listen, after saying why on standard error. A
  // second signal ends at once.
  int run(const ListenOptions& where = {});
  // The same with the listeners that are open already. `on_running` is called once the loops run
  // and signals are held for us: the time to say that we listen.
  int run_until_signal(const std::function<void()>& on_running = {});

  Topic topic(std::string_view name);
  Stats stats() const;

 private:
  std::shared_ptr<server::State> state_;
};

}  // namespace naru
