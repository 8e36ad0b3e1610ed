#pragma once

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "websocket/connection.hpp"
#include "websocket/head_scan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace naru::websocket {

// Connection's memory of what is not complete yet: a head, a frame, a fragmented message. Exists
// only while there is something to remember.
struct Connection::Partial {
  std::array<char, detail::kLongestHead> head_bytes;
  std::uint8_t head_size = 0;  // of a head that is cut; else 0

  bool in_frame = false;  // `frame` is the one whose payload is arriving
  bool open = false;      // a message has begun and not ended
  bool binary = false;    // that message
  Utf8Validator utf8;     // what it has so far
  std::size_t fragments = 0;
  FrameHead frame;
  std::size_t received = 0;   // of `frame`
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
    if (head.opcode == Opcode::continuation) return;
    open = true;
    binary = head.opcode == Opcode::binary;
    fragments = 1;
    // A message whose bytes are kept always begins in a Partial of its own.
    NARU_DCHECK(message.empty());
  }

  // The block grows with what has arrived, at most doubling, never with what a head promises; but
  // when the end is in sight, not beyond it.
  void append(std::span<const char> piece) {
    const std::size_t wanted = message.size() + piece.size();
    if (wanted > message.capacity()) {
      constexpr std::size_t first_capacity = 256;
      std::size_t capacity = std::max({wanted, 2 * message.capacity(), first_capacity});
      if (frame.fin) {
        const std::uint64_t end = message.size() + (frame.payload_bytes - received);
        capacity = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, end));
      }
      message.reserve(capacity);
    }
    message.insert(message.end(), piece.begin(), piece.end());
  }

  void drop_message() { std::vector<char>().swap(message); }
};

}  // namespace naru::websocket
