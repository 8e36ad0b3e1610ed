#pragma once

#include "base/send_queue.hpp"
#include "base/time.hpp"
#include "base/unique_function.hpp"
#include "http/response.hpp"
#include "transport/outbox.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>

namespace naru::transport {

// Of an answer that stays open: its limits, and what its owner is told. None of these is called
// from within a call to the answer; each may call it.
struct StreamedAnswer {
  OutboxLimits outbox{};
  // A peer that takes none of what waits for so long, at most twice that, is gone.
  Duration stall_timeout = std::chrono::seconds(30);
  // What waits has left, after Push::high.
  UniqueFunction<void()> on_drain{};
  // The server stops: say goodbye and end(). Without it the answer ends, and on_close is called.
  UniqueFunction<void()> on_shutdown{};
  // The peer has gone, or was given up: the last call, and the answer is gone after it. Not called
  // after end().
  UniqueFunction<void()> on_close{};
};

enum class Droppable : bool { no, yes };

// The body of an answer that stays open (HttpExchange::stream_response), until end() or on_close.
class ResponseStream {
 public:
  // Sends `bytes` with what else leaves in this turn. Above the high-water mark it is tried at
  // once: a busy turn is not yet a slow peer.
  virtual Push append(std::string_view bytes, Droppable droppable = Droppable::no) = 0;
  // How bytes stand on the wire. Those that go to many are framed once for each kind:
  // http::frame_piece.
  virtual http::Framing framing() const = 0;
  virtual Push append_framed(const SharedBytes& piece, Droppable droppable = Droppable::no) = 0;
  // Bytes that wait to leave. In HTTP/2 those of this stream, behind its window.
  virtual std::size_t buffered() const = 0;
  // Ends the answer behind what waits. Nothing of the owner is called afterwards.
  virtual void end() = 0;
  // Breaks it off: the peer sees that it was not complete. Nothing is called afterwards.
  virtual void abort() = 0;

 protected:
  ~ResponseStream() = default;
};

}  // namespace naru::transport
