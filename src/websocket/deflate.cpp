#include "websocket/deflate.hpp"

#include "base/assert.hpp"

#include <zlib.h>

#include <algorithm>

namespace naru::websocket {
namespace {

constexpr std::string_view kTail("\x00\x00\xff\xff", 4);  // RFC 7692 section 7.2.1
constexpr std::size_t kAtOnce = std::size_t{1} << 30U;    // zlib counts in 32 bits

Bytef* bytes_of(const char* data) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data));  // zlib reads from it only
}

uInt count_of(std::size_t size) {
  return static_cast<uInt>(std::min(size, kAtOnce));
}

// Of the compressors without context: small windows are for small memories, ours included.
struct Shape {
  int window_bits;
  int memory_level;
};
constexpr std::array<Shape, 3> kShapes{{{9, 1}, {12, 5}, {15, 8}}};

}  // namespace

// ---- Deflater

Deflater::Deflater(int window_bits, int memory_level, int level)
    : stream_(std::make_unique<z_stream>()), level_(level) {
  const int code = deflateInit2(stream_.get(), level, Z_DEFLATED, -std::max(window_bits, 9),
                                memory_level, Z_DEFAULT_STRATEGY);
  NARU_ASSERT(code == Z_OK);
}

Deflater::~Deflater() {
  deflateEnd(stream_.get());
}

void Deflater::compress(std::string_view bytes, End end, std::string& out) {
  const std::size_t begin = out.size();
  const int flush = end == End::none ? Z_NO_FLUSH : Z_SYNC_FLUSH;
  bool more = true;
  while (more) {
    stream_->next_in = bytes_of(bytes.data());
    stream_->avail_in = count_of(bytes.size());
    const std::size_t given = stream_->avail_in;
    // Nearly always enough for all of it. Never as little as six bytes, or the flush comes twice.
    const std::size_t room = deflateBound(stream_.get(), static_cast<uLong>(given)) + 64;
    const std::size_t written = out.size();
    out.resize(written + room);
    stream_->next_out = bytes_of(out.data() + written);
    stream_->avail_out = static_cast<uInt>(room);
    const bool all = given == bytes.size();
    const int code = deflate(stream_.get(), all ? flush : Z_NO_FLUSH);
    NARU_ASSERT(code == Z_OK || code == Z_BUF_ERROR);  // the latter: there was nothing to do
    out.resize(out.size() - stream_->avail_out);
    bytes.remove_prefix(given - stream_->avail_in);
    more = stream_->avail_out == 0 || !all;
  }
  used_ = true;
  if (end != End::message) return;
  if (out.size() == begin) {
    out += '\0';  // nothing since the last flush: zlib says nothing, but an end needs a block
  } else {
    out.resize(out.size() - kTail.size());
  }
}

void Deflater::reset() {
  if (!used_) return;
  deflateReset(stream_.get());
  used_ = false;
}

void Deflater::reset(int level) {
  reset();
  if (level == level_) return;
  deflateParams(stream_.get(), level, Z_DEFAULT_STRATEGY);
  level_ = level;
}

void Deflater::learn(std::string_view plain) {
  if (plain.empty()) return;
  if (plain.size() > kAtOnce) plain.remove_prefix(plain.size() - kAtOnce);
  // Between blocks a raw stream takes a dictionary at any time, and appends it to its window.
  const int code =
      deflateSetDictionary(stream_.get(), bytes_of(plain.data()), count_of(plain.size()));
  NARU_ASSERT(code == Z_OK);
  used_ = true;
}

// ---- Inflater

Inflater::Inflater(int window_bits) : stream_(std::make_unique<z_stream>()) {
  const int code = inflateInit2(stream_.get(), -window_bits);
  NARU_ASSERT(code == Z_OK);
}

Inflater::~Inflater() {
  inflateEnd(stream_.get());
}

std::size_t Inflater::inflate(std::string_view& in, std::span<char> room, bool& failed) {
  return run(in, room, failed);
}

std::size_t Inflater::finish(std::span<char> room, bool& failed) {
  if (!finishing_) {
    finishing_ = true;
    // A message that ends with its final block, where an empty block should follow, is understood.
    if (!ended_) tail_ = kTail;
  }
  const std::size_t written = run(tail_, room, failed);
  if (failed || written == room.size()) return written;
  failed = !at_block_boundary();
  finishing_ = ended_ = false;
  return written;
}

std::size_t Inflater::run(std::string_view& in, std::span<char> room, bool& failed) {
  stream_->next_out = bytes_of(room.data());
  stream_->avail_out = count_of(room.size());
  do {
    stream_->next_in = bytes_of(in.data());
    stream_->avail_in = count_of(in.size());
    const std::size_t given = stream_->avail_in;
    const int code = ::inflate(stream_.get(), Z_NO_FLUSH);
    in.remove_prefix(given - stream_->avail_in);
    if (given > stream_->avail_in) ended_ = false;
    if (code == Z_STREAM_END) {
      // A final block is legal (RFC 7692 section 7.2.3.4), and another stream may follow it. The
      // window is the connection's, not the stream's.
      inflateResetKeep(stream_.get());
      ended_ = true;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      failed = true;
      break;
    }
  } while (!in.empty() && stream_->avail_out > 0);
  return room.size() - stream_->avail_out;
}

bool Inflater::at_block_boundary() const {
  return ended_ || (static_cast<unsigned>(stream_->data_type) & 0x87U) == 0x80;
}

void Inflater::reset(int window_bits) {
  inflateReset2(stream_.get(), -window_bits);
  tail_ = {};
  finishing_ = ended_ = false;
}

// ---- DeflatePool

DeflatePool::DeflatePool() = default;
DeflatePool::~DeflatePool() = default;

Deflater& DeflatePool::deflater(int wire_class, int level) {
  const auto index = static_cast<std::size_t>(wire_class - 1);
  std::unique_ptr<Deflater>& deflater = deflaters_.at(index);
  if (deflater == nullptr) {
    const Shape& shape = kShapes.at(index);
    deflater = std::make_unique<Deflater>(shape.window_bits, shape.memory_level, level);
  } else {
    deflater->reset(level);
  }
  return *deflater;
}

std::unique_ptr<Inflater> DeflatePool::borrow_inflater(int window_bits) {
  if (inflaters_.empty()) return std::make_unique<Inflater>(window_bits);
  std::unique_ptr<Inflater> inflater = std::move(inflaters_.back());
  inflaters_.pop_back();
  inflater->reset(window_bits);
  return inflater;
}

void DeflatePool::release(std::unique_ptr<Inflater> inflater) {
  if (inflaters_.size() < kKeptInflaters) inflaters_.push_back(std::move(inflater));
}

std::string& DeflatePool::deflated() {
  if (deflated_.capacity() > kKeptRoom) std::string().swap(deflated_);
  deflated_.clear();
  return deflated_;
}

std::span<char> DeflatePool::step() {
  if (step_ == nullptr) step_.reset(new char[kStep]);
  return {step_.get(), kStep};
}

Block& DeflatePool::inflated() {
  if (inflated_.capacity() > kKeptRoom) inflated_ = {};
  inflated_.clear();
  return inflated_;
}

// ---- shared frames

void append_shared(Opcode opcode, std::string_view prefix, std::string_view payload, int wire_class,
                   const DeflateConfig& config, DeflatePool& pool, std::string& frames,
                   std::string* plain) {
  const std::size_t size = prefix.size() + payload.size();
  if (wire_class > 0 && size >= config.threshold) {
    Deflater& deflater = pool.deflater(wire_class, config.level);
    std::string& deflated = pool.deflated();
    deflater.compress(prefix, Deflater::End::none, deflated);
    deflater.compress(payload, Deflater::End::message, deflated);
    if (deflated.size() < size) {
      append_frame({.opcode = opcode, .compressed = true}, {}, deflated, frames);
      if (plain != nullptr) plain->append(prefix).append(payload);
      return;
    }
  }
  append_frame(opcode, prefix, payload, frames);
}

std::string encode_shared(Opcode opcode, std::string_view payload, int wire_class,
                          DeflatePool& pool, const DeflateConfig& config) {
  std::string frame;
  append_shared(opcode, {}, payload, wire_class, config, pool, frame);
  return frame;
}

}  // namespace naru::websocket
