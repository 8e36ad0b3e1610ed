#pragma once

#include "naru/message.hpp"
#include "naru/tls.hpp"
#include "naru/topic.hpp"

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru {

namespace server {
class WebSocketEndpoint;
struct State;
}  // namespace server

// What the handshake said, for handlers and policies. Borrowed like everything in a handler.
struct RequestInfo {
  std::string path;                                           // percent-encoded, as sent
  std::string query;                                          // likewise, without '?'
  std::vector<std::pair<std::string, std::string>> headers;   // as sent, in order
  std::string address;                                        // of the peer: "192.0.2.1"
  bool secure = false;                                        // came by TLS
  std::shared_ptr<const PeerCertificate> peer_certificate{};  // verified (mutual TLS); else null
  std::string_view http_version = "1.1";                      // "1.0", "1.1", "2"
  // What stood for ":name" in the route, decoded, in order.
  std::vector<std::pair<std::string, std::string>> parameters{};

  // The first header of that name (case-insensitive), or "".
  std::string_view header(std::string_view name) const;
  // The part of the path that stood for ":name" in the route, or "".
  std::string_view parameter(std::string_view name) const;
};

// A handshake that is in order and comes from an origin that may connect, before it is answered.
// Borrowed by on_upgrade, which may look at it, add to the answer, or refuse it.
class Upgrade {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  const RequestInfo& request() const { return request_; }

  // Answers with this status (300 to 599) instead of 101, and closes. An empty body becomes the
  // status in words. Throws std::invalid_argument as add_header does, or for another status.
  void refuse(int status, std::string_view body = {}, Headers headers = {});
  bool refused() const { return status_ != 0; }

  // Goes with the 101. Throws std::invalid_argument for a name or value that HTTP does not allow
  // (CR and LF above all), and for the headers of the handshake itself.
  void add_header(std::string_view name, std::string_view value);

  // The one that will be answered: by default the first of the route's that the peer offers.
  std::string_view subprotocol() const;
  // What the peer offers of the route's subprotocols, the preferred first.
  std::vector<std::string_view> subprotocols() const;
  // Answers with another one of these, or, if empty, with none. Throws std::invalid_argument for
  // what was not offered, or is not the route's.
  void choose_subprotocol(std::string_view name);

  // Becomes WebSocket::data().
  std::any& data() { return data_; }

 private:
  friend class server::WebSocketEndpoint;
  Upgrade(const RequestInfo& request, const std::vector<std::string>& known,
          std::vector<std::size_t> offered)
      : request_(request), known_(known), offered_(std::move(offered)) {
    if (!offered_.empty()) chosen_ = offered_.front();
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  const RequestInfo& request_;
  const std::vector<std::string>& known_;  // the route's subprotocols
  std::vector<std::size_t> offered_;       // which of them the peer speaks
  std::size_t chosen_ = kNone;
  int status_ = 0;
  std::string body_;
  Headers headers_;
  std::any data_;
};

class WebSocketRef;

// One plain WebSocket at the server. Borrowed by handlers: neither copied nor kept; ref() gives
// what may be kept. All calls on its own loop, which is where its handlers run. What the handlers
// of one turn send leaves together, in one write.
class WebSocket {
 public:
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Sends one message; copies it once. Text must be UTF-8.
  SendOutcome send(Message message, const SendOptions& options = {});
  // Sends a long message piece by piece; the first piece says whether it is text, and text may be
  // cut anywhere. Pieces are never dropped: after `blocked`, go on in on_drain. Whole messages sent
  // before the last piece follow behind it.
  SendOutcome send_part(Message piece, Part part);
  // Sends a ping; at most 125 bytes. Its answer comes to on_pong.
  void ping(std::string_view payload = {});
  // Starts the closing handshake (RFC 6455 section 7). Nothing can be sent afterwards.
  void close(std::uint16_t code = 1000, std::string_view reason = {});

  // Receives what is published to that topic: Server::topic(name).publish(), publish(). A name that
  // ends in '*' stands for every topic that begins with what precedes it. A publication comes once,
  // however many subscriptions fit. Subscriptions end with the connection.
  void subscribe(std::string_view topic);
  // The same of one topic, and is somebody there (see Topic::enter) until it unsubscribes or
  // closes. Throws std::invalid_argument for what Member does not allow.
  void subscribe(std::string_view topic, Member member);
  void unsubscribe(std::string_view topic);
  // Publishes to all subscribers but this one.
  void publish(std::string_view topic, Message message, const PublishOptions& options = {});

  std::size_t buffered_amount() const;  // bytes that wait to leave
  std::string_view subprotocol() const;
  // What the handshake said: until on_open has returned, and empty afterwards, unless
  // WebSocketOptions::keep_request says otherwise. What is needed later is best put into data().
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
  void send(Message message, const SendOptions& options = {}) const;  // copies the message
  void close(std::uint16_t code = 1000, std::string_view reason = {}) const;
  // Runs `task` on the socket's loop.
  void with(std::function<void(WebSocket&)> task) const;

 private:
  friend class WebSocket;
  std::weak_ptr<server::State> state_;
  unsigned worker_ = 0;
  std::uint64_t number_ = 0;
};

// Which pages may connect: same_origin lets through requests without an Origin header (no browser)
// and pages that this server served; list takes exact origins ("https://example.org"); any takes
// all.
struct OriginPolicy {
  enum class Kind { same_origin, list, any };
  Kind kind = Kind::same_origin;
  std::vector<std::string> origins{};
};

// What happens to a peer that reads more slowly than it is sent to. `limit` (see WebSocketOptions)
// is what may wait for it. Messages that wait are dropped whole, and before they are compressed; a
// message always finds room when nothing else waits.
enum class SlowConsumer {
  disconnect,   // above the limit, the connection is closed at once: on_close says 1006
  drop_oldest,  // above the limit, the longest waiting message goes
  drop_newest,  // what does not fit the limit is not taken: send() says dropped
  // A message takes the place of the one with the same key (SendOptions, PublishOptions) that still
  // waits; above the limit, the longest waiting goes.
  keep_latest,
};

// One route for plain WebSockets. An exception that leaves a handler is logged and closes the
// WebSocket with 1011; from on_upgrade it answers 500.
struct WebSocketOptions {
  std::function<void(WebSocket&)> on_open{};
  std::function<void(WebSocket&, Message)> on_message{};
  // Messages come as parts, as they arrive, and on_message is not called. The limits count the
  // whole message still.
  std::function<void(WebSocket&, MessagePart)> on_part{};
  std::function<void(WebSocket&)> on_drain{};  // what had been blocked has left
  std::function<void(WebSocket&, std::string_view payload)> on_pong{};  // the peer answered a ping
  // Did not reach this peer: a publication that was dropped, or a message that send() had taken and
  // the policy for slow consumers has dropped since. Told at the end of the turn, as long as the
  // messages of this turn do not exceed `limit` bytes. (What send() itself says is not repeated.)
  std::function<void(WebSocket&, Message)> on_dropped{};
  // The code that the peer sent; 1005 when its Close had none, 1006 when none came.
  std::function<void(WebSocket&, std::uint16_t code, std::string_view reason)> on_close{};
  // Looks at a handshake before it is accepted: see Upgrade.
  std::function<void(Upgrade&)> on_upgrade{};

  std::vector<std::string> subprotocols{};  // ours, the preferred first
  OriginPolicy origins{};
  Compression compression{};
  std::size_t message_bytes = std::size_t{1} << 20U;   // above: 1009
  std::size_t fragments = 4096;                        // of one message, above: 1008
  std::size_t high_watermark = std::size_t{1} << 16U;  // above: send() says blocked
  std::size_t limit = std::size_t{16} << 20U;          // above: what slow_consumer says
  SlowConsumer slow_consumer = SlowConsumer::disconnect;
  std::chrono::milliseconds idle_timeout{120'000};  // silence ends it with 1001; 0 never
  std::chrono::milliseconds ping_interval{0};       // of silence; 0: half of idle_timeout
  std::chrono::milliseconds close_timeout{10'000};  // for the peer's Close
  bool keep_request = false;  // WebSocket::request() for its whole life, at the price of memory
};

}  // namespace naru
