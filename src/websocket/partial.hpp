#pragma once

#include "base/assert.hpp"
#include "base/block.hpp"
#include "base/utf8.hpp"
#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"
#include "websocket/head_scan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace naru::websocket {

// Connection's memory of what is not complete yet: a head, a frame, a fragmented message. Exists
// only while there is something to remember.
struct Connection::Partial {
  Partial() = default;
  ~Partial() { drop_message(); }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;

  std::array<char, detail::kLongestHead> head_bytes;
  std::uint8_t head_size = 0;  // of a head that is cut; else 0

  bool in_frame = false;  // `frame` is the one whose payload is arriving
  bool open = false;      // a message has begun and not ended
  bool binary = false;    // that message
  bool compressed = false;
  bool begun = false;      // a part of it was given on
  bool more = false;       // its inflater has more for us, whatever arrives
  bool finishing = false;  // all of it has arrived, not all is inflated
  Utf8Validator utf8;      // what it has so far
  std::size_t fragments = 0;
  FrameHead frame;
  std::size_t received = 0;            // of `frame`
  std::uint64_t wire_bytes = 0;        // of the message, with what is still to come of `frame`
  std::size_t inflated = 0;            // of a message in parts
  std::unique_ptr<Inflater> borrowed;  // where the peer keeps no context
  ChunkPool* lender = nullptr;         // of what `message` began with
  Block message;                       // one for all fragments, so that tiny ones cost no more
  std::array<char, detail::kLongestControl> control;  // payload of a control frame that is cut

  [[nodiscard]] bool idle() const { return head_size == 0 && !in_frame && !open; }

  // `head` was judged: it opens a message, or continues the open one, or is a control frame.
  void begin_frame(const FrameHead& head) {
    frame = head;
    received = 0;
    in_frame = true;
    if (is_control(head.opcode)) return;
    ++fragments;
    wire_bytes += head.payload_bytes;
    if (head.opcode == Opcode::continuation) return;
    open = true;
    binary = head.opcode == Opcode::binary;
    compressed = head.rsv1;
    fragments = 1;
    wire_bytes = head.payload_bytes;
    // A message whose bytes are kept always begins in a Partial of its own.
    NARU_DCHECK(message.empty());
  }

  Event part(std::span<char> bytes, bool last) {
    return {.type = Event::Type::part,
            .binary = binary,
            .first = !std::exchange(begun, true),
            .last = last,
            .payload = bytes};
  }

  // `piece` is counted in `received`.
  void append(std::span<const char> piece, ChunkPool& pool) {
    constexpr std::size_t worth_a_block = 65536;
    const std::uint64_t left = frame.payload_bytes - received;
    if (message.capacity() == 0 && frame.payload_bytes >= worth_a_block) {
      lender = &pool;
      message = pool.take_block(static_cast<std::size_t>(frame.payload_bytes));
    }
    if (piece.size() > message.room().size()) grow(message.size() + piece.size(), left);
    message.append(piece);
  }

  // Where more of the frame may be received, if as much as `worth` has arrived and is to come.
  std::span<char> room(std::size_t worth) {
    if (!in_frame || compressed || is_control(frame.opcode)) return {};
    const std::uint64_t left = frame.payload_bytes - received;
    if (left < worth || message.size() < worth) return {};
    if (message.room().size() < worth) grow(message.size(), left);
    const std::span<char> behind = message.room();
    return behind.first(static_cast<std::size_t>(std::min<std::uint64_t>(behind.size(), left)));
  }

  // Doubles what has arrived, whatever a head promises; but when the end is in sight (`left` bytes
  // away), not beyond it.
  void grow(std::size_t arrived, std::uint64_t left) {
    constexpr std::size_t first_capacity = 256;
    std::size_t capacity = std::max(2 * arrived, first_capacity);
    if (frame.fin) {
      capacity = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, arrived + left));
    }
    message.reserve(capacity);
  }

  void drop_message() {
    Block block = std::exchange(message, {});
    if (lender != nullptr) std::exchange(lender, nullptr)->give_block(std::move(block));
  }
};

struct Connection::Held {
  Opcode opcode = Opcode::text;
  Compress compress = Compress::yes;
  SharedBytes frames{};
  std::string bytes;  // the message; with `frames`, what those say
};

struct Connection::Rare {
  Random* masks = nullptr;             // of a client
  std::unique_ptr<Partial> partial;    // null between whole messages
  std::unique_ptr<std::string> pong;   // payload of the one pong that waits for on_sent
  std::unique_ptr<Deflater> deflater;  // of our context, or of a message in parts
  std::unique_ptr<Inflater> inflater;  // of the peer's context
  std::vector<Held> held;
  std::size_t held_bytes = 0;

  void stop_sending() {
    pong.reset();
    deflater.reset();
    held.clear();
    held_bytes = 0;
  }
  [[nodiscard]] bool empty() const {
    return masks == nullptr && partial == nullptr && pong == nullptr && deflater == nullptr &&
           inflater == nullptr && held.empty();
  }
};

}  // namespace naru::websocket
