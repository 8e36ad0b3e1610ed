// Our scanner against Boost.JSON's basic_parser, which is strict: the same verdict on thousands of
// mutated texts. Two wanted differences are left out: lone surrogates, which JavaScript writes, and
// numbers beyond the range of doubles, which are a matter of reading them. Boost refuses both.
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "json/split.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace naru::json {
namespace {

namespace bj = boost::json;

struct AcceptAll {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using Code = bj::error_code;
  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t, Code&) { return true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t, Code&) { return true; }
  bool on_key_part(bj::string_view, std::size_t, Code&) { return true; }
  bool on_key(bj::string_view, std::size_t, Code&) { return true; }
  bool on_string_part(bj::string_view, std::size_t, Code&) { return true; }
  bool on_string(bj::string_view, std::size_t, Code&) { return true; }
  bool on_number_part(bj::string_view, Code&) { return true; }
  bool on_int64(std::int64_t, bj::string_view, Code&) { return true; }
  bool on_uint64(std::uint64_t, bj::string_view, Code&) { return true; }
  bool on_double(double, bj::string_view, Code&) { return true; }
  bool on_bool(bool, Code&) { return true; }
  bool on_null(Code&) { return true; }
  bool on_comment_part(bj::string_view, Code&) { return true; }
  bool on_comment(bj::string_view, Code&) { return true; }
};

// nullopt when it stumbles over a range, not over the grammar.
std::optional<bool> boost_accepts(std::string_view text, std::size_t depth) {
  bj::parse_options options;
  options.max_depth = depth;
  bj::basic_parser<AcceptAll> parser(options);
  bj::error_code code;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), code);
  if (code == bj::error::exponent_overflow) return std::nullopt;
  return !code && used == text.size();
}

bool may_hold_surrogate(std::string_view text) {
  return text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
}

std::string mutate(std::string text, Random& random) {
  constexpr std::string_view alphabet = "[]{}\",:\\/-+.eE0123 tfnruabx\n\x1f";
  for (std::uint32_t left = 1 + random.next_u32() % 3; left > 0 && !text.empty(); --left) {
    const std::size_t at = random.next_u32() % text.size();
    const char letter = alphabet[random.next_u32() % alphabet.size()];
    switch (random.next_u32() % 4) {
      case 0:
        text[at] = letter;
        break;
      case 1:
        text.insert(at, 1, letter);
        break;
      case 2:
        text.erase(at, 1);
        break;
      default:
        text.insert(at, text.substr(text.size() - at));
    }
  }
  return text;
}

TEST(Strictness, AgreesWithBoostOnMutatedTexts) {
  constexpr std::array<std::string_view, 8> seeds{
      R"(["say","hello world",{"a":1}])",
      R"({"a":[1,-2.5e+10,true,false,null,"x\u00e9\n"],"b":{}})",
      R"([[[[[["deep"]]]]]])",
      R"([0,-0,0.5,1e5,1E-5,123456789012345678901234567890])",
      R"({"":{"":{"":[]}},"k":"\"\\\/\b\f\n\r\t"})",
      R"(["é漢😀",{"é":"é"}])",
      " [ 1 , { \"a\" : [ ] } , \"b\" ] ",
      R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])",
  };
  SeededRandom random(1);
  int accepted = 0;
  int compared = 0;
  for (int round = 0; round < 40'000; ++round) {
    const std::string text = mutate(std::string(seeds[random.next_u32() % seeds.size()]), random);
    if (!is_utf8(text) || may_hold_surrogate(text)) continue;
    const bool ours = validate(text, {.depth = 5}).has_value();
    ASSERT_EQ(ours, boost_accepts(text, 5).value_or(ours)) << text;
    ++compared;
    if (ours) ++accepted;
    std::vector<std::string_view> elements;
    const bool is_array =
        text.find_first_not_of(" \n") < text.size() && text[text.find_first_not_of(" \n")] == '[';
    ASSERT_EQ(split_array(text, {.depth = 5}, elements).has_value(), ours && is_array) << text;
  }
  EXPECT_GT(compared, 30'000);
  EXPECT_GT(accepted, 1'000);
  EXPECT_LT(accepted, compared - 1'000);
}

}  // namespace
}  // namespace naru::json
