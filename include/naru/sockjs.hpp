#pragma once

#include "naru/message.hpp"
#include "naru/topic.hpp"
#include "naru/websocket.hpp"

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace naru {

namespace server {
class SockJsSession;
struct SockJsRoute;
}  // namespace server

class SockJsRef;

// One SockJS session at the server, whatever carries it: a WebSocket, or requests that come and go.
// Borrowed by handlers: neither copied nor kept; ref() gives what may be kept. All calls on its own
// loop, which is where its handlers run.
class SockJs {
 public:
  SockJs(const SockJs&) = delete;
  SockJs& operator=(const SockJs&) = delete;

  // Sends one message; copies it once. SockJS carries text: binary arrives as base64, but over a
  // raw WebSocket.
  SendOutcome send(Message message, const SendOptions& options = {});
  // The peer gets what waits, then this. Nothing can be sent afterwards. Codes: 1000, or 3000 to
  // 4999.
  void close(std::uint16_t code = 1000, std::string_view reason = "Normal closure");

  // As WebSocket has them.
  void subscribe(std::string_view topic);
  void unsubscribe(std::string_view topic);
  void publish(std::string_view topic, Message message, const PublishOptions& options = {});

  std::size_t buffered_amount() const;  // bytes that wait to leave
  // "websocket", "websocket-raw", "xhr-polling", "xhr-streaming", "eventsource", "htmlfile",
  // "jsonp-polling": of the first request.
  std::string_view transport() const;
  // Random, and nobody's secret: not what the URLs of the session say.
  const std::string& id() const;
  // Of the first request: the service's own path, the query, and those headers that say nothing
  // about who asks. Cookies and Origin are held back: JSONP and frames let any page send them.
  const RequestInfo& request() const;
  std::any& data();  // yours; dies with the session
  SockJsRef ref();

 protected:
  SockJs() = default;
  ~SockJs() = default;
};

// Names one session: copyable, usable on any thread and for ever. What it is told is done on the
// session's loop, or not at all once the session or its server has gone.
class SockJsRef {
 public:
  SockJsRef() = default;
  void send(Message message, const SendOptions& options = {}) const;  // copies the message
  void close(std::uint16_t code = 1000, std::string_view reason = "Normal closure") const;
  // Runs `task` on the session's loop.
  void with(std::function<void(SockJs&)> task) const;

 private:
  friend class SockJs;
  std::weak_ptr<server::State> state_;
  server::SockJsRoute* route_ = nullptr;  // lives as long as the state
  std::uint64_t number_ = 0;
};

// What a service offers; clients find out, and take the first that works.
struct SockJsTransports {
  bool websocket = true;
  bool raw_websocket = true;  // at <path>/websocket: messages as they are, for other clients
  bool xhr_streaming = true;
  bool eventsource = true;
  bool htmlfile = true;
  bool xhr_polling = true;
  // Requests by script elements, which browsers make for any page and without saying which: only
  // where any origin may connect.
  bool jsonp_polling = true;
};

// One SockJS service (protocol 0.3.3). An exception that leaves a handler is logged and closes the
// session with 1011; from authorize or user it refuses the request.
struct SockJsOptions {
  std::function<void(SockJs&)> on_open{};
  std::function<void(SockJs&, Message)> on_message{};
  std::function<void(SockJs&)> on_drain{};  // what had been blocked has left
  // As WebSocketOptions has it.
  std::function<void(SockJs&, Message)> on_dropped{};
  // What close() said, or the peer over WebSocket; 1006 when the peer has just gone, as it does
  // over HTTP in any case.
  std::function<void(SockJs&, std::uint16_t code, std::string_view reason)> on_close{};
  // Looks at the request that would open a session, with all its headers; false answers 403. Put
  // tokens into the query of the service's URL, which clients keep on every request.
  std::function<bool(const RequestInfo&)> authorize{};
  // Who asks. The URL of a session over HTTP is all that its requests show, so the session is bound
  // to the user of its first request: others get 404.
  std::function<std::string(const RequestInfo&)> user{};
  // Without `user`, or where it says "": bound to the address instead.
  bool bind_address = true;

  SockJsTransports transports{};
  // `same_origin` lets those in as well that are listed. Others than `any` switch off JSONP and the
  // page for frames, which tell no origin.
  OriginPolicy origins{};
  // Asks balancers to keep a client on one server: sets the cookie JSESSIONID, as clients are told.
  // naru itself does not need it.
  bool jsessionid = false;
  // The client's script, for the page that old browsers load into a frame. Of the same version as
  // the one that the page around it uses.
  std::string client_url = "https://cdn.jsdelivr.net/npm/sockjs-client@1/dist/sockjs.min.js";
  Compression compression{};  // over WebSocket

  std::size_t message_bytes = std::size_t{1} << 20U;  // of a WebSocket message, or a body
  std::size_t messages = 10'000;                      // in one of these
  // Over HTTP, of one IPv4 address or one /64 of IPv6: above, 503; 0: no limit. Each loop takes its
  // share of them. Behind proxies that ServerOptions::trusted_proxies does not name all count as
  // one.
  std::size_t sessions_per_address = 10'000;
  std::size_t high_watermark = std::size_t{1} << 16U;  // above: send() says blocked
  std::size_t limit = std::size_t{16} << 20U;          // above: what slow_consumer says
  SlowConsumer slow_consumer = SlowConsumer::disconnect;
  // A streaming answer ends after so many bytes, since browsers keep all of it; a polling one holds
  // not much more.
  std::size_t response_limit = std::size_t{128} << 10U;
  std::chrono::milliseconds heartbeat_interval{25'000};  // without anything sent
  std::chrono::milliseconds heartbeat_timeout{10'000};   // for a WebSocket's answer to a ping
  std::chrono::milliseconds disconnect_delay{5'000};     // without a receiver
  std::chrono::milliseconds close_timeout{10'000};       // for a WebSocket's Close
};

}  // namespace naru
