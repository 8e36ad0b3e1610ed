#pragma once

#include "base/assert.hpp"
#include "base/block.hpp"
#include "base/cursor.hpp"
#include "base/random.hpp"
#include "base/send_queue.hpp"
#include "base/utf8.hpp"
#include "naru/result.hpp"
#include "websocket/close_code.hpp"
#include "websocket/deflate_negotiation.hpp"
#include "websocket/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::websocket {

namespace detail {
struct HeadScan;
}

// What a connection is held to: the same for all of a route, which share one.
struct Limits {
  std::size_t message_bytes = std::size_t{1} << 20U;  // 1009; once inflated, when it is compressed
  std::size_t fragments = 4096;                       // of one message: 1008
  std::size_t pending_pong_above = 16384;  // bytes waiting to leave, above which pongs are replaced
  // Of a message that is not compressed: once so much of it has arrived, and is still to come of
  // its frame, the rest may be received where it stays (room()).
  std::size_t room_above = 16384;
  bool parts =
      false;  // messages come as Event::Type::part, as they arrive; whole ones are not held
  DeflateConfig deflate{};  // how we compress, where that was agreed
};

// What receive() found.
struct Event {
  enum class Type : std::uint8_t {
    message,  // a whole message: `binary`, `payload`
    part,     // a piece of one, when Limits::parts: `binary`, `first`, `last`, `payload`
    pong,     // `payload`
    closed,   // the peer's Close came first and was answered: `code`, `payload` is its reason
    close_answered,  // the peer answered our Close: `code`, `payload` likewise
  };
  Type type = Type::message;
  bool binary = false;
  bool first = true;
  bool last = true;         // both are true of a whole message
  std::uint16_t code = 0;   // 1005 when the Close frame was empty
  std::span<char> payload;  // valid until the next call of receive, or until its buffer moves
};

class Deflater;
class DeflatePool;
class Inflater;

// Whether a message may be compressed. It is, where that was agreed and it is long enough.
enum class Compress : std::uint8_t { no, yes };
enum class Part : std::uint8_t { more, last };

// One WebSocket connection after its handshake, either role (RFC 6455 sections 5 to 8; RFC 7692).
// Pure: frames in, events out, frames to send appended to `out`. A server's, idle and without
// contexts, owns no memory beyond itself.
class Connection {
 public:
  // `limits` must outlive the connection. `masks` is drawn from by the client role alone, and must
  // outlive it too; else nullptr.
  Connection(Role role, const Limits& limits, Random* masks = nullptr);
  Connection(Role role, const Limits&& limits, Random* masks = nullptr) = delete;
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // Decodes up to the next event, advancing past what it used; unmasks in place. Pings are answered
  // into `out`. Returns nullopt when it wants more bytes.
  // Errors: protocol_error (1002), bad_utf8 (1007), message_too_big (1009), too_many (1008); the
  // Close frame with that code is in `out` then (unless one was sent before), and everything
  // further is ignored.
  Result<std::optional<Event>> receive(Cursor& in, SendQueue& out);

  // Where the bytes that come next may be received, to be given to receive() there: the rest of a
  // long message, which then is not copied. Empty: anywhere.
  std::span<char> room();

  // What the handshake agreed; before anything is received or sent. The pool must outlive the
  // connection.
  void use_deflate(const DeflateAgreement& agreement, DeflatePool& pool);

  // Appends one message as one frame: `prefix` and `payload` in a row. Ignored once a Close was
  // sent. Text must be UTF-8. While a message is being sent in parts, others are held until its
  // end.
  void send(Opcode opcode, std::string_view prefix, std::string_view payload, Compress compress,
            SendQueue& out);
  void send_text(std::string_view text, SendQueue& out) { send(Opcode::text, text, out); }
  void send_binary(std::string_view bytes, SendQueue& out) { send(Opcode::binary, bytes, out); }
  // The same for any opcode but close and continuation; a ping or pong has at most 125 bytes.
  void send(Opcode opcode, std::string_view payload, SendQueue& out) {
    NARU_DCHECK(opcode != Opcode::text || is_utf8(payload));
    send(opcode, {}, payload, Compress::yes, out);
  }
  // Appends the next frame of a message that is sent piece by piece; opcode and `compress` count
  // for its first piece. The pieces together must be UTF-8.
  void send_part(Opcode opcode, std::string_view piece, Part part, Compress compress,
                 SendQueue& out);
  // Appends frames that were encoded for many (encode_shared) in this connection's wire_class().
  // `plain`: what the compressed ones among them say, in order. Server only.
  void send_encoded(const SharedBytes& frames, std::string_view plain, SendQueue& out);
  // Which shared frames it can send: 0 uncompressed; 1, 2, 3: compressed, windows 9, 12 and 15.
  [[nodiscard]] int wire_class() const;
  [[nodiscard]] bool has_own_context() const { return own_context_; }
  // Bytes that wait for the end of a message in parts.
  [[nodiscard]] std::size_t held_bytes() const;

  // Appends a Close (once). `reason` is cut to 123 bytes at a character boundary, and left out if
  // it is not UTF-8. Code 1005 sends an empty Close; a code that no peer may send becomes 1011.
  // From here on messages that arrive are dropped; only the peer's Close is awaited.
  void close(std::uint16_t code, std::string_view reason, SendQueue& out);
  // Call when what was queued has left: sends the latest pong that had to wait.
  void on_sent(SendQueue& out);
  // Frees what can be had again: our compressor starts anew with the next message.
  void trim();

  [[nodiscard]] const Limits& limits() const { return *limits_; }
  [[nodiscard]] bool close_sent() const { return close_sent_; }
  [[nodiscard]] bool close_received() const { return close_received_; }
  // Neither side may say anything more.
  [[nodiscard]] bool finished() const { return close_sent_ && (close_received_ || failed_); }

 private:
  // A frame or message of which only a part has arrived.
  struct Partial;
  // A message that waits for the end of one in parts.
  struct Held;
  // What few connections have at any time.
  struct Rare;
  using Step = Result<std::optional<Event>>;  // nullopt: go on with what is left of `in`

  Step receive_frames(Cursor& in, SendQueue& out);
  Step receive_head(Cursor& in, SendQueue& out);
  Result<void> judge_head(const detail::HeadScan& scan, SendQueue& out);
  Step receive_body(const FrameHead& head, Cursor& in, SendQueue& out);
  Step receive_more_body(Cursor& in, SendQueue& out);
  Step receive_piece(std::span<char> piece, SendQueue& out);
  Step receive_compressed(bool binary, std::string_view payload, SendQueue& out);
  Step receive_compressed_part(Cursor& in, SendQueue& out);
  Result<void> inflate(std::string_view piece, bool ends, Partial& state, SendQueue& out);
  Result<void> inflate_to(Block& message, std::string_view in, bool ends, Inflater& inflater,
                          Utf8Validator* utf8, SendQueue& out);
  Result<void> judge_inflated(std::span<char> step, std::size_t before, bool failed,
                              Utf8Validator* utf8, SendQueue& out);
  std::span<char> inflate_room(std::size_t before);
  bool inflates_more() const;
  Inflater& peer_inflater();
  Inflater& inflater_of(Partial& state);
  Step receive_control(Opcode opcode, std::span<char> payload, SendQueue& out);
  Step receive_close(std::span<char> payload, SendQueue& out);
  Rare& rare();
  Partial* partial() const;
  Partial& make_partial();
  void drop_partial();
  void tidy();

  void send_compressed(Opcode opcode, std::string_view prefix, std::string_view payload,
                       SendQueue& out);
  void write_part(FrameKind kind, std::string_view piece, SendQueue& out);
  void hold(Held message);
  void send_held(SendQueue& out);
  Deflater& own_deflater();
  void answer_ping(std::string_view payload, SendQueue& out);
  void write_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                   SendQueue& out);
  Error fail(Errc code, std::string_view text, SendQueue& out);

  [[nodiscard]] Role role() const { return client_ ? Role::client : Role::server; }

  // There are many idle connections: every byte counts, and the last word has room for its owner's
  // small members.
  const Limits* limits_;
  DeflatePool* pool_ = nullptr;  // null: no compression
  std::unique_ptr<Rare> rare_;
  bool short_cut_ = true;  // a whole, short frame needs no look at anything else
  bool client_ : 1;
  bool close_sent_ : 1 = false;
  bool close_received_ : 1 = false;
  bool failed_ : 1 = false;
  bool own_context_ : 1 = false;
  bool peer_context_ : 1 = false;
  bool sending_parts_ : 1 = false;
  bool parts_compressed_ : 1 = false;
  std::uint8_t own_window_bits_ : 4 = 15;
  std::uint8_t peer_window_bits_ : 4 = 15;
};

}  // namespace naru::websocket
