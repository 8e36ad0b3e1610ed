#pragma once

#include "base/cursor.hpp"
#include "base/random.hpp"
#include "base/send_queue.hpp"
#include "base/utf8.hpp"
#include "naru/result.hpp"
#include "websocket/close_code.hpp"
#include "websocket/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::websocket {

struct Limits {
  std::size_t message_bytes = std::size_t{1} << 20U;  // 1009
  std::size_t fragments = 4096;                       // of one message: 1008
  std::size_t pending_pong_above = 16384;  // bytes waiting to leave, above which pongs are replaced
};

// What receive() found.
struct Event {
  enum class Type : std::uint8_t {
    message,  // a whole message: `binary`, `payload`
    pong,     // `payload`
    closed,   // the peer's Close came first and was answered: `code`, `payload` is its reason
    close_answered,  // the peer answered our Close: `code`, `payload` likewise
  };
  Type type = Type::message;
  bool binary = false;
  std::uint16_t code = 0;   // 1005 when the Close frame was empty
  std::span<char> payload;  // valid until the next call of receive, or until its buffer moves
};

// One WebSocket connection after its handshake, either role (RFC 6455 sections 5 to 8). Pure:
// frames in, events out, frames to send appended to `out`. Idle, it owns no memory beyond itself.
class Connection {
 public:
  // `masks` is drawn from by the client role alone, and must outlive the connection; else nullptr.
  Connection(Role role, const Limits& limits, Random* masks = nullptr);

  // Decodes up to the next event, advancing past what it used; unmasks in place. Pings are answered
  // into `out`. Returns nullopt when it wants more bytes.
  // Errors: protocol_error (1002), bad_utf8 (1007), message_too_big (1009), too_many (1008); the
  // Close frame with that code is in `out` then (unless one was sent before), and everything
  // further is ignored.
  Result<std::optional<Event>> receive(Cursor& in, SendQueue& out);

  // Appends one message as one frame. Ignored once a Close was sent. Text must be UTF-8.
  void send_text(std::string_view text, SendQueue& out) { send(Opcode::text, text, out); }
  void send_binary(std::string_view bytes, SendQueue& out) { send(Opcode::binary, bytes, out); }
  void send(Opcode opcode, std::string_view payload, SendQueue& out);
  // Appends a Close (once). `reason` is cut to 123 bytes at a character boundary. Code 1005 sends
  // an empty Close.
  void close(std::uint16_t code, std::string_view reason, SendQueue& out);
  // Call when what was queued has left: sends the latest pong that had to wait.
  void on_sent(SendQueue& out);

  bool close_sent() const { return close_sent_; }
  bool close_received() const { return close_received_; }
  // Neither side may say anything more.
  bool finished() const { return close_sent_ && (close_received_ || failed_); }

 private:
  // The implementation's own business: see connection.cpp.
  Role role_;
  bool close_sent_ = false;
  bool close_received_ = false;
  bool failed_ = false;
};

}  // namespace naru::websocket
