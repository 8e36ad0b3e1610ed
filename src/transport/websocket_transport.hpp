#pragma once

#include "base/random.hpp"
#include "base/send_queue.hpp"
#include "base/time.hpp"
#include "http/response.hpp"
#include "io/stream.hpp"
#include "transport/outbox.hpp"
#include "websocket/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

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
  // A piece of a message (`event.first`, `last`, `binary`, `payload`), when the limits say parts.
  virtual void on_websocket_part(WebSocketTransport&, const websocket::Event&) {}
  virtual void on_websocket_pong(WebSocketTransport&, std::string_view) {}
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
  bool ping = true;          // after a while of silence
  Duration ping_interval{};  // of silence; zero: half of the idle timeout

  Duration first_ping() const {
    return ping_interval > Duration::zero() ? ping_interval : idle_timeout / 2;
  }
};

// How the WebSockets of a route, or of a client, behave. They share it, and it outlives them.
struct WebSocketSettings {
  websocket::Limits limits{};  // the first, so that whoever has these has all
  WebSocketTimes times{};
  OutboxLimits outbox{};
};
static_assert(std::is_standard_layout_v<WebSocketSettings>);

// What the opening of one WebSocket came to.
struct WebSocketOpening {
  websocket::Role role = websocket::Role::server;
  // To be sent first: an HTTP/1.1 server's 101. A client has read it, HTTP/2 has its own.
  std::optional<http::Response> switching_protocols{};
  std::optional<websocket::DeflateAgreement> deflate{};
  websocket::DeflatePool* pool = nullptr;  // of the loop, where `deflate` is given
  Random* masks = nullptr;                 // of the loop, where the role is client
};

// One WebSocket on one stream: bytes through websocket::Connection to its user, and back.
class WebSocketTransport final : public io::StreamHandler {
 public:
  // `user` is told on_websocket_open once the 101 is queued, and is not owned: either it outlives
  // the transport, or it calls forget_user().
  WebSocketTransport(WebSocketUser& user, const WebSocketSettings& settings,
                     WebSocketOpening opening);
  // The same, owning its user.
  WebSocketTransport(std::unique_ptr<WebSocketUser> user, const WebSocketSettings& settings,
                     WebSocketOpening opening);
  ~WebSocketTransport() override;

  // Sends one message, `prefix` and `payload` in one frame.
  Push send(websocket::Opcode opcode, std::string_view prefix, std::string_view payload,
            websocket::Compress compress = websocket::Compress::yes);
  // Sends one message piece by piece, each a frame of it; `opcode` is that of the whole message. No
  // other message may be sent before the last piece.
  Push send_part(websocket::Opcode opcode, std::string_view piece, websocket::Part part,
                 websocket::Compress compress = websocket::Compress::yes);
  // Sends frames that were encoded before, for many, in wire_class(). `plain` is what the
  // compressed ones among them say, in order: a compressor with a context of its own has to learn
  // it.
  Push send_encoded(const SharedBytes& frames, bool droppable, std::string_view plain = {});
  // Which frames may be shared with this connection: see websocket::encode_shared.
  int wire_class() const { return connection_.wire_class(); }
  // Whether send_encoded wants to know `plain`.
  bool compresses_with_context() const { return connection_.has_own_context(); }
  // At most 125 bytes.
  Push ping(std::string_view payload);
  // Starts the closing handshake; 1005 sends an empty Close. Nothing can be sent afterwards.
  void close(std::uint16_t code, std::string_view reason);
  void abort() { stream_->abort(); }
  // No more calls to the user.
  void forget_user() { user_told_ = true; }

  // Whether more than the high-water mark waits, after another try to send it; the user is told
  // then when it has left.
  bool congested();
  std::size_t buffered() const { return stream_->out().size() + connection_.held_bytes(); }
  io::Stream& stream() { return *stream_; }
  bool closing() const {
    return connection_.close_sent() || stream_->finishing() || stream_->closed();
  }

  void on_attached(io::Stream& stream) override;
  std::span<char> room() override;
  void on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_sent() override;
  void on_deadline(Instant now) override;
  void on_shutdown() override;
  void on_closed(io::StreamEnd end) override;

 private:
  void handle(const websocket::Event& event);
  void handle_large(const websocket::Event& event, std::span<char> bytes);
  void repay();
  void report_closed(std::uint16_t code, std::string_view reason);
  void finish_if_done();
  void watch_silence(Instant now, Duration silence);
  Push pushed();

  WebSocketTransport(WebSocketUser* user, const WebSocketSettings& settings,
                     WebSocketOpening opening);
  WebSocketUser* user() const { return user_told_ ? nullptr : user_; }

  // Those that its connection has the limits of.
  const WebSocketSettings& settings() const {
    return reinterpret_cast<const WebSocketSettings&>(connection_.limits());
  }

  // There are many idle ones: the small members fill up the connection's last word, and what is
  // needed at different times shares one.
  [[no_unique_address]] websocket::Connection connection_;
  bool owns_user_ : 1 = false;
  bool user_told_ : 1 = false;  // it gets no more calls
  bool blocked_ : 1 = false;    // more than the high-water mark waits
  bool attached_ : 1 = false;
  std::uint32_t last_received_ = 0;  // in milliseconds, of which only differences mean something
  union {
    http::Response* switching_protocols_;  // until it is attached; owned, or nullptr
    io::Stream* stream_;
  };
  WebSocketUser* user_;
};

}  // namespace naru::transport
