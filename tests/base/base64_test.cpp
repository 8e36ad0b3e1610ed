#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <array>

namespace naru {
namespace {

// RFC 4648 section 10.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kVectors{{
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
}};

std::string all_octets(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<char>(i * 7 + 3));
  return out;
}

TEST(Base64, EncodesTheVectorsOfTheRfc) {
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(base64_size(bytes.size()), text.size());
  }
}

TEST(Base64, Appends) {
  std::string out = "b";
  append_base64("foo", out);
  append_base64("", out);
  EXPECT_EQ(out, "bZm9v");
}

TEST(Base64, DecodesWithAndWithoutPadding) {
  for (const auto& [bytes, text] : kVectors) {
    std::string out = ">";
    ASSERT_TRUE(append_decoded_base64(text, out).has_value()) << text;
    EXPECT_EQ(out, ">" + std::string(bytes));
    std::string bare;
    ASSERT_TRUE(append_decoded_base64(text.substr(0, text.find('=')), bare).has_value()) << text;
    EXPECT_EQ(bare, bytes);
  }
}

TEST(Base64, RoundTripsEveryLengthAndOctet) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string bytes = all_octets(size);
    std::string out;
    ASSERT_TRUE(append_decoded_base64(base64(bytes), out).has_value()) << size;
    ASSERT_EQ(out, bytes);
  }
}

TEST(Base64, RefusesOtherCharactersAndLengths) {
  for (const char* text : {"Z", "Zg=", "Zm9vY", "=", "====", "Zm=v", "Zg==Zg==", "Zm9 v", "Zm9v\n",
                           "Zm-_", "Z\xc3\xa9g", "Zg===", "Z==="}) {
    std::string out = "kept";
    const auto result = append_decoded_base64(text, out);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().code, Errc::bad_packet);
    EXPECT_EQ(out, "kept") << text;
  }
}

TEST(Base64Url, HasItsOwnAlphabetAndNoPadding) {
  EXPECT_EQ(base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url(""), "");
  // 15 random bytes make the 20 characters of a session id.
  EXPECT_EQ(base64url(std::string(15, 'x')).size(), 20U);
}

}  // namespace
}  // namespace naru
