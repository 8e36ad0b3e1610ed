#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Strict scanning of JSON text (RFC 8259) without a tree, an allocation or recursion. Each function
// takes the place where its token begins and gives one past it, or nullptr where the grammar is
// broken. The text must be UTF-8 already: octets above 0x7f are taken as they are.
//
// It is ours because Boost.JSON's basic_parser tells its handler no positions; the strictness test
// and the fuzz target hold it to the same verdict as that parser.
namespace naru::json {

// Nesting that no limit can exceed: what the scanner's stack of bits holds.
inline constexpr std::size_t kMaxDepth = 1024;

inline const char* skip_space(const char* at, const char* end) {
  while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
  return at;
}

inline bool is_digit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

// The first octet that a string literal cannot hold as it is (a quote, a backslash, a control
// character), or `end`.
inline const char* find_special(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  constexpr std::uint64_t highs = 0x8080808080808080ULL;
  for (; end - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    const std::uint64_t quote = word ^ (ones * '"');
    const std::uint64_t backslash = word ^ (ones * '\\');
    // The lowest flagged octet is right; borrows may flag wrong ones above it.
    const std::uint64_t flags = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                                 ((word - ones * 0x20) & ~word)) &
                                highs;
    if (flags == 0) continue;
    if constexpr (std::endian::native == std::endian::little) {
      return at + std::countr_zero(flags) / 8;
    }
    break;
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

// After the backslash of an escape. Halves of surrogate pairs may stand alone, as in JavaScript.
inline const char* scan_escape(const char* at, const char* end) {
  if (at == end) return nullptr;
  switch (*at++) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return at;
    case 'u':
      break;
    default:
      return nullptr;
  }
  if (end - at < 4) return nullptr;
  for (int i = 0; i < 4; ++i, ++at) {
    const char lower = static_cast<char>(*at | 0x20);
    if (!is_digit(*at) && (lower < 'a' || lower > 'f')) return nullptr;
  }
  return at;
}

// A string literal; `at` is its opening quote.
inline const char* scan_string(const char* at, const char* end) {
  for (++at;;) {
    at = find_special(at, end);
    if (at == end) return nullptr;
    const char special = *at++;
    if (special == '"') return at;
    if (special != '\\') return nullptr;
    at = scan_escape(at, end);
    if (at == nullptr) return nullptr;
  }
}

inline const char* scan_digits(const char* at, const char* end) {
  if (at == end || !is_digit(*at)) return nullptr;
  while (at != end && is_digit(*at)) ++at;
  return at;
}

inline const char* scan_number(const char* at, const char* end) {
  if (at != end && *at == '-') ++at;
  if (at != end && *at == '0') {
    ++at;
  } else {
    at = scan_digits(at, end);
  }
  if (at != nullptr && at != end && *at == '.') at = scan_digits(at + 1, end);
  if (at != nullptr && at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    at = scan_digits(at, end);
  }
  return at;
}

inline const char* scan_word(const char* at, const char* end, std::string_view word) {
  if (static_cast<std::size_t>(end - at) < word.size()) return nullptr;
  return std::memcmp(at, word.data(), word.size()) == 0 ? at + word.size() : nullptr;
}

enum class Scalar : std::uint8_t { null, boolean, number, string };

// A handler of `walk` that wants to hear nothing; others derive from it and hide what they need.
struct Silent {
  void begin_object(const char*) {}
  void end_object(const char*) {}  // one past the brace
  void begin_array(const char*) {}
  void end_array(const char*) {}
  void key(std::string_view) {}  // the literal, in quotes
  void scalar(Scalar, std::string_view) {}
};

// One whole value and everything in it.
template <class Handler>
class Walk {
 public:
  Walk(const char* end, std::size_t depth, Handler& handler)
      : end_(end), depth_(std::min(depth, kMaxDepth)), handler_(handler) {}

  const char* value(const char* at) {
    for (;;) {
      at = skip_space(at, end_);
      if (at == end_) return nullptr;
      const bool container = *at == '{' || *at == '[';
      at = container ? open(at) : scalar(at);
      if (at == nullptr || (container && !closed_)) {
        if (at == nullptr) return nullptr;
        continue;  // with the first value inside
      }
      at = after(at);
      if (at == nullptr || level_ == 0) return at;
    }
  }

 private:
  const char* scalar(const char* at) {
    const char* begin = at;
    Scalar kind = Scalar::number;
    if (*at == '"') {
      kind = Scalar::string;
      at = scan_string(at, end_);
    } else if (*at == 't' || *at == 'f') {
      kind = Scalar::boolean;
      at = scan_word(at, end_, *at == 't' ? "true" : "false");
    } else if (*at == 'n') {
      kind = Scalar::null;
      at = scan_word(at, end_, "null");
    } else {
      at = scan_number(at, end_);
    }
    if (at != nullptr) handler_.scalar(kind, {begin, at});
    return at;
  }

  // Enters an array or object up to its first value; `closed_` when it has none.
  const char* open(const char* at) {
    if (level_ == depth_) return nullptr;
    const bool object = *at == '{';
    push(object);
    object ? handler_.begin_object(at) : handler_.begin_array(at);
    at = skip_space(at + 1, end_);
    closed_ = at != end_ && *at == (object ? '}' : ']');
    if (closed_) return close(at);
    return object ? name(at) : at;
  }

  const char* close(const char* at) {
    ++at;
    in_object() ? handler_.end_object(at) : handler_.end_array(at);
    --level_;
    return at;
  }

  // Behind a value: closes what ends there. At level 0 the whole value is complete.
  const char* after(const char* at) {
    while (level_ > 0) {
      at = skip_space(at, end_);
      if (at == end_) return nullptr;
      const bool object = in_object();
      if (*at == ',') return object ? name(skip_space(at + 1, end_)) : at + 1;
      if (*at != (object ? '}' : ']')) return nullptr;
      at = close(at);
    }
    return at;
  }

  // A member's name and its colon.
  const char* name(const char* at) {
    if (at == end_ || *at != '"') return nullptr;
    const char* begin = at;
    at = scan_string(at, end_);
    if (at == nullptr) return nullptr;
    handler_.key({begin, at});
    at = skip_space(at, end_);
    return at != end_ && *at == ':' ? at + 1 : nullptr;
  }

  void push(bool object) {
    const std::uint64_t bit = 1ULL << (level_ % 64);
    std::uint64_t& word = objects_[level_ / 64];
    word = object ? word | bit : word & ~bit;
    ++level_;
  }
  bool in_object() const { return (objects_[(level_ - 1) / 64] >> ((level_ - 1) % 64) & 1U) != 0; }

  const char* end_;
  std::size_t depth_;
  Handler& handler_;
  std::size_t level_ = 0;
  bool closed_ = false;
  // One bit per open container. Left uninitialised for speed: push() writes a bit before any read.
  std::array<std::uint64_t, kMaxDepth / 64> objects_;
};

// Steps over one value that may be nested `depth` levels deep, telling `handler` what is in it.
template <class Handler>
const char* walk(const char* at, const char* end, std::size_t depth, Handler& handler) {
  return Walk<Handler>(end, depth, handler).value(at);
}

inline const char* scan_value(const char* at, const char* end, std::size_t depth) {
  if (at != end && *at == '"') return scan_string(at, end);
  Silent silent;
  return walk(at, end, depth, silent);
}

// Walks the whole of `text`, which must be one value with white space around it at most.
template <class Handler>
bool walk_all(std::string_view text, std::size_t depth, Handler& handler) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  const char* at = walk(begin, end, depth, handler);
  return at != nullptr && skip_space(at, end) == end;
}

// `text` without white space around it.
inline std::string_view trim(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  at = skip_space(at, end);
  while (end != at && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t')) {
    --end;
  }
  return {at, end};
}

}  // namespace naru::json
