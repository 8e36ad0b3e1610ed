#pragma once

#include "websocket/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// What decode_head and Connection share: not for other layers. Inline, as it runs for every frame.
namespace naru::websocket::detail {

inline constexpr std::size_t kLongestHead = 14;
inline constexpr std::size_t kLongestControl = 125;
inline constexpr unsigned kFin = 0x80;
inline constexpr unsigned kRsv1 = 0x40;
inline constexpr unsigned kRsv23 = 0x30;
inline constexpr unsigned kMasked = 0x80;

// How far the front of some bytes is understood as a frame head.
struct HeadScan {
  FrameHead head;
  std::size_t size = 0;       // of the whole head
  bool started = false;       // `size`, and the head's `opcode` and `fin`, are known
  bool length_known = false;  // and its `payload_bytes`
  bool whole = false;         // everything
  std::string_view error;     // not empty: the head breaks a rule of section 5
};

inline std::uint64_t read_big_endian(const char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8U | static_cast<unsigned char>(at[i]);
  return value;
}

// Which reserved bits mean something: with permessage-deflate, RSV1 on the first frame of a
// message.
enum class Reserved : std::uint8_t { none, rsv1 };

// Why the first byte of a frame is refused, or "".
inline std::string_view first_byte_error(unsigned first, Reserved reserved) {
  constexpr unsigned known_opcodes = 0b0000'0111'0000'0111;
  if ((first & (kRsv1 | kRsv23)) != 0) [[unlikely]] {
    const bool opens_message = (first & 0x0fU) == 1 || (first & 0x0fU) == 2;
    if ((first & kRsv23) != 0 || reserved == Reserved::none || !opens_message) {
      return "reserved bit set";  // RFC 7692 section 6.1 for control and continuation frames
    }
  }
  if ((known_opcodes >> (first & 0x0fU) & 1U) == 0) return "reserved opcode";
  if ((first & 0x08U) != 0 && (first & kFin) == 0) return "fragmented control frame";
  return {};
}

// Reads the 16 or 64 bit length. Judged as soon as it can be: the mask need not be there yet.
inline void scan_long_length(std::string_view bytes, std::size_t length_size, HeadScan& scan) {
  if (length_size == 8 && bytes.size() > 2 && (static_cast<unsigned char>(bytes[2]) & 0x80U) != 0) {
    scan.error = "frame length above 2^63";
    return;
  }
  if (bytes.size() < 2 + length_size) return;
  scan.head.payload_bytes = read_big_endian(bytes.data() + 2, length_size);
  scan.length_known = true;
  if (scan.head.payload_bytes < (length_size == 2 ? 126U : 65536U)) {
    scan.error = "frame length not in its shortest form";
  }
}

inline HeadScan scan_head(std::string_view bytes, Role role, Reserved reserved) {
  HeadScan scan;
  if (bytes.empty()) return scan;
  const unsigned first = static_cast<unsigned char>(bytes[0]);
  scan.error = first_byte_error(first, reserved);
  if (!scan.error.empty() || bytes.size() < 2) return scan;

  const unsigned second = static_cast<unsigned char>(bytes[1]);
  scan.head.opcode = static_cast<Opcode>(first & 0x0fU);
  scan.head.fin = (first & kFin) != 0;
  scan.head.rsv1 = (first & kRsv1) != 0;
  scan.head.masked = (second & kMasked) != 0;
  const std::size_t short_length = second & 0x7fU;
  if (scan.head.masked != (role == Role::server)) {
    scan.error = role == Role::server ? "frame of a client not masked" : "frame of a server masked";
    return scan;
  }
  if (is_control(scan.head.opcode) && short_length > kLongestControl) {
    scan.error = "control frame longer than 125 bytes";
    return scan;
  }
  const std::size_t length_size = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  const std::size_t mask_size = scan.head.masked ? 4 : 0;
  scan.started = true;
  scan.size = 2 + length_size + mask_size;
  if (length_size == 0) {
    scan.head.payload_bytes = short_length;
    scan.length_known = true;
  } else {
    scan_long_length(bytes, length_size, scan);
    if (!scan.error.empty()) return scan;
  }
  if (bytes.size() < scan.size) return scan;
  if (scan.head.masked) std::memcpy(scan.head.mask.data(), bytes.data() + 2 + length_size, 4);
  scan.whole = true;
  return scan;
}

// Unmasks a short payload, and returns bits of which 0x80 in any octet says: not all ASCII.
// One pass does both, as nearly all frames are a few ASCII octets.
inline std::uint64_t unmask_short(char* at, std::size_t count, const char* mask_at) {
  std::uint32_t mask = 0;
  std::memcpy(&mask, mask_at, 4);
  const std::uint64_t wide = std::uint64_t{mask} << 32U | mask;
  std::uint64_t seen = 0;
  for (; count >= 8; at += 8, count -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    word ^= wide;
    seen |= word;
    std::memcpy(at, &word, 8);
  }
  if (count >= 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, 4);
    word ^= mask;
    seen |= word;
    std::memcpy(at, &word, 4);
    at += 4;
    count -= 4;
  }
  for (std::size_t i = 0; i < count; ++i) {
    at[i] = static_cast<char>(at[i] ^ mask_at[i]);
    seen |= static_cast<unsigned char>(at[i]);
  }
  return seen;
}

}  // namespace naru::websocket::detail
