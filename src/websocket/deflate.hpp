#pragma once

#include "base/block.hpp"
#include "base/send_queue.hpp"
#include "naru/result.hpp"
#include "websocket/deflate_negotiation.hpp"
#include "websocket/frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct z_stream_s;

namespace naru::websocket {

// How much of the heap one compressor of these settings takes, and one decompressor of that window.
constexpr std::size_t deflate_memory(int window_bits, int memory_level) {
  const int bits = window_bits == 8 ? 9 : window_bits;
  return (std::size_t{1} << static_cast<unsigned>(bits + 2)) +
         (std::size_t{1} << static_cast<unsigned>(memory_level + 9)) + 6144;
}
constexpr std::size_t inflate_memory(int window_bits) {
  return (std::size_t{1} << static_cast<unsigned>(window_bits)) + 7200;
}

// One direction's compressor (RFC 7692 section 7.2.1). Its window lives on from message to message
// until reset().
class Deflater {
 public:
  // Window 8 is kept by compressing with 9: zlib has no 8, but never reaches back further than the
  // window less 262 bytes.
  Deflater(int window_bits, int memory_level, int level);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  enum class End : std::uint8_t { none, piece, message };
  // Appends the compressed form of `bytes` to `out`. After `piece` all of it is there; after
  // `message` also the end is, without its last four bytes, as the wire has it.
  void compress(std::string_view bytes, End end, std::string& out);
  // Forgets everything said before.
  void reset();
  void reset(int level);
  // The peer's window has moved over `plain` by a frame that was compressed elsewhere: so does
  // ours.
  void learn(std::string_view plain);

 private:
  std::unique_ptr<z_stream_s> stream_;
  int level_;
  bool used_ = false;  // since the last reset
};

// One direction's decompressor (RFC 7692 section 7.2.2).
class Inflater {
 public:
  explicit Inflater(int window_bits);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Inflates from the front of `in`, advancing, until that is empty or `room` full; returns how
  // much it wrote. A full room may leave more to come: call again, even when `in` is empty.
  // `failed` is set where the stream is corrupt; what was written before counts.
  std::size_t inflate(std::string_view& in, std::span<char> room, bool& failed);
  // After the last byte of a message, likewise: what is still to come. Done when the room is not
  // filled.
  std::size_t finish(std::span<char> room, bool& failed);
  // Forgets everything said before.
  void reset(int window_bits);

 private:
  std::size_t run(std::string_view& in, std::span<char> room, bool& failed);
  bool at_block_boundary() const;

  std::unique_ptr<z_stream_s> stream_;
  std::string_view tail_;  // what finish() has yet to feed
  bool finishing_ = false;
  bool ended_ = false;  // the last byte ended a final block
};

// What the connections of one loop share for permessage-deflate: compressors and decompressors
// without a context of their own, and room to work in. Made as they are needed; must outlive the
// connections.
class DeflatePool {
 public:
  static constexpr std::size_t kStep = 16384;        // inflated at a time
  static constexpr std::size_t kKeptInflaters = 8;   // that nobody uses
  static constexpr std::size_t kKeptRoom = 1 << 17;  // of each buffer, between messages

  DeflatePool();
  ~DeflatePool();
  DeflatePool(const DeflatePool&) = delete;
  DeflatePool& operator=(const DeflatePool&) = delete;

  // The compressor of a window class (1, 2 or 3), reset.
  Deflater& deflater(int wire_class, int level);
  // For as long as a message needs it; given back by release.
  std::unique_ptr<Inflater> borrow_inflater(int window_bits);
  void release(std::unique_ptr<Inflater> inflater);

  // For the length of one call.
  std::string& deflated();
  std::span<char> step();
  // Until the next message of any connection.
  Block& inflated();

 private:
  std::array<std::unique_ptr<Deflater>, 3> deflaters_;
  std::vector<std::unique_ptr<Inflater>> inflaters_;
  std::unique_ptr<char[]> step_;
  std::string deflated_;
  Block inflated_;
};

// The class of shared frames that a peer with this window can read: the largest whose window is not
// larger. 1: up to 11 bits, made with 9; 2: up to 14, made with 12; 3: 15.
constexpr int wire_class_of(int window_bits) {
  return window_bits >= 15 ? 3 : window_bits >= 12 ? 2 : 1;
}

// Appends one message as a server's frame that any connection of that wire class may be sent: as it
// is for class 0, when it is shorter than the threshold or would not shrink; else compressed
// without context. `plain`, when given, gets what was compressed, for Connection::send_encoded.
void append_shared(Opcode opcode, std::string_view prefix, std::string_view payload, int wire_class,
                   const DeflateConfig& config, DeflatePool& pool, std::string& frames,
                   std::string* plain = nullptr);
std::string encode_shared(Opcode opcode, std::string_view payload, int wire_class,
                          DeflatePool& pool, const DeflateConfig& config = {});

}  // namespace naru::websocket
