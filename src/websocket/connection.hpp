#pragma once

#include "base/cursor.hpp"
#include "base/random.hpp"
#include "base/send_queue.hpp"
#include "naru/result.hpp"
#include "websocket/close_code.hpp"
#include "websocket/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::websocket {

namespace detail {
struct HeadScan;
}

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
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // Decodes up to the next event, advancing past what it used; unmasks in place. Pings are answered
  // into `out`. Returns nullopt when it wants more bytes.
  // Errors: protocol_error (1002), bad_utf8 (1007), message_too_big (1009), too_many (1008); the
  // Close frame with that code is in `out` then (unless one was sent before), and everything
  // further is ignored.
  Result<std::optional<Event>> receive(Cursor& in, SendQueue& out);

  // Appends one message as one frame. Ignored once a Close was sent. Text must be UTF-8.
  void send_text(std::string_view text, SendQueue& out) { send(Opcode::text, text, out); }
  void send_binary(std::string_view bytes, SendQueue& out) { send(Opcode::binary, bytes, out); }
  // The same for any opcode but close and continuation; a ping or pong has at most 125 bytes.
  void send(Opcode opcode, std::string_view payload, SendQueue& out);
  // Appends a Close (once). `reason` is cut to 123 bytes at a character boundary, and left out if
  // it is not UTF-8. Code 1005 sends an empty Close; a code that no peer may send becomes 1011.
  // From here on messages that arrive are dropped; only the peer's Close is awaited.
  void close(std::uint16_t code, std::string_view reason, SendQueue& out);
  // Call when what was queued has left: sends the latest pong that had to wait.
  void on_sent(SendQueue& out);

  [[nodiscard]] bool close_sent() const { return close_sent_; }
  [[nodiscard]] bool close_received() const { return close_received_; }
  // Neither side may say anything more.
  [[nodiscard]] bool finished() const { return close_sent_ && (close_received_ || failed_); }

 private:
  // A frame or message of which only a part has arrived.
  struct Partial;
  using Step = Result<std::optional<Event>>;  // nullopt: go on with what is left of `in`

  Step receive_frames(Cursor& in, SendQueue& out);
  Step receive_head(Cursor& in, SendQueue& out);
  Result<void> judge_head(const detail::HeadScan& scan, SendQueue& out);
  Step receive_body(const FrameHead& head, Cursor& in, SendQueue& out);
  Step receive_more_body(Cursor& in, SendQueue& out);
  Step receive_piece(std::span<char> piece, SendQueue& out);
  Step receive_control(Opcode opcode, std::span<char> payload, SendQueue& out);
  Step receive_close(std::span<char> payload, SendQueue& out);
  Partial& partial();
  void answer_ping(std::string_view payload, SendQueue& out);
  void write_frame(Opcode opcode, std::string_view payload, SendQueue& out);
  Error fail(Errc code, std::string_view text, SendQueue& out);

  Role role_;
  bool close_sent_ = false;
  bool close_received_ = false;
  bool failed_ = false;
  Limits limits_;
  Random* masks_;
  std::unique_ptr<Partial> partial_;           // null between whole messages
  std::unique_ptr<std::string> pending_pong_;  // payload of the one pong that waits for on_sent
};

}  // namespace naru::websocket
