#include "base/utf8.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

namespace naru {
namespace {

constexpr std::size_t kSmall = 64;  // under this a call into simdjson costs more than it saves

bool is_ascii(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t bits = 0;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    bits |= word;
  }
  for (; left > 0; ++at, --left) bits |= static_cast<unsigned char>(*at);
  return (bits & 0x8080808080808080ULL) == 0;
}

// How many octets at the end of `text` belong to a code point that is not complete there (0 to 3).
std::size_t incomplete_tail(std::string_view text) {
  const std::size_t reach = std::min<std::size_t>(3, text.size());
  for (std::size_t back = 1; back <= reach; ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? back : 0;
    }
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  if (text.size() <= kSmall && is_ascii(text)) return true;
  return simdjson::validate_utf8(text.data(), text.size());
}

bool Utf8Validator::receive(std::string_view piece) {
  std::size_t at = 0;
  while (missing_ > 0 && at < piece.size()) {
    if (!step(static_cast<unsigned char>(piece[at++]))) return false;
  }
  piece.remove_prefix(at);
  const std::string_view tail = piece.substr(piece.size() - incomplete_tail(piece));
  piece.remove_suffix(tail.size());
  if (!is_utf8(piece)) return false;
  return std::all_of(tail.begin(), tail.end(),
                     [this](char c) { return step(static_cast<unsigned char>(c)); });
}

bool Utf8Validator::step(unsigned char byte) {
  if (missing_ > 0) {
    if (byte < low_ || byte > high_) return false;
    --missing_;
    low_ = 0x80;
    high_ = 0xbf;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) return false;
  missing_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
  if (byte == 0xe0) low_ = 0xa0;   // no overlong forms of three octets
  if (byte == 0xed) high_ = 0x9f;  // no surrogates
  if (byte == 0xf0) low_ = 0x90;   // no overlong forms of four octets
  if (byte == 0xf4) high_ = 0x8f;  // nothing above U+10FFFF
  return true;
}

}  // namespace naru
