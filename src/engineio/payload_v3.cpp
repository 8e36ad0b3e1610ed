#include "engineio/payload_v3.hpp"

#include "base/base64.hpp"

namespace naru::engineio::v3 {
namespace {

constexpr std::size_t kDigitsAtMost = 10;  // of a length; no body is as long as more would say
constexpr char kTextKind = 0;
constexpr char kBinaryKind = 1;
constexpr char kEndOfLength = static_cast<char>(0xff);

Error malformed() {
  return {Errc::bad_packet, "a malformed payload of revision 3"};
}

// Takes a length and what ends it: digits counted from `zero`, at least one and not too many.
Result<std::size_t> take_length(std::string_view& rest, char zero, char end) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < rest.size() && at <= kDigitsAtMost; ++at) {
    if (rest[at] == end && at > 0) {
      rest.remove_prefix(at + 1);
      return length;
    }
    const auto digit = static_cast<unsigned char>(rest[at] - zero);
    if (digit > 9) return malformed();
    length = length * 10 + digit;
  }
  return malformed();
}

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

// UTF-16 units of the character that begins with `c`; 0 within one.
std::size_t units_of(char c) {
  if (continues(c)) return 0;
  return static_cast<unsigned char>(c) >= 0xf0 ? 2 : 1;
}

// How many bytes of `text` make so many UTF-16 units; npos when it has fewer, or when they end in
// the middle of a character.
std::size_t bytes_of_units(std::string_view text, std::size_t units) {
  std::size_t at = 0;
  while (units > 0 && at < text.size()) {
    const std::size_t here = units_of(text[at]);
    if (here > units) return std::string_view::npos;
    units -= here;
    ++at;
  }
  if (units > 0) return std::string_view::npos;
  while (at < text.size() && continues(text[at])) ++at;
  return at;
}

std::size_t count_units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) units += units_of(c);
  return units;
}

void append_head(char kind, std::size_t length, std::string& out) {
  out.push_back(kind);
  for (const char digit : std::to_string(length)) out.push_back(static_cast<char>(digit - '0'));
  out.push_back(kEndOfLength);
}

}  // namespace

Result<Entry> take_counted(std::string_view& rest) {
  NARU_TRY(const std::size_t units, take_length(rest, '0', ':'));
  const std::size_t size = bytes_of_units(rest, units);
  if (size == std::string_view::npos) return malformed();
  const Entry entry{rest.substr(0, size), false};
  rest.remove_prefix(size);
  return entry;
}

Result<Entry> take_framed(std::string_view& rest) {
  if (rest.empty() || (rest.front() != kTextKind && rest.front() != kBinaryKind)) {
    return malformed();
  }
  const bool binary = rest.front() == kBinaryKind;
  rest.remove_prefix(1);
  NARU_TRY(const std::size_t size, take_length(rest, 0, kEndOfLength));
  if (size > rest.size()) return malformed();
  const Entry entry{rest.substr(0, size), binary};
  rest.remove_prefix(size);
  return entry;
}

void append_framed(std::string_view head, std::string_view rest, std::string& out) {
  append_head(kTextKind, head.size() + rest.size(), out);
  out.append(head).append(rest);
}

void append_framed_binary(std::string_view bytes, std::string& out) {
  append_head(kBinaryKind, bytes.size() + 1, out);
  out.push_back(4);  // a message
  out.append(bytes);
}

bool holds_binary(std::string_view framed) {
  while (!framed.empty()) {
    const auto entry = take_framed(framed);
    if (!entry) return false;
    if (entry->binary) return true;
  }
  return false;
}

std::string counted_from_framed(std::string_view framed) {
  std::string out;
  out.reserve(framed.size() + framed.size() / 2);
  while (!framed.empty()) {
    const auto entry = take_framed(framed);
    if (!entry) break;
    if (entry->binary) {
      const std::string_view bytes = entry->bytes.substr(1);
      out.append(std::to_string(2 + base64_size(bytes.size()))).append(":b4");
      append_base64(bytes, out);
    } else {
      out.append(std::to_string(count_units(entry->bytes))).append(":").append(entry->bytes);
    }
  }
  return out;
}

}  // namespace naru::engineio::v3
