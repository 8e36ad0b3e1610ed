#pragma once

#include "base/send_queue.hpp"
#include "naru/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::websocket {

enum class Role : std::uint8_t { server, client };

enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xa,
};
constexpr bool is_control(Opcode opcode) {
  return (static_cast<unsigned>(opcode) & 0x8U) != 0;
}

struct FrameHead {
  Opcode opcode = Opcode::text;
  bool fin = true;
  bool rsv1 = false;
  bool masked = false;
  std::uint64_t payload_bytes = 0;
  std::array<unsigned char, 4> mask{};
};

// Decodes a frame head from the front of `bytes` (RFC 6455 section 5.2). `size` is its length, 2 to
// 14 bytes. Returns nullopt when `bytes` ends inside the head. Judges what the first two bytes show
// as soon as they are there.
// Errors: protocol_error for every rule of section 5 that one head shows by itself: RSV bits,
// unknown opcode, wrong mask direction, fragmented or long control frame, length not in its
// shortest form. RSV1 is refused unless `deflate` was agreed, and then but for the first frame of a
// message.
struct DecodedHead {
  FrameHead head;
  std::size_t size = 0;
};
Result<std::optional<DecodedHead>> decode_head(std::string_view bytes, Role role,
                                               bool deflate = false);

// Applies `mask` in place (section 5.3); `phase` is how many bytes of the frame came before.
void apply_mask(std::span<char> payload, const std::array<unsigned char, 4>& mask,
                std::size_t phase = 0);

// What the first byte of a frame says.
struct FrameKind {
  Opcode opcode = Opcode::text;
  bool fin = true;
  bool compressed = false;  // RSV1

  constexpr unsigned char byte() const {
    return static_cast<unsigned char>((fin ? 0x80U : 0U) | (compressed ? 0x40U : 0U) |
                                      static_cast<unsigned>(opcode));
  }
};

// Size of the head of an unmasked frame: 2, 4 or 10.
constexpr std::size_t head_size(std::size_t payload_bytes) {
  return payload_bytes < 126 ? 2 : payload_bytes < 65536 ? 4 : 10;
}
// Writes the head of an unmasked frame to `out`, which has head_size bytes.
void write_head(FrameKind kind, std::size_t payload_bytes, char* out);

// Appends one unmasked frame: what a server sends. `prefix` and `payload` follow one another.
void encode_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                  SendQueue& out);
inline void encode_frame(Opcode opcode, std::string_view prefix, std::string_view payload,
                         SendQueue& out) {
  encode_frame(FrameKind{.opcode = opcode}, prefix, payload, out);
}
// Appends one masked frame: what a client sends. Every frame needs a fresh, unpredictable `mask`
// (section 10.3).
void encode_masked_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                         const std::array<unsigned char, 4>& mask, SendQueue& out);
inline void encode_masked_frame(Opcode opcode, std::string_view payload,
                                const std::array<unsigned char, 4>& mask, SendQueue& out) {
  encode_masked_frame(FrameKind{.opcode = opcode}, {}, payload, mask, out);
}
// encode_frame to the end of a string: for bytes that many connections will share.
void append_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                  std::string& out);
inline void append_frame(Opcode opcode, std::string_view prefix, std::string_view payload,
                         std::string& out) {
  append_frame(FrameKind{.opcode = opcode}, prefix, payload, out);
}

}  // namespace naru::websocket
