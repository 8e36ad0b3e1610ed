#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace naru {

// One run of bytes that grows at its end. Unlike a vector it has room behind them that may be
// written before they are: a system call receives there, and nothing is copied or cleared.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Block& operator=(Block&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  std::span<char> bytes() { return {data_.get(), size_}; }
  std::span<char> room() { return {data_.get() + size_, capacity_ - size_}; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }

  // Makes it one of at least so many bytes, moving what it holds.
  void reserve(std::size_t capacity);
  // Adds a piece. One that was written at the front of room() is there already, and not copied.
  // Without enough room it doubles.
  void append(std::span<const char> piece);
  void clear() { size_ = 0; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace naru
