#pragma once

#include "naru/bytes.hpp"

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru {

// One message, text or binary, borrowed: a received one is valid for the length of its handler.
struct Message {
  std::string_view data{};
  bool binary = false;

  std::string_view text() const { return data; }
  BytesView bytes() const { return as_bytes(data); }
};
inline Message text(std::string_view data) {
  return {data, false};
}
inline Message binary(BytesView data) {
  return {as_text(data), true};
}

// What became of a message that was handed over for sending.
enum class SendOutcome {
  sent,     // queued within the limits
  blocked,  // queued, but the peer reads slowly: more than the high-water mark waits
  dropped,  // droppable, and more than the high-water mark waits
  closed,   // the connection is closing, or was closed just now because its limit was passed
};

// What the handshake said, for handlers and policies. Borrowed like everything in a handler.
struct RequestInfo {
  std::string path;                                          // percent-encoded, as sent
  std::string query;                                         // likewise, without '?'
  std::vector<std::pair<std::string, std::string>> headers;  // as sent, in order
  std::string address;                                       // of the peer: "192.0.2.1"
  bool secure = false;                                       // came by TLS

  // The first header of that name (case-insensitive), or "".
  std::string_view header(std::string_view name) const;
};

class WebSocketRef;

// One plain WebSocket at the server. Borrowed by handlers: neither copied nor kept; ref() gives
// what may be kept. All calls on its own loop, which is where its handlers run.
class WebSocket {
 public:
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Sends one message; copies it once. Text must be UTF-8.
  SendOutcome send(Message message);
  // Starts the closing handshake (RFC 6455 section 7). Nothing can be sent afterwards.
  void close(std::uint16_t code = 1000, std::string_view reason = {});

  // Receives what Server::topic(name).publish() sends. Ends with the connection.
  void subscribe(std::string_view topic);
  void unsubscribe(std::string_view topic);

  std::size_t buffered_amount() const;  // bytes that wait to leave
  std::string_view subprotocol() const;
  const RequestInfo& request() const;
  std::any& data();  // yours; dies with the connection
  WebSocketRef ref();

 protected:
  WebSocket() = default;
  ~WebSocket() = default;
};

// Names one WebSocket: copyable, usable on any thread and for ever. What it is told is done on the
// socket's loop, or not at all once the socket or its server has gone.
class WebSocketRef {
 public:
  WebSocketRef() = default;
  void send(Message message) const;  // copies the message
  void close(std::uint16_t code = 1000, std::string_view reason = {}) const;
  // Runs `task` on the socket's loop.
  void with(std::function<void(WebSocket&)> task) const;

 private:
  friend class WebSocket;
  struct Target;
  std::shared_ptr<const Target> target_;
};

// Which pages may connect: same_origin lets through requests without an Origin header (no browser)
// and pages that this server served; list takes exact origins ("https://example.org"); any takes
// all.
struct OriginPolicy {
  enum class Kind { same_origin, list, any };
  Kind kind = Kind::same_origin;
  std::vector<std::string> origins{};
};

// One route for plain WebSockets.
struct WebSocketOptions {
  std::function<void(WebSocket&)> on_open{};
  std::function<void(WebSocket&, Message)> on_message{};
  std::function<void(WebSocket&)> on_drain{};  // what had been blocked has left
  // The code that the peer sent; 1005 when its Close had none, 1006 when none came.
  std::function<void(WebSocket&, std::uint16_t code, std::string_view reason)> on_close{};
  // May refuse a handshake with a status such as 401 or 403; 0 accepts.
  std::function<int(const RequestInfo&)> on_upgrade{};

  std::vector<std::string> subprotocols{};  // ours, the preferred first
  OriginPolicy origins{};
  std::size_t message_bytes = std::size_t{1} << 20U;   // above: 1009
  std::size_t fragments = 4096;                        // of one message, above: 1008
  std::size_t high_watermark = std::size_t{1} << 16U;  // above: send() says blocked
  std::size_t limit = std::size_t{16} << 20U;          // above: the slow consumer is closed
  std::chrono::milliseconds idle_timeout{120'000};     // silence: a ping at half of it; 0 never
  std::chrono::milliseconds close_timeout{10'000};     // for the peer's Close
};

}  // namespace naru
