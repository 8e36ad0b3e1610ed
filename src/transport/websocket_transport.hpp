#pragma once

#include "base/send_queue.hpp"
#include "base/time.hpp"
#include "http/response.hpp"
#include "io/stream.hpp"
#include "websocket/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace naru::transport {

class WebSocketTransport;

// What sits on a WebSocket: a plain one's handlers, an Engine.IO session.
class WebSocketUser {
 public:
  virtual ~WebSocketUser() = default;
  virtual void on_websocket_open(WebSocketTransport& transport) = 0;
  // `payload` may be changed in place, and is gone after the call.
  virtual void on_websocket_message(WebSocketTransport& transport, bool binary,
                                    std::span<char> payload) = 0;
  virtual void on_websocket_drain(WebSocketTransport& transport) = 0;
  // The last call. `code` is what the peer sent, 1005 for none, 1006 when it vanished, or the code
  // with which we failed the connection.
  virtual void on_websocket_closed(WebSocketTransport& transport, std::uint16_t code,
                                   std::string_view reason) = 0;
  virtual void on_websocket_violation(WebSocketTransport& transport, const Error& error) = 0;
};

struct WebSocketTimes {
  Duration idle_timeout{};  // zero: the user watches over the peer itself
  Duration close_timeout = std::chrono::seconds(10);
};

// How much may wait to leave one connection.
struct OutboxLimits {
  std::size_t high_watermark = std::size_t{1} << 16U;  // above it droppable messages are dropped
  std::size_t limit = std::size_t{16} << 20U;          // above it the slow consumer is closed
};
enum class Push : std::uint8_t { queued, high, dropped, overflow, closed };

// One WebSocket on one stream: bytes through websocket::Connection to its user, and back.
class WebSocketTransport final : public io::StreamHandler {
 public:
  // `user` is told on_websocket_open once the 101 is queued, and is not owned: either it outlives
  // the transport, or it calls forget_user().
  WebSocketTransport(WebSocketUser& user, const websocket::Limits& limits,
                     const WebSocketTimes& times, const OutboxLimits& outbox,
                     http::Response switching_protocols);
  // The same, owning its user.
  WebSocketTransport(std::unique_ptr<WebSocketUser> user, const websocket::Limits& limits,
                     const WebSocketTimes& times, const OutboxLimits& outbox,
                     http::Response switching_protocols);
  ~WebSocketTransport() override;

  // Sends one message, `prefix` and `payload` in one frame.
  Push send(websocket::Opcode opcode, std::string_view prefix, std::string_view payload);
  // Sends frames that were encoded before, for many.
  Push send_encoded(const SharedBytes& frames, bool droppable);
  // Starts the closing handshake; 1005 sends an empty Close. Nothing can be sent afterwards.
  void close(std::uint16_t code, std::string_view reason);
  void abort() { stream_->abort(); }
  // No more calls to the user.
  void forget_user() { user_ = nullptr; }

  std::size_t buffered() const { return stream_->out().size(); }
  io::Stream& stream() { return *stream_; }
  bool closing() const { return connection_.close_sent() || stream_->finishing(); }

  void on_attached(io::Stream& stream) override;
  void on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_sent() override;
  void on_deadline(Instant now) override;
  void on_shutdown() override;
  void on_closed(io::StreamEnd end) override;

 private:
  void handle(const websocket::Event& event);
  void report_closed(std::uint16_t code, std::string_view reason);
  void finish_if_done();
  bool room_for_droppable();
  Push pushed();

  websocket::Connection connection_;
  io::Stream* stream_ = nullptr;
  WebSocketUser* user_;
  std::unique_ptr<WebSocketUser> owned_user_;
  WebSocketTimes times_;
  OutboxLimits outbox_;
  Instant last_received_{};
  bool blocked_ = false;  // more than the high-water mark waits
  std::unique_ptr<http::Response> switching_protocols_;
};

}  // namespace naru::transport
