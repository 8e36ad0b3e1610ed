#include "base/send_queue.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <utility>

namespace naru {
namespace {

constexpr std::size_t kSmallChunk = 1024;  // with its head: what most turns need
constexpr std::size_t kLargeChunk = 16384;
constexpr std::size_t kLargestBlock = std::size_t{4} << 20U;  // of those kept
constexpr std::size_t kSmallestBlock = std::size_t{1} << 16U;
constexpr std::size_t kBlocksTogether = std::size_t{8} << 20U;
constexpr std::size_t kCopyBelow = 512;

}  // namespace

// A run of bytes: in the `capacity` bytes behind this head, in a shared block, or borrowed.
struct ChunkPool::Chunk {
  explicit Chunk(ChunkPool& owner) : pool(&owner) {}

  Chunk* next = nullptr;
  ChunkPool* const pool;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t capacity = 0;
  const char* borrowed = nullptr;
  SharedBytes shared;

  char* own_bytes() { return reinterpret_cast<char*>(this) + sizeof(Chunk); }
  std::size_t room() const { return shared || borrowed != nullptr ? 0 : capacity - end; }
  std::string_view bytes() {
    const char* data = own_bytes();
    if (shared) data = shared->data();
    if (borrowed != nullptr) data = borrowed;
    return {data + begin, end - begin};
  }
};

ChunkPool::~ChunkPool() {
  for (Chunk** list : {&free_small_, &free_large_}) {
    while (*list != nullptr) {
      Chunk* const chunk = std::exchange(*list, (*list)->next);
      chunk->~Chunk();
      ::operator delete(chunk);
    }
  }
}

// Chunks of two sizes are kept; others are made to measure.
ChunkPool::Chunk** ChunkPool::free_list(std::size_t capacity) {
  if (capacity == kSmallChunk - sizeof(Chunk)) return &free_small_;
  return capacity == kLargeChunk - sizeof(Chunk) ? &free_large_ : nullptr;
}

ChunkPool::Chunk* ChunkPool::acquire(std::size_t wanted) {
  constexpr std::size_t small = kSmallChunk - sizeof(Chunk);
  constexpr std::size_t large = kLargeChunk - sizeof(Chunk);
  const std::size_t capacity = wanted <= small ? small : std::max(wanted, large);
  if (Chunk** list = free_list(capacity); list != nullptr && *list != nullptr) {
    Chunk* const chunk = std::exchange(*list, (*list)->next);
    kept_ -= sizeof(Chunk) + capacity;
    chunk->begin = chunk->end = 0;
    return chunk;
  }
  auto* chunk = new (::operator new(sizeof(Chunk) + capacity)) Chunk(*this);
  chunk->capacity = capacity;
  return chunk;
}

void ChunkPool::release(Chunk* chunk) {
  chunk->shared.reset();
  chunk->borrowed = nullptr;
  const std::size_t size = sizeof(Chunk) + chunk->capacity;
  if (Chunk** list = free_list(chunk->capacity); list != nullptr && kept_ + size <= kept_limit_) {
    chunk->next = std::exchange(*list, chunk);
    kept_ += size;
    return;
  }
  chunk->~Chunk();
  ::operator delete(chunk);
}

Block ChunkPool::take_block(std::size_t wanted) {
  if (blocks_.empty()) return {};
  const auto better = [wanted](const Block& one, const Block& other) {
    const bool fits = one.capacity() >= wanted;
    if (fits != (other.capacity() >= wanted)) return fits;
    return fits == (one.capacity() < other.capacity());
  };
  const auto best = std::min_element(blocks_.begin(), blocks_.end(), better);
  std::swap(*best, blocks_.back());
  Block block = std::move(blocks_.back());
  blocks_.pop_back();
  blocks_bytes_ -= block.capacity();
  return block;
}

void ChunkPool::give_block(Block block) {
  const std::size_t bytes = block.capacity();
  if (bytes < kSmallestBlock || bytes > kLargestBlock) return;
  if (blocks_bytes_ + bytes > kBlocksTogether) return;
  block.clear();
  blocks_bytes_ += bytes;
  blocks_.push_back(std::move(block));
}

SendQueue::Chunk* SendQueue::grow(std::size_t wanted) {
  Chunk* chunk = nullptr;
  if (empty()) {
    chunk = pool_->acquire(wanted);
    chunk->next = chunk;
  } else {
    // A queue that already holds something is likely to hold more.
    chunk = last_->pool->acquire(std::max(wanted, kSmallChunk));
    chunk->next = last_->next;
    last_->next = chunk;
  }
  last_ = chunk;
  return chunk;
}

std::span<char> SendQueue::append_uninitialized(std::size_t count) {
  if (count == 0) return {};
  Chunk* const chunk = empty() || last_->room() < count ? grow(count) : last_;
  const std::span<char> room{chunk->own_bytes() + chunk->end, count};
  chunk->end += count;
  size_ += count;
  return room;
}

void SendQueue::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(append_uninitialized(bytes.size()).data(), bytes.data(), bytes.size());
}

void SendQueue::append(SharedBytes bytes) {
  if (bytes->size() < kCopyBelow) return append(std::string_view(*bytes));
  Chunk* chunk = grow(0);
  chunk->end = bytes->size();
  size_ += bytes->size();
  chunk->shared = std::move(bytes);
}

ChunkPool& SendQueue::pool() const {
  return empty() ? *pool_ : *last_->pool;
}

void SendQueue::lend(std::string_view bytes) {
  pool().lent_ = bytes;
  pool().lent_to_ = this;
}

bool SendQueue::lent(std::string_view bytes) const {
  const std::string_view lent = pool().lent_;
  const std::less_equal<const char*> not_after;  // they may be of different blocks
  return pool().lent_to_ == this && not_after(lent.data(), bytes.data()) &&
         not_after(bytes.data() + bytes.size(), lent.data() + lent.size());
}

void SendQueue::borrow(std::string_view bytes) {
  NARU_ASSERT(lent(bytes));
  if (bytes.empty()) return;
  pool().borrower_ = this;
  Chunk* const chunk = grow(0);
  chunk->borrowed = bytes.data();
  chunk->end = bytes.size();
  size_ += bytes.size();
}

void SendQueue::repay() {
  if (!borrows()) return;
  pool().borrower_ = nullptr;
  if (empty()) return;
  Chunk* chunk = last_;
  do {
    Chunk* const before = chunk;
    chunk = chunk->next;
    if (chunk->borrowed == nullptr) continue;
    const std::string_view bytes = chunk->bytes();
    Chunk* const copy = chunk->pool->acquire(bytes.size());
    std::memcpy(copy->own_bytes(), bytes.data(), bytes.size());
    copy->end = bytes.size();
    copy->next = chunk == before ? copy : chunk->next;
    before->next = copy;
    if (last_ == chunk) last_ = copy;
    chunk->pool->release(chunk);
    chunk = copy;
  } while (chunk != last_);
}

std::size_t SendQueue::peek(std::span<std::string_view> out) const {
  if (empty() || out.empty()) return 0;
  std::size_t count = 0;
  Chunk* chunk = last_;
  do {
    chunk = chunk->next;
    out[count++] = chunk->bytes();
  } while (chunk != last_ && count < out.size());
  return count;
}

void SendQueue::consume(std::size_t count) {
  NARU_ASSERT(count <= size_);
  if (count == 0) return;
  size_ -= count;
  Chunk* const last = last_;
  for (Chunk* chunk = last->next;;) {
    const std::size_t here = chunk->end - chunk->begin;
    if (count < here) {
      chunk->begin += count;
      last->next = chunk;
      return;
    }
    count -= here;
    Chunk* const next = chunk->next;
    ChunkPool* const pool = chunk->pool;
    const bool was_last = chunk == last;
    pool->release(chunk);
    if (was_last) {
      pool_ = pool;
      return;
    }
    chunk = next;
  }
}

void SendQueue::clear() {
  consume(size_);
}

}  // namespace naru
