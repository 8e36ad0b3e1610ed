#include "websocket/frame.hpp"

#include "websocket/head_scan.hpp"

#include <cstdint>
#include <cstring>

namespace naru::websocket {
namespace {

char* put(char* at, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

inline void put_head(unsigned char first, std::size_t payload_bytes, char* out) {
  out[0] = static_cast<char>(first);
  if (payload_bytes < 126) [[likely]] {
    out[1] = static_cast<char>(payload_bytes);
    return;
  }
  const std::size_t size = head_size(payload_bytes);
  out[1] = size == 4 ? 126 : 127;
  for (std::size_t i = size; i > 2; --i, payload_bytes >>= 8U) {
    out[i - 1] = static_cast<char>(payload_bytes & 0xffU);
  }
}

}  // namespace

Result<std::optional<DecodedHead>> decode_head(std::string_view bytes, Role role, bool deflate) {
  const detail::HeadScan scan =
      detail::scan_head(bytes, role, deflate ? detail::Reserved::rsv1 : detail::Reserved::none);
  if (!scan.error.empty()) return Error{Errc::protocol_error, scan.error};
  if (!scan.whole) return std::optional<DecodedHead>();
  return std::optional<DecodedHead>(DecodedHead{scan.head, scan.size});
}

void apply_mask(std::span<char> payload, const std::array<unsigned char, 4>& mask,
                std::size_t phase) {
  // 16 octets at a time by the compilers' vector extension: g++ -O2 vectorises no loop of unknown
  // length by itself. The key repeats every 4 octets, so whole blocks keep its phase.
  using Words = std::uint32_t __attribute__((vector_size(16)));
  constexpr std::size_t block_size = sizeof(Words);
  const std::array<unsigned char, 4> turned{mask[phase % 4], mask[(phase + 1) % 4],
                                            mask[(phase + 2) % 4], mask[(phase + 3) % 4]};
  std::uint32_t word = 0;
  std::memcpy(&word, turned.data(), 4);
  const Words key{word, word, word, word};
  const auto apply_block = [&key](char* to) {
    Words block;
    std::memcpy(&block, to, block_size);
    block ^= key;
    std::memcpy(to, &block, block_size);
  };

  char* at = payload.data();
  std::size_t left = payload.size();
  for (; left >= 4 * block_size; at += 4 * block_size, left -= 4 * block_size) {
    apply_block(at);
    apply_block(at + block_size);
    apply_block(at + 2 * block_size);
    apply_block(at + 3 * block_size);
  }
  for (; left >= block_size; at += block_size, left -= block_size) apply_block(at);
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ turned[i % 4]);
}

void write_head(FrameKind kind, std::size_t payload_bytes, char* out) {
  put_head(kind.byte(), payload_bytes, out);
}

void encode_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                  SendQueue& out) {
  const std::size_t payload_bytes = prefix.size() + payload.size();
  const std::size_t head_bytes = head_size(payload_bytes);
  const bool large = payload.size() >= SendQueue::kWorthBorrowing;
  if (large && out.lent(payload)) {
    char* const at = out.append_uninitialized(head_bytes + prefix.size()).data();
    put_head(kind.byte(), payload_bytes, at);
    put(at + head_bytes, prefix);
    return out.borrow(payload);
  }
  char* const at = out.append_uninitialized(head_bytes + payload_bytes).data();
  put_head(kind.byte(), payload_bytes, at);
  put(put(at + head_bytes, prefix), payload);
}

void encode_masked_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                         const std::array<unsigned char, 4>& mask, SendQueue& out) {
  const std::size_t payload_bytes = prefix.size() + payload.size();
  const std::size_t head_bytes = head_size(payload_bytes);
  const std::span<char> room = out.append_uninitialized(head_bytes + mask.size() + payload_bytes);
  put_head(kind.byte(), payload_bytes, room.data());
  room[1] = static_cast<char>(static_cast<unsigned char>(room[1]) | detail::kMasked);
  std::memcpy(room.data() + head_bytes, mask.data(), mask.size());
  const std::span<char> body = room.subspan(head_bytes + mask.size());
  put(put(body.data(), prefix), payload);
  apply_mask(body, mask);
}

void append_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                  std::string& out) {
  const std::size_t payload_bytes = prefix.size() + payload.size();
  std::array<char, 10> head{};
  put_head(kind.byte(), payload_bytes, head.data());
  out.reserve(out.size() + head_size(payload_bytes) + payload_bytes);
  out.append(head.data(), head_size(payload_bytes)).append(prefix).append(payload);
}

}  // namespace naru::websocket
