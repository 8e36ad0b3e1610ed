#pragma once

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

// Cross-origin access for the polling transport. Without origins no CORS header is sent.
struct CorsOptions {
  std::vector<std::string> origins{};  // exact, or "*" alone
  // Others that are let in, their own name echoed. Called on any loop.
  std::function<bool(std::string_view origin)> allow_origin{};
  bool credentials = false;
  std::string methods = "GET,HEAD,PUT,PATCH,POST,DELETE";
  std::vector<std::string> allowed_headers{};  // empty: what the preflight asks for
  std::vector<std::string> exposed_headers{};
  int max_age_seconds = 0;  // how long a preflight is good for; 0: not said
};

// The cookie that a polling handshake sets for load balancers; never read by us.
struct CookieOptions {
  std::string name{};  // empty: no cookie
  std::string path = "/";
  std::string domain{};
  std::chrono::seconds max_age{0};  // 0: as long as the browser runs
  bool http_only = true;
  bool secure = false;
  bool partitioned = false;
  std::string same_site = "Lax";
};

// Compression of polling answers by gzip or deflate, where the client accepts it.
struct HttpCompression {
  bool enabled = true;
  std::size_t threshold = 1024;  // shorter ones stay as they are
};

// Why a handshake is refused: the client gets code 4 and this text.
struct Forbidden {
  std::string message = "Forbidden";
};

// What a header hook adds to an answer.
class ResponseHeaders {
 public:
  // Throws std::invalid_argument for a name or value that HTTP does not allow (CR and LF above
  // all).
  void add(std::string_view name, std::string_view value);
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// A request that was refused, as the client sees it and why.
struct ConnectionError {
  const RequestInfo& request;
  int code = 0;              // of Engine.IO: 0 to 5
  std::string_view message;  // what the client was told
  std::string_view context;  // the offending value ("abc" for transport=abc), or the kind of code 3
};

// What every Engine.IO session lives by; times and sizes as Node's Socket.IO has them.
struct TransportOptions {
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};
  std::size_t max_payload = 1'000'000;  // bytes of one polling body and of one WebSocket message
  std::size_t payload_packets = 4096;   // packets in one polling body
  bool polling = true;
  bool websocket = true;
  bool allow_upgrades = true;
  // Clients before Socket.IO 3 too (EIO=3): they ping, and may poll by script elements, which no
  // browser holds to CORS.
  bool allow_eio3 = false;
  HttpCompression http_compression{};
  // permessage-deflate over WebSocket: off, as Node's. What goes to a room is compressed once per
  // loop for those that agreed on a like window.
  Compression compression{.mode = Compression::Mode::off};
  CorsOptions cors{};
  CookieOptions cookie{};
  // Who may open a WebSocket. By default same origin, and the origins of `cors`.
  OriginPolicy origins{};
  std::size_t high_watermark = std::size_t{1} << 16U;  // waiting above it: droppables are dropped
  std::size_t limit = std::size_t{16} << 20U;          // waiting above it: the session is closed

  // Hooks, called on whichever loop a request arrives. What one throws is logged; allow_request and
  // generate_id refuse the handshake then.
  // Whether a handshake is served. Not asked again for the requests of a session.
  std::function<std::optional<Forbidden>(const RequestInfo&)> allow_request{};
  // Headers for the first answer of each session (a polling handshake, or a 101); for each answer,
  // that one included.
  std::function<void(const RequestInfo&, ResponseHeaders&)> on_initial_headers{};
  std::function<void(const RequestInfo&, ResponseHeaders&)> on_headers{};
  // Each request that was refused.
  std::function<void(const ConnectionError&)> on_connection_error{};
  // Session ids of one's own, 1 to 64 of A-Z a-z 0-9 - _, which must not be guessable: the id is
  // all that a client shows. Two characters are put in front. One that is taken refuses the
  // handshake.
  std::function<std::string(const RequestInfo&)> generate_id{};
};

// One Engine.IO session, whatever carries it. Borrowed by handlers.
class EngineSocket {
 public:
  EngineSocket(const EngineSocket&) = delete;
  EngineSocket& operator=(const EngineSocket&) = delete;
  virtual const std::string& id() const = 0;
  virtual const RequestInfo& request() const = 0;  // the first of the session
  virtual int protocol() const = 0;                // Engine.IO's revision: 4, or 3
  virtual std::string_view transport() const = 0;  // "polling" or "websocket", now
  virtual SendOutcome send(Message message) = 0;
  virtual void close() = 0;

 protected:
  EngineSocket() = default;
  virtual ~EngineSocket() = default;
};

struct EngineIoOptions {
  TransportOptions transport{};
  std::function<void(EngineSocket&)> on_open{};
  std::function<void(EngineSocket&, Message)> on_message{};
  std::function<void(EngineSocket&, std::string_view reason)> on_close{};
};

}  // namespace naru
