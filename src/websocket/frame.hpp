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
// shortest form.
struct DecodedHead {
  FrameHead head;
  std::size_t size = 0;
};
Result<std::optional<DecodedHead>> decode_head(std::string_view bytes, Role role);

// Applies `mask` in place (section 5.3); `phase` is how many bytes of the frame came before.
void apply_mask(std::span<char> payload, const std::array<unsigned char, 4>& mask,
                std::size_t phase = 0);

// Size of the head of an unmasked frame: 2, 4 or 10.
constexpr std::size_t head_size(std::size_t payload_bytes) {
  return payload_bytes < 126 ? 2 : payload_bytes < 65536 ? 4 : 10;
}
// Writes the head of an unmasked, final frame to `out`, which has head_size bytes.
void write_head(Opcode opcode, std::size_t payload_bytes, char* out);

// Appends one unmasked, final frame: what a server sends. `prefix` and `payload` follow one
// another.
void encode_frame(Opcode opcode, std::string_view prefix, std::string_view payload, SendQueue& out);
// Appends one masked, final frame: what a client sends. Every frame needs a fresh, unpredictable
// `mask` (section 10.3).
void encode_masked_frame(Opcode opcode, std::string_view payload,
                         const std::array<unsigned char, 4>& mask, SendQueue& out);
// encode_frame to the end of a string: for bytes that many connections will share.
void append_frame(Opcode opcode, std::string_view prefix, std::string_view payload,
                  std::string& out);

}  // namespace naru::websocket
