#pragma once

#include "base/send_queue.hpp"
#include "base/time.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http2/limits.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace naru::http2 {

using StreamId = std::int32_t;

// Whether this build speaks HTTP/2. If not, no Session may be made.
bool available();

// RFC 9113 section 7, as far as we say it.
enum class ErrorCode : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  cancel = 0x8,
  enhance_your_calm = 0xb,
};

struct Event {
  enum class Type : std::uint8_t {
    request,  // its head: see Session::request
    refused,  // a head that was answered with `code`, or reset (0); for the log
    data,     // give it back by consume() once it was taken
    end,      // the peer will send no more on this stream
    closed,   // the last of this stream: both ended, or `code` (ErrorCode) of a reset
  };
  Type type{};
  StreamId stream = 0;
  std::uint32_t code = 0;
  std::span<char> data{};   // in the bytes given to receive(); may be changed in place
  std::string_view text{};  // refused: why
};

// The server's side of one HTTP/2 connection (RFC 9113, and RFC 8441 for WebSockets): bytes in,
// events out; answers in, bytes out. nghttp2 behind it knows the frames, HPACK, the flow control
// and whose turn it is to send (at most 16 KiB each).
//
// What is submitted leaves with the next send(). A stream's reader that does not consume() holds
// back that stream alone: the connection's window is always open.
class Session {
 public:
  // `limits` and `chunks` outlive it.
  Session(const Limits& limits, ChunkPool& chunks);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Takes all of `bytes`; what they mean are the events that follow. After an error (the peer
  // broke the protocol as a whole, or passed a budget) there is only a last send().
  Result<void> receive(std::span<char> bytes, Instant now);
  // Events of receive() and send(), in order. Those of a stream that was reset are left out.
  std::optional<Event> next_event();
  // Queues frames while fewer than `room` bytes wait in `out`.
  void send(SendQueue& out, std::size_t room);
  // Nothing more will be sent or understood: the connection may be closed.
  bool finished() const;
  // Streams that are not closed.
  std::size_t streams() const;

  // Of a stream whose `request` event has come, until its `closed` or forget_request().
  http::Request& request(StreamId stream);
  void forget_request(StreamId stream);  // gives its memory back
  // Before the body: the peer may send it.
  void send_continue(StreamId stream);
  // Answers; a body that is still to come is not wanted then.
  void respond(StreamId stream, const http::Response& response);
  // Answers with a body that comes by append(), until end(). A HEAD gets none.
  void respond_open(StreamId stream, const http::Response& response);
  void append(StreamId stream, std::string_view bytes);
  void append(StreamId stream, const SharedBytes& bytes);
  // Accepts an extended CONNECT: answers 200, and sends what is put into `source`, which must be
  // there until end() has been sent or reset() was called.
  void accept(StreamId stream, const http::Response& response, SendQueue& source);
  void resume(StreamId stream);               // there is something in the source
  void end(StreamId stream);                  // after what is in the source
  bool ended(StreamId stream) const;          // that has been sent
  std::size_t unsent(StreamId stream) const;  // bytes of an answer that wait for the peer
  void reset(StreamId stream, ErrorCode code);
  void consume(StreamId stream, std::size_t bytes);

  // Takes no new streams; those that are there go on (GOAWAY, RFC 9113 6.8).
  void shut_down();
  // Ends the connection with `code`.
  void terminate(ErrorCode code);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::http2
