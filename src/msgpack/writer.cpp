#include "msgpack/writer.hpp"

#include "base/assert.hpp"

#include <bit>
#include <limits>

namespace naru::msgpack {
namespace {

void append_byte(unsigned value, std::string& out) {
  out.push_back(static_cast<char>(static_cast<unsigned char>(value)));
}

void append_big_endian(std::uint64_t value, unsigned width, std::string& out) {
  for (unsigned i = width; i-- > 0;)
    append_byte(static_cast<unsigned>(value >> (8 * i)) & 0xffU, out);
}

// A length or count behind its type; `type8` is 0 where there is no form of one byte.
void append_size(std::size_t size, unsigned type8, unsigned type16, unsigned type32,
                 std::string& out) {
  NARU_ASSERT(size <= std::numeric_limits<std::uint32_t>::max());
  if (type8 != 0 && size <= 0xff) {
    append_byte(type8, out);
    append_big_endian(size, 1, out);
  } else if (size <= 0xffff) {
    append_byte(type16, out);
    append_big_endian(size, 2, out);
  } else {
    append_byte(type32, out);
    append_big_endian(size, 4, out);
  }
}

}  // namespace

void append_nil(std::string& out) {
  append_byte(0xc0, out);
}

void append_boolean(bool value, std::string& out) {
  append_byte(value ? 0xc3 : 0xc2, out);
}

void append_integer(std::int64_t value, std::string& out) {
  if (value >= 0) return append_unsigned(static_cast<std::uint64_t>(value), out);
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= -32) return append_byte(static_cast<unsigned>(bits & 0xffU), out);
  const unsigned power = value >= -0x80 ? 0 : value >= -0x8000 ? 1 : value >= -0x80000000L ? 2 : 3;
  append_byte(0xd0 + power, out);
  append_big_endian(bits, 1U << power, out);
}

void append_unsigned(std::uint64_t value, std::string& out) {
  if (value <= 0x7f) return append_byte(static_cast<unsigned>(value), out);
  const unsigned power = value <= 0xff ? 0 : value <= 0xffff ? 1 : value <= 0xffffffff ? 2 : 3;
  append_byte(0xcc + power, out);
  append_big_endian(value, 1U << power, out);
}

void append_number(double value, std::string& out) {
  append_byte(0xcb, out);
  append_big_endian(std::bit_cast<std::uint64_t>(value), 8, out);
}

void append_string(std::string_view value, std::string& out) {
  if (value.size() <= 31) {
    append_byte(0xa0 | static_cast<unsigned>(value.size()), out);
  } else {
    append_size(value.size(), 0xd9, 0xda, 0xdb, out);
  }
  out += value;
}

void append_binary(std::string_view value, std::string& out) {
  append_size(value.size(), 0xc4, 0xc5, 0xc6, out);
  out += value;
}

void append_extension(std::int8_t type, std::string_view value, std::string& out) {
  if (value.size() <= 16 && std::has_single_bit(value.size())) {
    append_byte(0xd4 + static_cast<unsigned>(std::countr_zero(value.size())), out);
  } else {
    append_size(value.size(), 0xc7, 0xc8, 0xc9, out);
  }
  append_byte(static_cast<std::uint8_t>(type), out);
  out += value;
}

void append_array(std::size_t count, std::string& out) {
  if (count <= 15) return append_byte(0x90 | static_cast<unsigned>(count), out);
  append_size(count, 0, 0xdc, 0xdd, out);
}

void append_map(std::size_t count, std::string& out) {
  if (count <= 15) return append_byte(0x80 | static_cast<unsigned>(count), out);
  append_size(count, 0, 0xde, 0xdf, out);
}

}  // namespace naru::msgpack
