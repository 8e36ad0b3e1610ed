#pragma once

#include "naru/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Appends MessagePack to a buffer, always in the shortest form. Whoever writes the head of an array
// or map writes what it announces. Lengths and counts must be below 2^32.
namespace naru::msgpack {

void append_nil(std::string& out);
void append_boolean(bool value, std::string& out);
void append_integer(std::int64_t value, std::string& out);
void append_unsigned(std::uint64_t value, std::string& out);
void append_number(double value, std::string& out);  // eight bytes, whole or not
void append_string(std::string_view value, std::string& out);
void append_binary(std::string_view value, std::string& out);
void append_extension(std::int8_t type, std::string_view value, std::string& out);
void append_array(std::size_t count, std::string& out);
void append_map(std::size_t count, std::string& out);

}  // namespace naru::msgpack
