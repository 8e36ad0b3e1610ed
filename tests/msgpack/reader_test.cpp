#include "msgpack/reader.hpp"

#include "msgpack_text.hpp"
#include "support/for_each_split.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace naru::msgpack {
namespace {

using test::hex;

std::string read(std::string_view digits, const Limits& limits = {}) {
  const std::string bytes = hex(digits);
  naru::test::for_each_split(bytes, [&](const auto& pieces) { return test::read(pieces, limits); });
  return test::read({bytes}, limits);
}

TEST(Reader, KnowsEveryFormOfANumber) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"00", "0"},
      {"7f", "127"},
      {"ff", "-1"},
      {"e0", "-32"},
      {"cc ff", "255"},
      {"cd ff ff", "65535"},
      {"ce ff ff ff ff", "4294967295"},
      {"cf ff ff ff ff ff ff ff ff", "18446744073709551615"},
      {"d0 80", "-128"},
      {"d0 7f", "127"},
      {"d1 80 00", "-32768"},
      {"d2 80 00 00 00", "-2147483648"},
      {"d3 80 00 00 00 00 00 00 00", "-9223372036854775808"},
      {"d3 00 00 00 00 00 00 00 01", "1"},
      {"ca 3f c0 00 00", "f1.500000"},
      {"cb bf f8 00 00 00 00 00 00", "f-1.500000"},
  };
  for (const auto& [bytes, said] : cases) EXPECT_EQ(read(bytes), said + " .") << bytes;
}

TEST(Reader, KnowsTheOtherScalars) {
  EXPECT_EQ(read("c0"), "nil .");
  EXPECT_EQ(read("c2"), "false .");
  EXPECT_EQ(read("c3"), "true .");
  EXPECT_EQ(read("a0"), "'' .");
  EXPECT_EQ(read("a2 c3 a9"), "'é' .");
  EXPECT_EQ(read("d9 01 61"), "'a' .");
  EXPECT_EQ(read("da 00 01 61"), "'a' .");
  EXPECT_EQ(read("db 00 00 00 01 61"), "'a' .");
  EXPECT_EQ(read("c4 02 00 ff"), "<00 ff> .");
  EXPECT_EQ(read("c5 00 01 07"), "<07> .");
  EXPECT_EQ(read("c6 00 00 00 01 07"), "<07> .");
}

TEST(Reader, KnowsTheFormsOfAnExtension) {
  EXPECT_EQ(read("d4 00 00"), "fix0<00> .");
  EXPECT_EQ(read("d5 05 01 02"), "fix5<01 02> .");
  EXPECT_EQ(read("d6 ff 00 00 00 01"), "fix-1<00 00 00 01> .");
  EXPECT_EQ(read("d7 00 00 00 00 00 00 00 00 01"), "fix0<00 00 00 00 00 00 00 01> .");
  EXPECT_EQ(read("d8 01 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"),
            "fix1<00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f> .");
  EXPECT_EQ(read("c7 03 00 01 02 03"), "ext0<01 02 03> .");
  EXPECT_EQ(read("c8 00 01 80 09"), "ext-128<09> .");
  EXPECT_EQ(read("c9 00 00 00 00 7f"), "ext127<> .");
}

TEST(Reader, ClosesWhatItOpened) {
  EXPECT_EQ(read("90"), "[0 ] .");
  EXPECT_EQ(read("80"), "{0 } .");
  EXPECT_EQ(read("93 01 92 02 03 80"), "[3 1 [2 2 3 ] {0 } ] .");
  EXPECT_EQ(read("82 a1 61 91 c0 a1 62 81 a1 63 04"), "{2 'a' [1 nil ] 'b' {1 'c' 4 } } .");
  EXPECT_EQ(read("dc 00 01 01"), "[1 1 ] .");
  EXPECT_EQ(read("dd 00 00 00 01 01"), "[1 1 ] .");
  EXPECT_EQ(read("de 00 01 01 02"), "{1 1 2 } .");
  EXPECT_EQ(read("df 00 00 00 01 01 02"), "{1 1 2 } .");
}

TEST(Reader, SaysWhereKeysStand) {
  const Limits limits;
  Reader reader(limits);
  const std::string bytes = hex("82 a1 61 91 01 a1 62 02");
  std::string_view in = bytes;
  std::string keys;
  while (!reader.done()) {
    keys += reader.at_key() ? 'k' : '.';
    ASSERT_TRUE(reader.next(in));
  }
  EXPECT_EQ(keys, ".k...k.k");  // the map, a, [, 1, ], b, 2, and its end where a key could be
}

TEST(Reader, WaitsForTheRest) {
  const std::string bytes = hex(
      "83 a1 61 cb 3f f8 00 00 00 00 00 00 a1 62 c7 02 05 01 02 a1 63 92 c4 01 07 da 00 02 68 69");
  const std::string whole = test::read({bytes});
  EXPECT_EQ(whole, "{3 'a' f1.500000 'b' ext5<01 02> 'c' [2 <07> 'hi' ] } .");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string said = test::read({bytes.substr(0, size)});
    ASSERT_TRUE(said.ends_with("...")) << size << ": " << said;
    said.resize(said.size() - 3);
    EXPECT_TRUE(whole.starts_with(said)) << size << ": " << said;
  }
}

TEST(Reader, StopsBehindItsValue) {
  const Limits limits;
  Reader reader(limits);
  std::string_view in = "\x01\x02";
  ASSERT_TRUE(reader.next(in));
  EXPECT_TRUE(reader.done());
  const auto after = reader.next(in);
  ASSERT_TRUE(after);
  EXPECT_FALSE(*after);
  EXPECT_EQ(in, "\x02");
}

TEST(Reader, RefusesTheByteThatIsNoType) {
  EXPECT_EQ(read("91 c1"), "[1 error the byte that MessagePack never uses");
}

TEST(Reader, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(read("a1 ff"), "error a string that is not UTF-8");
  EXPECT_EQ(read("a3 ed a0 80"), "error a string that is not UTF-8");
}

// ---- limits: each at the head of what is above it, whose bytes never come

TEST(Reader, RefusesLengthsAboveTheLimitAtOnce) {
  const Limits limits{.bytes = 1000};
  for (const std::string_view head :
       {"c5 03 e9", "c6 ff ff ff ff", "c8 03 e9", "c9 ff ff ff ff", "da 03 e9", "db ff ff ff ff"}) {
    EXPECT_EQ(test::read({hex(head)}, limits), "error a value that is too long") << head;
  }
  EXPECT_EQ(test::read({hex("da 03 e8")}, limits), "...");
}

TEST(Reader, RefusesBombsOfArraysAndMapsAtTheirHead) {
  const Limits limits{.values = 1000};
  EXPECT_EQ(test::read({hex("dd ff ff ff ff")}, limits), "error too many values");
  EXPECT_EQ(test::read({hex("df ff ff ff ff")}, limits), "error too many values");
  EXPECT_EQ(test::read({hex("dc 03 e8")}, limits), "error too many values");  // and itself
  EXPECT_EQ(test::read({hex("dc 03 e7")}, limits), "[999 ...");
  EXPECT_EQ(test::read({hex("de 01 f4")}, limits), "error too many values");  // twice 500
  // What outer ones announce counts as well.
  EXPECT_EQ(test::read({hex("dc 02 00 dc 02 00")}, limits), "[512 error too many values");
}

TEST(Reader, RefusesNestingAboveTheLimit) {
  const Limits limits{.depth = 3};
  EXPECT_EQ(read("91 91 91 01", limits), "[1 [1 [1 1 ] ] ] .");
  EXPECT_EQ(read("91 81 91 91 01", limits), "[1 {1 [1 error nested too deeply");
  EXPECT_EQ(read("91 91 91 90", limits), "[1 [1 [1 error nested too deeply");
}

TEST(Reader, TakesDeepNestingWithoutRecursion) {
  const std::size_t levels = 1'000'000;
  const Limits limits{.depth = levels, .values = 2 * levels};
  Reader reader(limits);
  const std::string bytes = std::string(levels - 1, '\x91') + '\x90';
  std::string_view in = bytes;
  std::size_t tokens = 0;
  for (; !reader.done(); ++tokens) {
    const auto token = reader.next(in);
    ASSERT_TRUE(token && *token);
  }
  EXPECT_EQ(tokens, 2 * levels);
}

}  // namespace
}  // namespace naru::msgpack
