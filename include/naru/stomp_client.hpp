#pragma once

#include "naru/message.hpp"
#include "naru/result.hpp"
#include "naru/sockjs_client.hpp"
#include "naru/tls.hpp"
#include "naru/websocket_client.hpp"

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

namespace stomp {
struct Frame;
}
namespace client {
struct DeliveryKey;
struct StompGate;
struct SubscriptionKey;
struct TransactionKey;
class StompState;
}  // namespace client

class StompClient;
class StompTransaction;

// What became of a frame for which a receipt was asked: success once the broker has done it, else
// timed_out, or disconnected: then nobody knows. Called once if the call said `sent` or `blocked`,
// and not at all otherwise.
using OnReceipt = std::function<void(Result<void>)>;

struct StompSendOptions {
  Headers headers{};  // beside the protocol's own: "content-type", "persistent", ...
  OnReceipt on_receipt{};
};

// Names a message for its ACK, on any thread and at any time; when the connection by which it came
// has ended, that says `closed`, and the broker gives the message to somebody else.
class StompDelivery {
 public:
  SendOutcome ack(OnReceipt on_receipt = {}) const;
  // STOMP 1.0 has none: `dropped`.
  SendOutcome nack(OnReceipt on_receipt = {}) const;

 private:
  friend class StompMessage;
  friend class StompTransaction;
  explicit StompDelivery(std::shared_ptr<const client::DeliveryKey> key) : key_(std::move(key)) {}
  std::shared_ptr<const client::DeliveryKey> key_;
};

// A MESSAGE, or an ERROR: borrowed for the handler.
class StompMessage {
 public:
  StompMessage(const StompMessage&) = delete;
  StompMessage& operator=(const StompMessage&) = delete;

  std::string_view destination() const { return header("destination"); }
  std::string_view body() const;
  std::string_view header(std::string_view name) const;  // the first one, or ""
  std::vector<std::pair<std::string_view, std::string_view>> headers() const;  // all, in order

  StompDelivery delivery() const;  // for an ACK that comes later
  SendOutcome ack() const { return delivery().ack(); }
  SendOutcome nack() const { return delivery().nack(); }

 private:
  friend class client::StompState;
  StompMessage(const stomp::Frame& frame, const std::shared_ptr<client::StompGate>& gate,
               std::uint64_t connection)
      : frame_(frame), gate_(gate), connection_(connection) {}
  const stomp::Frame& frame_;
  const std::shared_ptr<client::StompGate>& gate_;
  std::uint64_t connection_;
};

// Who says that a message was dealt with: nobody has to; the client, for it and all before; the
// client, for each.
enum class StompAck { automatic, client, client_individual };

struct StompSubscribeOptions {
  StompAck ack = StompAck::automatic;
  Headers headers{};  // "prefetch-count", "selector", ...
  // The broker has confirmed it: on each connection anew.
  std::function<void()> on_subscribed{};
};

// A subscription that lasts until it is ended: each new connection begins with it. A handle, as
// ClientSocket is.
class StompSubscription {
 public:
  void unsubscribe() const;

 private:
  friend class StompClient;
  StompSubscription(std::shared_ptr<client::StompGate> gate,
                    std::shared_ptr<client::SubscriptionKey> key)
      : gate_(std::move(gate)), key_(std::move(key)) {}
  std::shared_ptr<client::StompGate> gate_;
  std::shared_ptr<client::SubscriptionKey> key_;
};

// What is sent and acknowledged in it takes effect with commit(), all of it, or not at all. It
// belongs to the connection on which it began: when that has ended, all calls say `closed`. A
// handle, as ClientSocket is.
class StompTransaction {
 public:
  SendOutcome send(std::string_view destination, std::string_view body,
                   StompSendOptions options = {}) const;
  SendOutcome ack(const StompDelivery& delivery) const;
  SendOutcome nack(const StompDelivery& delivery) const;
  SendOutcome commit(OnReceipt on_receipt = {}) const;
  SendOutcome abort(OnReceipt on_receipt = {}) const;

 private:
  friend class StompClient;
  explicit StompTransaction(std::shared_ptr<const client::TransactionKey> key)
      : key_(std::move(key)) {}
  std::shared_ptr<const client::TransactionKey> key_;
};

// Handlers run on the client's loop, one at a time.
struct StompClientOptions {
  std::string host{};  // the virtual host; empty: none is named, as browsers' clients do
  std::string login{};
  std::string passcode{};
  Headers connect_headers{};  // of CONNECT, beside those
  // How often we can send, and want to hear; 0: not at all. The slower side's wish counts.
  std::chrono::milliseconds heartbeat_send{10'000};
  std::chrono::milliseconds heartbeat_receive{10'000};

  // CONNECTED has come; the subscriptions have been said again.
  std::function<void(StompClient&)> on_connect{};
  // The end of what on_connect has begun, in words for people.
  std::function<void(StompClient&, std::string_view reason)> on_disconnect{};
  // An attempt that has not come to on_connect.
  std::function<void(StompClient&, const ConnectFailure&)> on_failure{};
  // An ERROR, with which the broker ends the connection: on_disconnect follows, or on_failure.
  std::function<void(StompClient&, const StompMessage&)> on_error{};
  // After on_disconnect or on_failure, when there will be another attempt: the how manyth in a row.
  std::function<void(StompClient&, unsigned attempt, std::chrono::milliseconds delay)>
      on_reconnecting{};
  std::function<void(StompClient&)> on_drain{};  // what had been blocked has left

  // As for WebSockets; nor after an ERROR instead of CONNECTED, unless `retry_refused`: brokers say
  // so when the passcode is wrong, but some also while they are starting.
  ReconnectOptions reconnect{.enabled = true};
  bool retry_refused = false;

  Headers headers{};  // of the opening HTTP request
  Compression compression{.mode = Compression::Mode::dedicated};
  TlsClientOptions tls{};
  ProxyOptions proxy{};
  ConnectTimeouts timeouts{};
  SockJsConnect sockjs{};                             // over SockJS
  std::chrono::milliseconds connect_timeout{10'000};  // until CONNECTED
  std::chrono::milliseconds receipt_timeout{30'000};
  std::chrono::milliseconds close_timeout{5000};  // for the end that close() begins

  // What the broker may make us hold: one frame.
  std::size_t body_bytes = std::size_t{2} << 20U;
  std::size_t headers_at_most = 128;
  std::size_t header_bytes = 8192;
  std::size_t head_bytes = 32768;
  // What waits because the broker does not take it.
  std::size_t receipts = 100'000;                      // above: send() says dropped
  std::size_t high_watermark = std::size_t{1} << 16U;  // above: send() says blocked
  std::size_t limit = std::size_t{16} << 20U;          // above: the connection is given up
};

// A connection to a STOMP broker (1.0, 1.1, 1.2), and again another one when it breaks, on which
// the subscriptions are said again. It lives on one loop, which is turned by start() on a thread of
// its own, by run() until it ends, or by the caller with poll(). While it is not connected nothing
// that is sent is kept: send() says `closed`. All calls but run(), poll() and fd() may be made from
// any thread, close() and the destructor also in handlers; on the loop's own they act at once, from
// others in order and as soon as the loop comes to it. close() waits for nothing. The destructor
// closes, and waits for the thread, `close_timeout` at most; then no handler runs any more. In a
// handler it waits for nothing, and the thread ends by itself. Of a client that the caller turns it
// ends the connection at once, and whoever waits is told so: polite is close(), then poll() until
// it says false. An exception that leaves a handler closes the client; wait(), run() or poll()
// throws it.
class StompClient {
 public:
  // "wss://example.org/stomp" (ws, https and http likewise), "stomp://example.org:61613",
  // "stomp+ssl://example.org:61614"; over SockJS, "sockjs+https://example.org/stomp". Throws
  // std::invalid_argument for what can never work.
  explicit StompClient(std::string_view url, StompClientOptions options = {});
  ~StompClient();
  StompClient(const StompClient&) = delete;
  StompClient& operator=(const StompClient&) = delete;

  // `handler` gets the messages, on this connection and those that follow.
  StompSubscription subscribe(std::string_view destination,
                              std::function<void(const StompMessage&)> handler,
                              StompSubscribeOptions options = {});
  // Copies the body once. It is text if it is UTF-8; over SockJS anything else is `dropped`.
  SendOutcome send(std::string_view destination, std::string_view body,
                   StompSendOptions options = {});
  StompTransaction begin();

  void start();  // once
  void wait();   // for the end of what start() began
  // Returns after close(), SIGINT or SIGTERM, or when no attempt is left: the exit status of
  // main(), 0, or 1 when the last attempt has failed, after saying why on standard error.
  int run();
  // One turn on the caller's thread: waits at most `wait` for something to do, and does it. False:
  // the client has ended.
  bool poll(std::chrono::milliseconds wait);
  // For a loop of the caller's own (poll, epoll, an event library): readable when poll() has
  // something to do, timers too; from the first call on, and the same one until the end. Of the
  // thread that polls.
  int fd();

  // Says DISCONNECT, waits for the broker to confirm that it has had everything, and ends.
  void close();

  // Tells once: when it is connected, at once if it is; or disconnected, when it has ended before.
  // On the client's loop; of one that has ended already, in the call.
  void when_connected(std::function<void(Result<void>)> done);
  bool connected() const;
  std::string_view version() const;  // in handlers: "1.2"

 private:
  std::shared_ptr<client::StompState> state_;
};

}  // namespace naru
