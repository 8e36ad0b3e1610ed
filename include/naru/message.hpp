#pragma once

#include "naru/bytes.hpp"

#include <cstddef>
#include <string_view>

namespace naru {

// One message, text or binary, borrowed: a received one is valid for the length of its handler.
struct Message {
  std::string_view data{};
  bool binary = false;
  bool json = false;  // text that is one JSON value, for protocols that tell the two apart

  std::string_view text() const { return data; }
  BytesView bytes() const { return as_bytes(data); }
};
inline Message text(std::string_view data) {
  return {data, false};
}
// `data` is valid JSON, or naru::Topic refuses it.
inline Message json_message(std::string_view data) {
  return {data, false, true};
}
inline Message binary(BytesView data) {
  return {as_text(data), true};
}

// What became of a message that was handed over for sending.
enum class SendOutcome {
  sent,     // queued within the limits
  blocked,  // queued, but the peer reads slowly: more than the high-water mark waits
  dropped,  // not taken: droppable above the high-water mark, or the policy for slow consumers
  closed,   // the connection is closing, or was closed just now because its limit was passed
};

// What a message is sent with.
struct SendOptions {
  bool compress = true;    // when the peer agreed to it, and the message reaches the threshold
  bool droppable = false;  // while more than the high-water mark waits, it is dropped
  // SlowConsumer::keep_latest: takes the place of the message with the same key that still waits.
  std::string_view key{};
};

// A piece of a long message, as it is received by on_part: borrowed, and cut anywhere.
struct MessagePart {
  std::string_view data{};  // of text: UTF-8 in whole, but a character may be cut in two
  bool binary = false;
  bool first = false;
  bool last = false;
};
// Whether more pieces of the same message follow.
enum class Part { more, last };

// permessage-deflate (RFC 7692), with peers that offer it. What a compressed connection costs, by
// mode: shared, nothing while no message is half received; dedicated, some 2^(window_bits + 2) +
// 2^(memory_level + 9) + 6 KiB to send (15 and 8: 268 KB; 12 and 5: 38 KB) and 2^window_bits + 7
// KiB to receive, each from its first compressed message on.
struct Compression {
  enum class Mode {
    off,
    shared,    // each message by itself, with one compressor per loop: broadcasts compress once
    dedicated  // each connection has its own, which remembers: smaller, at the price of memory
  };
  Mode mode = Mode::shared;
  std::size_t threshold = 1024;  // shorter messages are sent as they are
  int level = 6;                 // 1, fast, to 9, small
  int window_bits = 15;          // 8 to 15; the most, either way
  int memory_level = 8;          // 1 to 9
};

}  // namespace naru
