#pragma once

#include "base/block.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru {

// Immutable bytes that many queues may hold at once: one encoding of a broadcast.
using SharedBytes = std::shared_ptr<const std::string>;

class SendQueue;

// Free chunks of one loop, kept so that a turn's replies allocate nothing. Not thread-safe.
// Keeps at most `kept_bytes`; what comes back beyond that is freed.
class ChunkPool {
 public:
  explicit ChunkPool(std::size_t kept_bytes = std::size_t{1} << 16U) : kept_limit_(kept_bytes) {}
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Blocks for long messages, used again and again: a fresh one costs a page fault for every 4 KiB.
  // The smallest that has `wanted` bytes, or the largest there is; empty when there is none.
  Block take_block(std::size_t wanted);
  // Keeps it, if it is not too large, nor too much with the others.
  void give_block(Block block);

 private:
  friend class SendQueue;
  struct Chunk;
  Chunk* acquire(std::size_t wanted);
  void release(Chunk* chunk);
  Chunk** free_list(std::size_t capacity);

  Chunk* free_small_ = nullptr;
  Chunk* free_large_ = nullptr;
  std::vector<Block> blocks_;
  std::size_t blocks_bytes_ = 0;
  std::size_t kept_ = 0;
  std::size_t kept_limit_;
  // What is being lent, to whom; and who has borrowed and not repaid.
  std::string_view lent_{};
  const SendQueue* lent_to_ = nullptr;
  const SendQueue* borrower_ = nullptr;
};

// Bytes on their way out of one connection, in order: runs copied in, and shared blocks by
// reference. Empty, it holds no memory but its own two words. The pool must outlive it.
class SendQueue {
 public:
  explicit SendQueue(ChunkPool& pool) : pool_(&pool) {}
  ~SendQueue() { clear(); }
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Room for exactly `count` bytes at the end, contiguous, for the caller to fill at once.
  std::span<char> append_uninitialized(std::size_t count);
  void append(std::string_view bytes);
  // Small blocks are copied (cheaper than a reference), large ones are held until they are sent.
  void append(SharedBytes bytes);

  // Many bytes need not be copied in if they leave soon. lend() says that `bytes` stay as they are
  // until repay(); from then to stop_lending(), a part of them may be taken by reference. Of the
  // queues of a pool, one at a time.
  static constexpr std::size_t kWorthBorrowing = 8192;
  void lend(std::string_view bytes);
  void stop_lending() { pool().lent_to_ = nullptr; }
  bool lent(std::string_view bytes) const;
  void borrow(std::string_view bytes);  // lent ones
  bool borrows() const { return pool().borrower_ == this; }
  void repay();  // copies what has not left

  // The front of the queue as at most `out.size()` pieces; returns how many were filled.
  // Valid until the queue changes.
  std::size_t peek(std::span<std::string_view> out) const;
  // Forgets `count` bytes from the front: they have left.
  void consume(std::size_t count);
  void clear();

  ChunkPool& pool() const;

 private:
  using Chunk = ChunkPool::Chunk;
  Chunk* grow(std::size_t wanted);

  // A ring of chunks, none of them empty: the last one knows the first, and each its pool.
  union {
    ChunkPool* pool_;  // while the queue is empty
    Chunk* last_;
  };
  std::size_t size_ = 0;
};

}  // namespace naru
