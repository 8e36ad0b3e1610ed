#pragma once

#include "naru/message.hpp"
#include "naru/result.hpp"
#include "naru/tls.hpp"
#include "naru/websocket_client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace naru {

namespace client {
class SockJsState;
}

class SockJsClient;

enum class SockJsTransport { websocket, xhr_streaming, xhr_polling };

// How a SockJS session is opened, and watched over.
struct SockJsConnect {
  // In this order: one that cannot be opened, though the server is there, is followed by the next.
  std::vector<SockJsTransport> transports{
      SockJsTransport::websocket, SockJsTransport::xhr_streaming, SockJsTransport::xhr_polling};
  std::chrono::milliseconds open_timeout{5000};  // for a transport to bring the session's beginning
  // A server that says nothing for so long is dead: it must have its heartbeats, 25 s by default,
  // more often. 0: never.
  std::chrono::milliseconds heartbeat_timeout{60'000};
  std::chrono::milliseconds send_timeout{10'000};  // for the answer to messages that HTTP carries
  std::size_t messages = 10'000;                   // in one frame
};

// Handlers run on the client's loop, one at a time.
struct SockJsClientOptions {
  std::function<void(SockJsClient&)> on_open{};
  std::function<void(SockJsClient&, Message)> on_message{};
  // The end of what on_open has begun, in words for people.
  std::function<void(SockJsClient&, std::string_view reason)> on_close{};
  // An attempt that has not come to on_open.
  std::function<void(SockJsClient&, const ConnectFailure&)> on_failure{};
  // After on_close or on_failure, when there will be another attempt: the how manyth in a row.
  std::function<void(SockJsClient&, unsigned attempt, std::chrono::milliseconds delay)>
      on_reconnecting{};
  std::function<void(SockJsClient&)> on_drain{};  // what had been blocked has left

  SockJsConnect connect{};
  ReconnectOptions reconnect{};  // each time with a new session

  Headers headers{};  // of each request
  Compression compression{.mode = Compression::Mode::dedicated};
  TlsClientOptions tls{};
  ProxyOptions proxy{};
  ConnectTimeouts timeouts{};
  std::chrono::milliseconds close_timeout{5000};

  std::size_t message_bytes = std::size_t{1} << 20U;   // of a frame
  std::size_t high_watermark = std::size_t{1} << 16U;  // above: send() says blocked
  std::size_t limit = std::size_t{16} << 20U;          // above: the session is given up
};

// A session at a SockJS service, over WebSocket or HTTP, and again another one when it breaks, if
// `reconnect` says so. While it is not open nothing that is sent is kept: send() says `closed`.
// It lives on one loop, which is turned by start() on a thread of its own, by run() until it ends,
// or by the caller with poll(). All calls but run(), poll() and fd() may be made from any thread,
// close() and the destructor also in handlers; on the loop's own they act at once, from others in
// order and as soon as the loop comes to it. close() waits for nothing. The destructor closes, and
// waits for the thread, `close_timeout` at most; then no handler runs any more. In a handler it
// waits for nothing, and the thread ends by itself. Of a client that the caller turns it ends the
// session at once: polite is close(), then poll() until it says false. An exception that leaves a
// handler closes the client; wait(), run() or poll() throws it.
class SockJsClient {
 public:
  // "https://example.org/echo": the service, whose query is kept on every request. Throws
  // std::invalid_argument for what can never work.
  explicit SockJsClient(std::string_view url, SockJsClientOptions options = {});
  ~SockJsClient();
  SockJsClient(const SockJsClient&) = delete;
  SockJsClient& operator=(const SockJsClient&) = delete;

  // SockJS carries text: what is no UTF-8 is `dropped`.
  SendOutcome send(Message message);

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

  // What has been sent still leaves; then the session ends.
  void close();

  // Tells once: when it is connected, at once if it is; or disconnected, when it has ended before.
  // On the client's loop; of one that has ended already, in the call.
  void when_connected(std::function<void(Result<void>)> done);
  bool is_open() const;

 private:
  std::shared_ptr<client::SockJsState> state_;
};

}  // namespace naru
