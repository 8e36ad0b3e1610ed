#include "json/string.hpp"

#include "json/split.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::json {
namespace {

std::string encode(std::string_view text) {
  std::string out;
  append_string(text, out);
  return out;
}

std::string decode(std::string_view literal) {
  std::string storage;
  const auto text = decode_string(literal, storage);
  return text ? std::string(*text) : "(error)";
}

TEST(AppendString, WritesPlainTextAsItIs) {
  EXPECT_EQ(encode(""), R"("")");
  EXPECT_EQ(encode("hello / world \x7f"), "\"hello / world \x7f\"");
  EXPECT_EQ(encode("é漢😀\u2028"), "\"é漢😀\u2028\"");
}

TEST(AppendString, EscapesAsJsonStringifyDoes) {
  EXPECT_EQ(encode("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(encode("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(encode(std::string_view("\0\x01\x1f\x0b", 4)), R"("\u0000\u0001\u001f\u000b")");
}

TEST(AppendString, FindsEscapesAtEveryOffset) {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string plain(length, 'a');
    EXPECT_EQ(encode(plain + "\"" + plain), "\"" + plain + "\\\"" + plain + "\"");
  }
}

TEST(AppendString, ReplacesOctetsThatAreNoUtf8) {
  EXPECT_EQ(encode("a\xff\"z"), "\"a\uFFFD\\\"z\"");
  EXPECT_EQ(encode("\xc3"), "\"\uFFFD\"");
  EXPECT_EQ(encode("é\xe2\x82 😀\xed\xa0\x80"), "\"é\uFFFD\uFFFD 😀\uFFFD\uFFFD\uFFFD\"");
}

TEST(DecodeString, GivesAViewWithoutEscapes) {
  std::string storage;
  const std::string literal = "\"hello é\"";
  const auto text = decode_string(literal, storage);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->data(), literal.data() + 1);
  EXPECT_EQ(*text, "hello é");
}

TEST(DecodeString, UndoesEveryEscape) {
  EXPECT_EQ(decode(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(decode(R"("\u0041\u00e9\u6f22\uD83D\uDE00")"), "Aé漢😀");
  EXPECT_EQ(decode(R"("\u0000")"), std::string(1, '\0'));
}

TEST(DecodeString, ReplacesLoneSurrogates) {
  EXPECT_EQ(decode(R"("\ud83d")"), "\uFFFD");
  EXPECT_EQ(decode(R"("\ude00x")"), "\uFFFDx");
  EXPECT_EQ(decode(R"("\ud83d\ud83d\ude00")"), "\uFFFD😀");
  EXPECT_EQ(decode(R"("\ud83d\u0041")"), "\uFFFDA");
  EXPECT_EQ(decode(R"("\ud83d\n")"), "\uFFFD\n");
}

TEST(DecodeString, RefusesWhatIsNoLiteral) {
  for (const std::string_view text : {"", "\"", "a", "\"a", "a\"", "\"a\"b\"", "\"\\\"", "\"\\q\"",
                                      "\"\\u00\"", "\"\n\"", "\"a\" "}) {
    EXPECT_EQ(decode(text), "(error)") << text;
  }
}

TEST(DecodeString, ReadsBackWhatAppendStringWrote) {
  std::string every;
  for (int c = 0; c < 128; ++c) every.push_back(static_cast<char>(c));
  every += "é漢😀";
  EXPECT_EQ(decode(encode(every)), every);
}

}  // namespace
}  // namespace naru::json
