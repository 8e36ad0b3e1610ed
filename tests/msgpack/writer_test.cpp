#include "msgpack/writer.hpp"

#include "msgpack_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace naru::msgpack {
namespace {

using test::to_hex;

template <class Append, class... A>
std::string written(Append append, const A&... values) {
  std::string out;
  append(values..., out);
  return to_hex(out);
}

TEST(Writer, TakesTheShortestFormOfAnInteger) {
  EXPECT_EQ(written(append_integer, 0), "00");
  EXPECT_EQ(written(append_integer, 127), "7f");
  EXPECT_EQ(written(append_integer, 128), "cc 80");
  EXPECT_EQ(written(append_integer, 255), "cc ff");
  EXPECT_EQ(written(append_integer, 256), "cd 01 00");
  EXPECT_EQ(written(append_integer, 65535), "cd ff ff");
  EXPECT_EQ(written(append_integer, 65536), "ce 00 01 00 00");
  EXPECT_EQ(written(append_integer, 0xffffffffL), "ce ff ff ff ff");
  EXPECT_EQ(written(append_integer, 0x100000000L), "cf 00 00 00 01 00 00 00 00");
  EXPECT_EQ(written(append_unsigned, std::numeric_limits<std::uint64_t>::max()),
            "cf ff ff ff ff ff ff ff ff");
  EXPECT_EQ(written(append_integer, -1), "ff");
  EXPECT_EQ(written(append_integer, -32), "e0");
  EXPECT_EQ(written(append_integer, -33), "d0 df");
  EXPECT_EQ(written(append_integer, -128), "d0 80");
  EXPECT_EQ(written(append_integer, -129), "d1 ff 7f");
  EXPECT_EQ(written(append_integer, -32768), "d1 80 00");
  EXPECT_EQ(written(append_integer, -32769), "d2 ff ff 7f ff");
  EXPECT_EQ(written(append_integer, -2147483648L), "d2 80 00 00 00");
  EXPECT_EQ(written(append_integer, -2147483649L), "d3 ff ff ff ff 7f ff ff ff");
  EXPECT_EQ(written(append_integer, std::numeric_limits<std::int64_t>::min()),
            "d3 80 00 00 00 00 00 00 00");
}

TEST(Writer, WritesTheOtherScalars) {
  EXPECT_EQ(written(append_nil), "c0");
  EXPECT_EQ(written(append_boolean, false), "c2");
  EXPECT_EQ(written(append_boolean, true), "c3");
  EXPECT_EQ(written(append_number, 1.5), "cb 3f f8 00 00 00 00 00 00");
  EXPECT_EQ(written(append_string, "hi"), "a2 68 69");
  EXPECT_EQ(written(append_binary, "\x01\x02\x03"), "c4 03 01 02 03");
  EXPECT_EQ(written(append_extension, std::int8_t{0}, std::string(1, '\0')), "d4 00 00");
  EXPECT_EQ(written(append_extension, std::int8_t{-1}, "abc"), "c7 03 ff 61 62 63");
  EXPECT_EQ(written(append_extension, std::int8_t{1}, ""), "c7 00 01");
}

// An independent decoder finds the same again, at each length where the form changes.
TEST(Writer, IsReadByAnotherLibrary) {
  for (const std::size_t size : {0U, 15U, 16U, 31U, 32U, 255U, 256U, 65535U, 65536U}) {
    std::string text;
    append_string(std::string(size, 'x'), text);
    EXPECT_EQ(nlohmann::json::from_msgpack(text), std::string(size, 'x'));

    std::string binary;
    append_binary(std::string(size, '\xff'), binary);
    EXPECT_EQ(nlohmann::json::from_msgpack(binary).get_binary(),
              nlohmann::json::binary(std::vector<std::uint8_t>(size, 0xff)).get_binary());

    std::string array;
    append_array(size, array);
    for (std::size_t i = 0; i < size; ++i) append_nil(array);
    EXPECT_EQ(nlohmann::json::from_msgpack(array).size(), size);

    std::string map;
    append_map(size, map);
    for (std::size_t i = 0; i < size; ++i) {
      append_string(std::to_string(i), map);
      append_unsigned(i, map);
    }
    EXPECT_EQ(nlohmann::json::from_msgpack(map).size(), size);
  }
}

}  // namespace
}  // namespace naru::msgpack
