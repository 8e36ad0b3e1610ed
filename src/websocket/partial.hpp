#pragma once

#include "base/assert.hpp"
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
  ChunkPool* lender = nullptr;         // of the block that `message` began with
  std::vector<char> message;  // one block for all fragments, so that tiny ones cost no more
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

  // The block grows with what has arrived, at most doubling, never with what a head promises; but
  // when the end is in sight, not beyond it.
  void append(std::span<const char> piece, ChunkPool& pool) {
    constexpr std::size_t worth_a_block = 65536;
    const std::size_t wanted = message.size() + piece.size();
    if (message.capacity() == 0 && frame.payload_bytes >= worth_a_block) {
      lender = &pool;
      message = pool.take_block();
    }
    if (wanted > message.capacity()) {
      constexpr std::size_t first_capacity = 256;
      std::size_t capacity = std::max({wanted, 2 * message.capacity(), first_capacity});
      if (frame.fin) {
        const std::uint64_t end = wanted + (frame.payload_bytes - received);
        capacity = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, end));
      }
      message.reserve(capacity);
    }
    message.insert(message.end(), piece.begin(), piece.end());
  }

  void drop_message() {
    std::vector<char> block = std::exchange(message, {});
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
