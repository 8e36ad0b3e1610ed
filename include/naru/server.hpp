#pragma once

#include "naru/engineio.hpp"
#include "naru/push.hpp"
#include "naru/result.hpp"
#include "naru/secret.hpp"
#include "naru/socketio.hpp"
#include "naru/sockjs.hpp"
#include "naru/stomp.hpp"
#include "naru/tls.hpp"
#include "naru/topic.hpp"
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

// How bytes leave. They are received by epoll in any case.
enum class Io {
  automatic,  // as `uring` where the system allows it, else as `epoll`
  epoll,      // a system call per connection that has something to send
  uring,      // one for all of a turn's connections (io_uring, Linux 6.1); else listen() fails
};

struct ServerOptions {
  unsigned loops = 0;  // threads; 0: one per core
  Io io = Io::automatic;
  // How long a loop with nothing to do keeps asking for events before it sleeps. 50 us halve the
  // median latency of a server that has time to spare; they cost up to a whole core per loop, even
  // without traffic once it comes every 50 us, so keep a core free for each.
  std::chrono::microseconds spin{0};
  // Over all loops, which share them evenly. Above: connections are closed at once, handshakes of
  // Engine.IO sessions get 503.
  std::size_t connections = 200'000;
  std::size_t sessions = 200'000;
  // TLS handshakes of each loop: at most so many under way, and so many begun per second. Beyond,
  // connections wait for their turn in order; when so many wait, the next are closed at once.
  std::size_t tls_handshakes_under_way = 1000;
  std::size_t tls_handshakes_per_second = 1000;
  std::size_t tls_handshakes_waiting = 4096;
  // Addresses and networks ("127.0.0.1", "10.0.0.0/8", "2001:db8::/32") whose word is taken on
  // where a request comes from, by Forwarded (RFC 7239) or X-Forwarded-For, -Proto and -Host:
  // RequestInfo::address and secure, and what the Origin is compared with. The proxy must drop or
  // write over what its own clients send of these. Server throws std::invalid_argument for what is
  // no address.
  std::vector<std::string> trusted_proxies{};
  std::chrono::milliseconds drain_timeout{5000};  // stop() waits so long for peers to go
  // One line per event: "event=... key=value ...". Called from any thread.
  std::function<void(LogLevel, std::string_view)> log{};
  LogLevel log_level = LogLevel::info;
};

// Where to listen. `host` empty: every address of IPv4 and IPv6. With certificates, by TLS:
// {.port = 443, .tls = {.certificates = {{"chain.pem", "key.pem"}}}}.
struct ListenOptions {
  std::uint16_t port = 3000;  // 0: the system chooses, see Server::urls
  std::string host{};
  TlsOptions tls{};
  // Offers HTTP/2 by TLS, where a route for WebSockets was registered before: pages and polls then
  // share one connection with their WebSockets (RFC 8441). Browsers use it for all of that as soon
  // as it is offered, so whatever stands between must understand it too.
  bool http2 = true;
};

// Totals since the start, summed over the loops.
struct Stats {
  std::uint64_t connections = 0;  // accepted
  std::uint64_t refused = 0;      // connections and sessions above their limit
  std::uint64_t requests = 0;     // HTTP
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;    // handed to a connection, each receiver of a broadcast counted
  std::uint64_t violations = 0;      // peers that broke their protocol
  std::uint64_t dropped = 0;         // messages that slow consumers missed
  std::uint64_t replaced = 0;        // of these, by a newer one of the same key
  std::uint64_t slow_closed = 0;     // slow consumers that were closed
  std::uint64_t tls_handshakes = 0;  // that were completed
  std::uint64_t tls_resumed = 0;     // of these, by a ticket
  std::uint64_t tls_failed = 0;
  std::uint64_t tls_delayed = 0;  // connections that waited for their handshake
  std::uint64_t tls_refused = 0;  // closed without one: too many waited, or for too long
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
  // Plain WebSockets at `path`. A segment ":name" takes any one that is not empty
  // (RequestInfo::parameter); a path that ends in '*' takes every path that begins so. Of several
  // that fit, an exact one goes first, then one with parameters (the first registered), then the
  // longest beginning. Throws std::invalid_argument for a path that is none: without '/' in front,
  // '*' elsewhere, a parameter without name or twice, the same route again; and for options that
  // contradict each other.
  void websocket(std::string_view path, WebSocketOptions options);
  // A SockJS service: everything at `path` and below. A segment ":name" is as for websocket().
  // Throws std::invalid_argument likewise.
  void sockjs(std::string_view path, SockJsOptions options);
  // How the topics that begin with `prefix` behave; the longest prefix that fits counts. Call
  // before start(). Throws std::invalid_argument for the same prefix again.
  void topics(std::string_view prefix, TopicOptions options);
  // Topics by plain HTTP: server-sent events, JSON lines, long polling and polling.
  void push(std::string_view path = "/push/", PushOptions options = {});
  // Publishing by HTTP, and what topics hold.
  void push_api(std::string_view path = "/api/", PushApiOptions options = {});
  // A STOMP broker, for WebSockets at `path`, and for plain TCP by its listen(); an empty path is
  // for that alone. Throws as websocket() does.
  Stomp& stomp(std::string_view path, StompOptions options = {});
  // The files below `directory`, for GET and HEAD; `prefix` is cut off the path.
  void files(std::string_view prefix, std::string_view directory);

  // Opens a listener; may be called several times, before start().
  // Errors: io (address taken, or no io_uring where the options insist), tls (certificate);
  // last_error() says more.
  Result<void> listen(const ListenOptions& where);
  const std::string& last_error() const;  // of the calls made on this thread
  // Reads the certificates, keys and authorities of every TLS listener again, and checks them. New
  // connections get the new ones at once, those that exist keep theirs, and tickets stay good. When
  // anything is wrong, nothing changes. From any thread. Logs `event=tls_reloaded`, or
  // `event=tls_reload_failed`. Errors: tls; last_error() says more.
  Result<void> reload_tls();
  // "http://127.0.0.1:3000", one per listener, in the order of the calls of listen().
  std::vector<std::string> urls() const;

  void start();
  // Stops accepting, closes every connection in order (WebSockets with 1001), waits at most
  // drain_timeout, ends the loops. From any thread but a loop's own.
  void stop();

  // listen(), say so on standard output, start(), wait for SIGINT or SIGTERM, stop(). Returns the
  // exit status of main(): 0, or 1 when it could not listen, after saying why on standard error. A
  // second signal ends at once. SIGHUP calls reload_tls(); but when it means that the terminal was
  // closed, it ends the server too.
  int run(const ListenOptions& where = {});
  // The same with the listeners that are open already. `on_running` is called once the loops run
  // and signals are held for us: the time to say that we listen.
  int run_until_signal(const std::function<void()>& on_running = {});

  Topic topic(std::string_view name) const;
  Stats stats() const;

 private:
  std::shared_ptr<server::State> state_;
};

}  // namespace naru
