#pragma once

#include "msgpack/reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::msgpack::test {

// Bytes from hexadecimal digits; spaces do not count.
inline std::string hex(std::string_view digits) {
  std::string out;
  std::string pair;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    pair += digit;
    if (pair.size() < 2) continue;
    out += static_cast<char>(std::stoi(pair, nullptr, 16));
    pair.clear();
  }
  return out;
}

inline std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    if (!out.empty()) out += ' ';
    out += digits[static_cast<unsigned char>(byte) >> 4U];
    out += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return out;
}

// A token as a word.
inline std::string show(const Token& token) {
  using Kind = Token::Kind;
  switch (token.kind) {
    case Kind::nil:
      return "nil";
    case Kind::boolean:
      return token.boolean ? "true" : "false";
    case Kind::integer:
      return std::to_string(token.integer);
    case Kind::unsigned_integer:
      return std::to_string(token.unsigned_integer);
    case Kind::number:
      return "f" + std::to_string(token.number);
    case Kind::string:
      return "'" + std::string(token.bytes) + "'";
    case Kind::binary:
      return "<" + to_hex(token.bytes) + ">";
    case Kind::extension:
      return (token.fixed ? "fix" : "ext") + std::to_string(token.extension) + "<" +
             to_hex(token.bytes) + ">";
    case Kind::array:
      return "[" + std::to_string(token.count);
    case Kind::map:
      return "{" + std::to_string(token.count);
    case Kind::end_array:
      return "]";
    case Kind::end_map:
      return "}";
  }
  return {};
}

// What a reader says of a value that arrives in `pieces`.
inline std::string read(const std::vector<std::string>& pieces, const Limits& limits = {}) {
  Reader reader(limits);
  std::string said;
  std::string waiting;
  for (const std::string& piece : pieces) {
    waiting += piece;
    std::string_view in = waiting;
    for (;;) {
      const auto token = reader.next(in);
      if (!token) return said + "error " + std::string(token.error().text);
      if (!*token) break;
      said += show(**token) + " ";
    }
    waiting.erase(0, waiting.size() - in.size());
  }
  return said + (reader.done() ? "." : "...");
}

}  // namespace naru::msgpack::test
