// C++ types as JSON and back: those of naru/json.hpp.
#include "naru/json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace naru {
namespace {

template <class T>
std::string written(const T& value) {
  std::string text;
  std::vector<std::string> attachments;
  JsonWriter out(text, attachments);
  json_write(out, value);
  return text;
}

// Written as `text`, and read from it.
template <class T>
void both_ways(const T& value, std::string_view text) {
  EXPECT_EQ(written(value), text);
  const Result<T> read = json_cast<T>({text});
  ASSERT_TRUE(read) << text;
  EXPECT_EQ(*read, value) << text;
}

template <class T>
bool reads(std::string_view text) {
  return json_cast<T>({text}).has_value();
}

enum class Colour : std::uint8_t { red, green = 7 };

TEST(Codecs, TakeArraysOfAFixedLength) {
  both_ways(std::array<int, 3>{1, 2, 3}, "[1,2,3]");
  both_ways(std::pair(std::string("a"), 1.5), R"(["a",1.5])");
  both_ways(std::tuple(1, true, std::string("x"), std::vector<int>{}), R"([1,true,"x",[]])");
  both_ways(std::tuple<>(), "[]");
  EXPECT_FALSE((reads<std::array<int, 3>>("[1,2]")));
  EXPECT_FALSE((reads<std::array<int, 3>>("[1,2,3,4]")));
  EXPECT_FALSE((reads<std::array<int, 3>>(R"([1,2,"3"])")));
  EXPECT_FALSE((reads<std::pair<int, int>>("[1]")));
  EXPECT_FALSE((reads<std::tuple<int, bool>>("[1,2]")));
  EXPECT_FALSE((reads<std::tuple<int>>("{}")));
}

TEST(Codecs, TakeMaps) {
  both_ways(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}}, R"({"a":[1],"b":[]})");
  both_ways(std::unordered_map<std::string, bool>{{"é", true}}, R"({"é":true})");
  EXPECT_FALSE((reads<std::unordered_map<std::string, bool>>(R"({"a":1})")));
}

TEST(Codecs, TakeTheFirstAlternativeThatFits) {
  using Value = std::variant<std::monostate, bool, int, double, std::string, std::vector<int>>;
  both_ways(Value(), "null");
  both_ways(Value(true), "true");
  both_ways(Value(7), "7");
  both_ways(Value(7.5), "7.5");
  both_ways(Value(std::string("7")), R"("7")");
  both_ways(Value(std::vector{7}), "[7]");
  EXPECT_FALSE(reads<Value>("{}"));
  EXPECT_EQ((json_cast<std::variant<double, int>>({"7"})->index()), 0U);
  EXPECT_EQ((json_cast<std::variant<int, int>>({"7"}))->index(), 0U);
}

TEST(Codecs, TakeEnumerationsAsNumbers) {
  both_ways(Colour::green, "7");
  EXPECT_FALSE(reads<Colour>("256"));
  EXPECT_FALSE(reads<Colour>(R"("red")"));
}

TEST(Codecs, TakeOptionalsInside) {
  both_ways(std::vector<std::optional<int>>{1, std::nullopt}, "[1,null]");
  both_ways(std::optional<std::pair<int, int>>(std::pair(1, 2)), "[1,2]");
}

TEST(Codecs, BorrowBinaryAsAView) {
  const std::vector<std::string> attachments{"one", "two"};
  const JsonView value{R"([{"_placeholder":true,"num":1}])", attachments};
  const auto read = json_cast<std::array<BytesView, 1>>(value);
  ASSERT_TRUE(read);
  EXPECT_EQ(as_text((*read)[0]), "two");
  EXPECT_EQ((*read)[0].data(), as_bytes(attachments[1]).data());
  EXPECT_FALSE(json_cast<BytesView>({R"("two")", attachments}));
  EXPECT_FALSE(json_cast<BytesView>({R"({"_placeholder":true,"num":2})", attachments}));
}

}  // namespace
}  // namespace naru
