#pragma once

#include "naru/message.hpp"
#include "naru/result.hpp"
#include "naru/stomp_relay.hpp"
#include "naru/websocket.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru {

struct ListenOptions;
struct SockJsOptions;

namespace stomp {

// What a client says of itself, for StompOptions::authorize. Borrowed.
struct Connect {
  std::string_view login{};
  std::string_view passcode{};
  std::string_view host{};  // the virtual host that it asks for
  std::vector<std::pair<std::string_view, std::string_view>> headers{};  // all of them, in order
  const RequestInfo& request;  // the WebSocket's; by plain TCP, only `address` and the like
  // Who it is from now on: whom "/user" destinations mean, and StompOptions::permit is asked about.
  // At first its login.
  std::string user{};

  std::string_view header(std::string_view name) const;  // the first one, or ""
};

enum class Access { send, subscribe };

}  // namespace stomp

// What happens to a message for a queue that is full: the sender gets an ERROR, or the oldest
// message that nobody has yet goes.
enum class QueueFull { reject, drop_oldest };

// One STOMP broker (1.0, 1.1, 1.2): topics, which it shares with all other protocols of the server,
// and queues of its own. See docs/guide/stomp.md.
struct StompOptions {
  // Whether a client may connect; it may set `user`. None: everybody may, and is nobody in
  // particular. Runs on the client's loop.
  std::function<bool(stomp::Connect&)> authorize{};
  // Whether a user (see stomp::Connect; "" for nobody in particular) may send to a destination, or
  // subscribe to it. The destination is "/topic/KEY", which may be a pattern, "/queue/NAME", or
  // "/user/..." as the client wrote it, whatever other name the client used. None: whoever has
  // connected may.
  std::function<bool(std::string_view user, stomp::Access, std::string_view destination)> permit{};
  std::function<void(std::string_view user)> on_connect{};
  std::function<void(std::string_view user)> on_disconnect{};

  // What a client may ask for as "host". Empty: anything, or nothing at all.
  std::vector<std::string> hosts{};
  OriginPolicy origins{};
  Compression compression{.mode = Compression::Mode::off};
  // Says no more of the server than it must: no "server" header.
  bool hide_server = false;

  std::chrono::milliseconds connect_timeout{10'000};  // until CONNECT
  // How often we can send, and want to hear; 0: not at all. The slower side's wish counts.
  std::chrono::milliseconds heartbeat_send{10'000};
  std::chrono::milliseconds heartbeat_receive{10'000};

  // Of one frame.
  std::size_t connect_bytes = 16384;  // of CONNECT
  std::size_t headers = 128;
  std::size_t header_bytes = 8192;  // of one
  std::size_t head_bytes = 32768;   // of all
  std::size_t body_bytes = std::size_t{2} << 20U;
  // Of one connection.
  std::size_t subscriptions = 1000;
  std::size_t transactions = 16;
  std::size_t transaction_bytes = std::size_t{4} << 20U;
  std::size_t unacknowledged = 10'000;
  // Messages of a queue that one consumer may have without its ACK: "prefetch-count" asks for
  // fewer.
  std::size_t prefetch = 1000;
  std::size_t high_watermark = std::size_t{1} << 16U;  // bytes; above, queues hold messages back
  std::size_t limit = std::size_t{16} << 20U;          // above, the slow consumer is closed
  // Of queues.
  std::size_t queues = 10'000;  // of each loop
  std::size_t queue_messages = 100'000;
  std::size_t queue_bytes = std::size_t{64} << 20U;
  QueueFull queue_full = QueueFull::reject;
  // A message that comes back more often is dead: to this queue it goes then ("/queue/NAME"), or
  // nowhere.
  std::size_t redeliveries = 20;
  std::string dead_letters{};
  // Instead of all that: topics and queues are another broker's. Of the options above, those of
  // subscriptions, transactions and queues are that one's business then.
  std::optional<StompRelayOptions> relay{};
};

// A broker of a server. Lives as long as the server.
class Stomp {
 public:
  Stomp(const Stomp&) = delete;
  Stomp& operator=(const Stomp&) = delete;

  // Plain TCP, or TLS with certificates; the usual ports are 61613 and 61614. Before
  // Server::start(). Errors: as Server::listen.
  virtual Result<void> listen(const ListenOptions& where) = 0;
  // SockJS at `path` and below, for browsers that need it (stompjs with sockjs-client), by any of
  // its transports. Its options count but for high_watermark, limit and slow_consumer: those are
  // this broker's; stomp::Connect::request is what SockJs::request() is. A frame that is larger
  // than message_bytes has to come in pieces. Before Server::start(). Throws as Server::sockjs
  // does, and for options with handlers.
  virtual void sockjs(std::string_view path, SockJsOptions options) = 0;
  // Puts a message into a queue, by its name. From any thread; when the queue is full it is lost.
  // By a relay, a name that begins with '/' is a destination ("/topic/prices"); while the broker is
  // not there, the message is lost.
  virtual void send(std::string_view queue, Message message,
                    std::vector<std::pair<std::string, std::string>> headers = {}) = 0;
  // Whether clients are served: a relay's broker may be away. From any thread.
  virtual bool available() const = 0;

 protected:
  Stomp() = default;
  virtual ~Stomp() = default;
};

}  // namespace naru
