#include "sockjs/frame.hpp"

#include "json/split.hpp"

#include <algorithm>
#include <cstddef>

namespace naru::sockjs {
namespace {

// Lead octets of what may need an escape: E2 for U+2000-2FFF, EF for U+F000-FFFF, F0-F4 beyond.
bool is_suspect(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet == 0xe2 || octet >= 0xef;
}

void append_escape(std::uint32_t unit, std::string& out) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += "\\u";
  for (unsigned shift = 16; shift != 0;) {
    shift -= 4;
    out.push_back(hex[unit >> shift & 0xfU]);
  }
}

bool is_within(std::uint32_t point, std::uint32_t first, std::uint32_t last) {
  return point >= first && point <= last;
}

bool needs_escape(std::uint32_t point) {
  return is_within(point, 0x200c, 0x200f) || is_within(point, 0x2028, 0x202f) ||
         is_within(point, 0x2060, 0x206f) || point >= 0xfff0;
}

// The code point that begins at `at`, in valid UTF-8 of three or four octets.
std::uint32_t decode(std::string_view text, std::size_t at, std::size_t size) {
  const auto octet = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(text[at + i])};
  };
  std::uint32_t point = octet(0) & (size == 3 ? 0x0fU : 0x07U);
  for (std::size_t i = 1; i < size; ++i) point = point << 6U | (octet(i) & 0x3fU);
  return point;
}

}  // namespace

void append_string(std::string_view text, std::string& out) {
  const std::size_t begin = out.size();
  json::append_string(text, out);  // valid UTF-8 in any case
  const auto first =
      std::find_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), is_suspect);
  if (first == out.end()) return;
  const std::string rest(first, out.end());
  out.erase(first, out.end());
  for (std::size_t at = 0; at < rest.size();) {
    if (!is_suspect(rest[at])) {
      out.push_back(rest[at++]);
      continue;
    }
    const std::size_t size = static_cast<unsigned char>(rest[at]) >= 0xf0 ? 4 : 3;
    const std::uint32_t point = decode(rest, at, size);
    if (!needs_escape(point)) {
      out.append(rest, at, size);
    } else if (point < 0x10000) {
      append_escape(point, out);
    } else {
      append_escape(0xd800 + ((point - 0x10000) >> 10U), out);
      append_escape(0xdc00 + ((point - 0x10000) & 0x3ffU), out);
    }
    at += size;
  }
}

std::string message_frame(std::string_view elements) {
  std::string frame;
  frame.reserve(elements.size() + 3);
  return frame.append("a[").append(elements).append("]");
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  std::string frame = "c[" + std::to_string(code) + ",";
  append_string(reason, frame);
  return frame.append("]");
}

}  // namespace naru::sockjs
