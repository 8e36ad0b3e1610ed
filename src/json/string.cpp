#include "json/string.hpp"

#include "base/utf8.hpp"
#include "json/scanner.hpp"
#include "json/split.hpp"

#include <charconv>
#include <cstdint>

namespace naru::json {
namespace {

constexpr std::uint32_t kReplacement = 0xfffd;
constexpr std::string_view kReplacementUtf8 = "\xef\xbf\xbd";

void append_utf8(std::uint32_t point, std::string& out) {
  const auto put = [&out](std::uint32_t octet) { out.push_back(static_cast<char>(octet)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6U);
    put(0x80 | (point & 0x3fU));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12U);
    put(0x80 | (point >> 6U & 0x3fU));
    put(0x80 | (point & 0x3fU));
  } else {
    put(0xf0 | point >> 18U);
    put(0x80 | (point >> 12U & 0x3fU));
    put(0x80 | (point >> 6U & 0x3fU));
    put(0x80 | (point & 0x3fU));
  }
}

std::uint32_t hex4(const char* at) {
  std::uint32_t value = 0;
  std::from_chars(at, at + 4, value, 16);
  return value;
}

// \uXXXX at `at` (its first digit), with the other half of its pair if that follows.
const char* append_unicode_escape(const char* at, const char* end, std::string& out) {
  std::uint32_t point = hex4(at);
  at += 4;
  if (point >= 0xd800 && point < 0xe000) {
    const bool paired = point < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u';
    const std::uint32_t low = paired ? hex4(at + 2) : 0;
    if (low >= 0xdc00 && low < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
      at += 6;
    } else {
      point = kReplacement;
    }
  }
  append_utf8(point, out);
  return at;
}

char short_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // a quote, a slash, a backslash
  }
}

// The inside of a literal that the scanner has accepted.
void append_unescaped(std::string_view inside, std::string& out) {
  const char* at = inside.data();
  const char* end = at + inside.size();
  while (at != end) {
    const char* plain = find_special(at, end);
    out.append(at, plain);
    at = plain;
    if (at == end) return;
    const char letter = at[1];
    at += 2;
    if (letter == 'u') {
      at = append_unicode_escape(at, end, out);
    } else {
      out.push_back(short_escape(letter));
    }
  }
}

void append_escape(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view hex = "0123456789abcdef";
  const auto octet = static_cast<unsigned char>(c);
  out += "\\u00";
  out.push_back(hex[octet >> 4U]);
  out.push_back(hex[octet & 0xfU]);
}

// `text` with U+FFFD for every octet that is not part of a code point.
std::string repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < 4 && length < text.size() && !is_utf8(text.substr(0, length))) ++length;
    if (is_utf8(text.substr(0, length))) {
      out += text.substr(0, length);
    } else {
      length = 1;
      out += kReplacementUtf8;
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

Result<std::string_view> decode_string(std::string_view literal, std::string& storage) {
  const char* begin = literal.data();
  const char* end = begin + literal.size();
  if (literal.size() < 2 || *begin != '"') return Error{Errc::bad_json, "not a string"};
  if (find_special(begin + 1, end) == end - 1 && end[-1] == '"') {
    return literal.substr(1, literal.size() - 2);
  }
  if (scan_string(begin, end) != end) return Error{Errc::bad_json, "not a string"};
  storage.clear();
  append_unescaped(literal.substr(1, literal.size() - 2), storage);
  return std::string_view(storage);
}

// As JSON.stringify writes it (ECMA-262 25.5.2.3, QuoteJSONString).
void append_string(std::string_view value, std::string& out) {
  if (!is_utf8(value)) return append_string(repaired(value), out);
  out.push_back('"');
  const char* at = value.data();
  const char* end = at + value.size();
  for (;;) {
    const char* plain = find_special(at, end);
    out.append(at, plain);
    if (plain == end) break;
    append_escape(*plain, out);
    at = plain + 1;
  }
  out.push_back('"');
}

}  // namespace naru::json
