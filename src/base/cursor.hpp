#pragma once

#include "base/assert.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace naru {

// What is left of received bytes. Decoders take from the front and may change the bytes in place
// (unmasking does). The bytes belong to the caller.
class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(std::span<char> bytes) : data_(bytes.data()), size_(bytes.size()) {}

  char* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  // Removes `count` bytes from the front and returns them.
  std::span<char> take(std::size_t count) {
    NARU_ASSERT(count <= size_);
    const std::span<char> taken{data_, count};
    data_ += count;
    size_ -= count;
    return taken;
  }
  void skip(std::size_t count) { static_cast<void>(take(count)); }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace naru
