#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace naru {

// Binary data that its holder owns.
using Bytes = std::vector<std::byte>;

// Binary data borrowed from someone else.
using BytesView = std::span<const std::byte>;

// The same memory seen as text, and the other way round; nothing is copied or checked.
inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace naru
