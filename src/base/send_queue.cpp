#include "base/send_queue.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace naru {
namespace {

constexpr std::size_t kSmallChunk = 1024;  // with its head: what most turns need
constexpr std::size_t kLargeChunk = 16384;
constexpr std::size_t kCopyBelow = 512;

}  // namespace

// A run of bytes: in the `capacity` bytes behind this head, or in a shared block.
struct ChunkPool::Chunk {
  Chunk* next = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t capacity = 0;
  SharedBytes shared;

  char* own_bytes() { return reinterpret_cast<char*>(this) + sizeof(Chunk); }
  std::size_t room() const { return shared ? 0 : capacity - end; }
  std::string_view bytes() {
    const char* data = shared ? shared->data() : own_bytes();
    return {data + begin, end - begin};
  }
};

ChunkPool::~ChunkPool() {
  while (free_small_ != nullptr) {
    Chunk* chunk = free_small_;
    free_small_ = chunk->next;
    chunk->~Chunk();
    ::operator delete(chunk);
  }
}

ChunkPool::Chunk* ChunkPool::acquire(std::size_t wanted) {
  constexpr std::size_t small = kSmallChunk - sizeof(Chunk);
  if (wanted <= small && free_small_ != nullptr) {
    Chunk* chunk = free_small_;
    free_small_ = chunk->next;
    kept_ -= kSmallChunk;
    chunk->next = nullptr;
    chunk->begin = chunk->end = 0;
    return chunk;
  }
  const std::size_t capacity = wanted <= small         ? small
                               : wanted <= kLargeChunk ? kLargeChunk
                                                       : wanted;
  auto* chunk = new (::operator new(sizeof(Chunk) + capacity)) Chunk;
  chunk->capacity = capacity;
  return chunk;
}

void ChunkPool::release(Chunk* chunk) {
  chunk->shared.reset();
  if (chunk->capacity == kSmallChunk - sizeof(Chunk) && kept_ + kSmallChunk <= kept_limit_) {
    chunk->next = free_small_;
    free_small_ = chunk;
    kept_ += kSmallChunk;
    return;
  }
  chunk->~Chunk();
  ::operator delete(chunk);
}

SendQueue::Chunk* SendQueue::grow(std::size_t wanted) {
  // A queue that already holds something is likely to hold more.
  Chunk* chunk = pool_->acquire(tail_ == nullptr ? wanted : std::max(wanted, kSmallChunk));
  if (tail_ == nullptr) {
    head_ = chunk;
  } else {
    tail_->next = chunk;
  }
  tail_ = chunk;
  return chunk;
}

std::span<char> SendQueue::append_uninitialized(std::size_t count) {
  Chunk* chunk = tail_;
  if (chunk == nullptr || chunk->room() < count) chunk = grow(count);
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

std::size_t SendQueue::peek(std::span<std::string_view> out) const {
  std::size_t count = 0;
  for (Chunk* chunk = head_; chunk != nullptr && count < out.size(); chunk = chunk->next) {
    if (chunk->begin != chunk->end) out[count++] = chunk->bytes();
  }
  return count;
}

void SendQueue::consume(std::size_t count) {
  NARU_ASSERT(count <= size_);
  size_ -= count;
  while (head_ != nullptr) {
    const std::size_t here = head_->end - head_->begin;
    if (count < here) {
      head_->begin += count;
      return;
    }
    count -= here;
    Chunk* done = head_;
    head_ = done->next;
    pool_->release(done);
  }
  tail_ = nullptr;
}

void SendQueue::clear() {
  consume(size_);
}

}  // namespace naru
