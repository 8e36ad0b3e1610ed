#pragma once

#include "naru/message.hpp"
#include "naru/result.hpp"
#include "naru/tls.hpp"

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

namespace client {
struct State;
}

class WebSocketClient;

using Headers = std::vector<std::pair<std::string, std::string>>;

// How far opening a WebSocket had come.
enum class ConnectPhase { options, resolve, connect, proxy, tls, handshake, redirect };
std::string_view to_string(ConnectPhase phase);

// Why a WebSocket could not be opened.
struct ConnectFailure {
  ConnectPhase phase = ConnectPhase::options;
  Error error{Errc::io, {}};
  std::string text{};  // for people: "connect: 127.0.0.1:3000: Connection refused"
  // When the server, or a proxy, answered by something else than was asked for:
  int status = 0;
  Headers headers{};
  std::string body{};  // its first 64 KiB
};

// Whether, and when, to connect again after a connection has ended or could not be opened. Not when
// close() ended it, nor when nothing else can be expected: answers of 3xx and 4xx, but 408, 425 and
// 429, and options that cannot work.
struct ReconnectOptions {
  bool enabled = false;
  // The first delay is random, from nothing to this: when a server restarts, its clients must not
  // come back all at once (RFC 6455 7.2.3).
  std::chrono::milliseconds first_delay{5000};
  // The next ones double from `min_delay` to `max_delay`; a random part, up to half, is taken off.
  std::chrono::milliseconds min_delay{1000};
  std::chrono::milliseconds max_delay{60'000};
  unsigned attempts = 0;  // in a row; 0: no end
  // A connection that has lasted so long ends the row.
  std::chrono::milliseconds stable_after{5000};
};

// An HTTP proxy, asked by CONNECT for ws and wss alike.
struct ProxyOptions {
  std::string url{};  // "http://user:password@proxy.example:3128"; empty: none
  // When there is no `url`: https_proxy for wss, http_proxy for ws, all_proxy, less no_proxy.
  bool from_environment = false;
};

// Answers of 301, 302, 303, 307 and 308.
struct RedirectOptions {
  unsigned at_most = 0;      // 0: they are failures
  bool to_insecure = false;  // from wss to ws too
};

struct ConnectTimeouts {
  std::chrono::milliseconds resolve{10'000};
  std::chrono::milliseconds connect{10'000};  // TCP, all addresses
  std::chrono::milliseconds proxy{10'000};
  std::chrono::milliseconds tls{10'000};
  std::chrono::milliseconds handshake{10'000};
};

// Handlers run on the client's loop, one at a time. An exception that leaves one closes the
// WebSocket with 1011.
struct WebSocketClientOptions {
  std::function<void(WebSocketClient&)> on_open{};
  std::function<void(WebSocketClient&, Message)> on_message{};
  // Messages come as parts, as they arrive, and on_message is not called.
  std::function<void(WebSocketClient&, MessagePart)> on_part{};
  std::function<void(WebSocketClient&)> on_drain{};  // what had been blocked has left
  std::function<void(WebSocketClient&, std::string_view payload)> on_pong{};
  // The end of what on_open has begun: the code that the server sent; 1005 when its Close had none,
  // 1006 when none came.
  std::function<void(WebSocketClient&, std::uint16_t code, std::string_view reason)> on_close{};
  // An attempt that has not come to on_open.
  std::function<void(WebSocketClient&, const ConnectFailure&)> on_failure{};
  // After on_close or on_failure, when there will be another attempt: the how manyth in a row.
  std::function<void(WebSocketClient&, unsigned attempt, std::chrono::milliseconds delay)>
      on_reconnecting{};

  Headers headers{};                        // of the opening request, beside those of the handshake
  std::vector<std::string> subprotocols{};  // the preferred first
  bool require_subprotocol = true;          // a server that takes none of them is left
  // permessage-deflate is offered without parameters: one connection can afford a memory of its
  // own, and some gateways break on parameters. With `offer_window_bits` the server may ask us for
  // a smaller window (client_max_window_bits, as browsers offer it).
  Compression compression{.mode = Compression::Mode::dedicated};
  bool offer_window_bits = false;
  TlsClientOptions tls{};
  ProxyOptions proxy{};
  RedirectOptions redirects{};
  ReconnectOptions reconnect{};
  ConnectTimeouts timeouts{};

  std::size_t message_bytes = std::size_t{1} << 20U;   // above: 1009
  std::size_t fragments = 4096;                        // of one message, above: 1008
  std::size_t high_watermark = std::size_t{1} << 16U;  // above: send() says blocked
  std::size_t limit = std::size_t{16} << 20U;          // above: the connection is given up
  std::chrono::milliseconds idle_timeout{120'000};     // silence ends it with 1001; 0 never
  std::chrono::milliseconds ping_interval{0};          // of silence; 0: half of idle_timeout
  std::chrono::milliseconds close_timeout{10'000};     // for the server's Close
};

// A WebSocket to a server (RFC 6455), and again another one when it breaks, if `reconnect` says so.
// It lives on one loop, which is turned by start() on a thread of its own, by run() until it ends,
// or by the caller with poll(). It ends after close(), when the server has answered or
// `close_timeout` has passed; or, without reconnection, with its connection. While it is not open,
// nothing that is sent is kept: send() says `closed`. All calls but run(), poll(), fd() and those
// marked "in handlers" may be made from any thread, close() and the destructor also in handlers; on
// the loop's own they act at once, from others in order and as soon as the loop comes to it.
// close() waits for nothing. The destructor closes (1001), and waits for the thread,
// `close_timeout` at most; then no handler runs any more. In a handler it waits for nothing, and
// the thread ends by itself. Of a client that the caller turns it ends the connection at once:
// polite is close(), then poll() until it says false. An exception that leaves a handler closes the
// client (1011); wait(), run() or poll() throws it.
class WebSocketClient {
 public:
  // "ws://example.org/feed?x=y"; wss, http and https likewise. A user in the URL becomes basic
  // authentication. Throws std::invalid_argument for what can never work: a malformed URL or one
  // with a fragment, a header that HTTP does not allow or that the handshake itself uses.
  explicit WebSocketClient(std::string_view url, WebSocketClientOptions options = {});
  ~WebSocketClient();
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  // Connects on a thread of its own, which runs until the end. Once.
  void start();
  // The same on the caller's thread; SIGINT and SIGTERM close (1001). Returns the exit status of
  // main(): 0, or 1 when the last attempt has failed, after saying why on standard error.
  int run();
  // Waits for the end of what start() began.
  void wait();
  // One turn on the caller's thread: waits at most `wait` for something to do, and does it. False:
  // the client has ended.
  bool poll(std::chrono::milliseconds wait);
  // For a loop of the caller's own (poll, epoll, an event library): readable when poll() has
  // something to do, timers too; from the first call on, and the same one until the end. Of the
  // thread that polls.
  int fd();

  // Sends one message; copies it once. Text must be UTF-8. From another thread `sent` says that it
  // was handed over to the connection of this moment.
  SendOutcome send(Message message, const SendOptions& options = {});
  // Sends a long message piece by piece; the first piece says whether it is text, and text may be
  // cut anywhere. Whole messages sent before the last piece follow behind it.
  SendOutcome send_part(Message piece, Part part);
  // Sends a ping; at most 125 bytes. Its answer comes to on_pong.
  void ping(std::string_view payload = {});
  // Starts the closing handshake, or gives up connecting; there will be no other connection.
  void close(std::uint16_t code = 1000, std::string_view reason = {});

  // Tells once: when it is connected, at once if it is; or disconnected, when it has ended before.
  // On the client's loop; of one that has ended already, in the call.
  void when_connected(std::function<void(Result<void>)> done);
  bool is_open() const;
  std::size_t buffered_amount() const;  // bytes that wait to leave

  std::string_view subprotocol() const;  // in handlers: chosen by the server, or empty
  const Headers& headers() const;        // in handlers: of the answer that opened the WebSocket

 private:
  std::shared_ptr<client::State> state_;
};

}  // namespace naru
