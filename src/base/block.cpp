#include "base/block.hpp"

#include <algorithm>
#include <cstring>

namespace naru {

void Block::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
  data_ = std::move(larger);
  capacity_ = capacity;
}

void Block::append(std::span<const char> piece) {
  if (piece.empty()) return;
  if (piece.size() > capacity_ - size_) reserve(std::max(size_ + piece.size(), 2 * capacity_));
  char* const end = data_.get() + size_;
  if (piece.data() != end) std::memcpy(end, piece.data(), piece.size());
  size_ += piece.size();
}

}  // namespace naru
