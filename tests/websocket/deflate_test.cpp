#include "websocket/deflate.hpp"

#include "support/strict_inflater.hpp"
#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

// The compressors alone.

namespace naru::websocket {
namespace {

using test::bytes;

std::string compressed(Deflater& deflater, std::string_view message) {
  std::string out;
  deflater.compress(message, Deflater::End::message, out);
  return out;
}

// Inflates a whole message through steps of `step` bytes; nullopt when it is corrupt.
std::optional<std::string> inflated(Inflater& inflater, std::string_view in, std::size_t step) {
  std::vector<char> room(step);
  std::string out;
  bool failed = false;
  std::size_t count = 0;
  do {
    count = inflater.inflate(in, room, failed);
    out.append(room.data(), count);
  } while (!failed && count == step);
  do {
    if (failed) return std::nullopt;
    count = inflater.finish(room, failed);
    out.append(room.data(), count);
  } while (count == step);
  if (failed) return std::nullopt;
  return out;
}

std::string repetitive(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "{\"id\":" + std::to_string(i * 7919) + "},";
  text.resize(size);
  return text;
}

TEST(Deflater, WritesTheVectorsOfTheRfc) {
  Deflater deflater(15, 8, 6);
  EXPECT_EQ(compressed(deflater, "Hello"), bytes("f2 48 cd c9 c9 07 00"));
  EXPECT_EQ(compressed(deflater, "Hello"), bytes("f2 00 11 00 00"));
  deflater.reset();
  EXPECT_EQ(compressed(deflater, "Hello"), bytes("f2 48 cd c9 c9 07 00"));
}

TEST(Deflater, WritesAnEmptyMessageAsOneByte) {
  Deflater deflater(15, 8, 6);
  EXPECT_EQ(compressed(deflater, ""), bytes("00"));
  EXPECT_EQ(compressed(deflater, ""), bytes("00"));
  compressed(deflater, "Hello");
  EXPECT_EQ(compressed(deflater, ""), bytes("00"));
}

TEST(Deflater, ReadsBackAtEveryWindow) {
  for (int bits = 8; bits <= 15; ++bits) {
    Deflater deflater(bits, 5, 6);
    naru::test::StrictInflater strict(bits);
    Inflater ours(bits);
    for (const std::size_t size : {0U, 1U, 300U, 5000U, 100'000U, 7U}) {
      const std::string message = repetitive(size);
      const std::string wire = compressed(deflater, message);
      EXPECT_EQ(strict.message(wire), message) << bits;
      EXPECT_EQ(inflated(ours, wire, 16384), message) << bits;
    }
  }
}

TEST(Deflater, EndsPiecesSoThatTheyCanBeRead) {
  Deflater deflater(15, 8, 6);
  const std::string piece = repetitive(3000);
  std::string wire;
  deflater.compress(piece, Deflater::End::piece, wire);
  Inflater inflater(15);
  std::vector<char> room(16384);
  bool failed = false;
  std::string_view in = wire;
  EXPECT_EQ(inflater.inflate(in, room, failed), 3000U);
  deflater.compress("", Deflater::End::message, wire);
  naru::test::StrictInflater strict(15);
  EXPECT_EQ(strict.message(wire), piece);
}

TEST(Deflater, TakesWhatDoesNotShrink) {
  SeededRandom random(3);
  std::vector<unsigned char> noise(200'000);
  random.fill(noise);
  const std::string message(noise.begin(), noise.end());
  Deflater deflater(15, 8, 6);
  const std::string wire = compressed(deflater, message);
  EXPECT_LE(wire.size(), message.size() + 200);
  naru::test::StrictInflater strict(15);
  EXPECT_EQ(strict.message(wire), message);
}

TEST(Inflater, ReadsTheVectorsOfTheRfc) {
  for (const std::size_t step : {1U, 2U, 5U, 6U, 100U}) {
    Inflater inflater(15);
    EXPECT_EQ(inflated(inflater, bytes("f2 48 cd c9 c9 07 00"), step), "Hello");
    EXPECT_EQ(inflated(inflater, bytes("f2 00 11 00 00"), step), "Hello");
    EXPECT_EQ(inflated(inflater, bytes("00 05 00 fa ff 48 65 6c 6c 6f 00"), step), "Hello");
    EXPECT_EQ(inflated(inflater, bytes("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), step), "Hello");
    EXPECT_EQ(inflated(inflater, bytes("00"), step), "");
    EXPECT_EQ(inflated(inflater, bytes("01"), step), "");  // the tail makes it a whole final block
    EXPECT_EQ(inflated(inflater, bytes("f3 48 cd c9 c9 07 00 00"), step), "Hello");
    EXPECT_EQ(inflated(inflater, bytes("f2 48 cd c9 c9 07 00"), step), "Hello");
  }
}

TEST(Inflater, GoesOnAfterFinalBlocks) {
  const std::string block = bytes("f3 48 cd c9 c9 07 00");
  for (const std::size_t step : {1U, 5U, 100U}) {
    Inflater inflater(15);
    EXPECT_EQ(inflated(inflater, block + block + block + bytes("00"), step), "HelloHelloHello");
    // The empty block that should follow a last one is not there: the end is clear all the same.
    EXPECT_EQ(inflated(inflater, block, step), "Hello");
    // The context outlives the final block.
    EXPECT_EQ(inflated(inflater, bytes("f2 00 11 00 00"), step), "Hello");
  }
}

TEST(Inflater, RefusesWhatIsCorrupt) {
  for (const char* hex : {"07", "ff ff ff ff", "f2 48 cd c9", "f2 48 cd c9 c9", "",
                          "00 05 00 fa fe 48 65 6c 6c 6f 00", "f2 00 11 00 00"}) {
    for (const std::size_t step : {1U, 100U}) {
      Inflater inflater(15);
      EXPECT_EQ(inflated(inflater, bytes(hex), step), std::nullopt) << hex;
    }
  }
}

TEST(Inflater, StartsAnewAfterReset) {
  Inflater inflater(15);
  EXPECT_EQ(inflated(inflater, bytes("ff ff ff"), 100), std::nullopt);
  inflater.reset(15);
  EXPECT_EQ(inflated(inflater, bytes("f2 48 cd c9 c9 07 00"), 100), "Hello");
  inflater.reset(9);
  EXPECT_EQ(inflated(inflater, bytes("f2 00 11 00 00"), 100), std::nullopt);
}

TEST(DeflatePool, GivesFreshCompressors) {
  DeflatePool pool;
  for (const int wire_class : {1, 2, 3}) {
    for (const int level : {1, 9, 6, 6}) {
      EXPECT_EQ(compressed(pool.deflater(wire_class, level), "Hello"),
                bytes("f2 48 cd c9 c9 07 00"));
    }
  }
}

TEST(EncodeShared, FitsEveryWindowOfItsClass) {
  DeflatePool pool;
  const std::string message = repetitive(60'000);
  for (int bits = 8; bits <= 15; ++bits) {
    const std::string frame = encode_shared(Opcode::text, message, wire_class_of(bits), pool);
    const auto head = decode_head(frame, Role::client, true);
    ASSERT_TRUE(head && *head && (*head)->head.rsv1);
    EXPECT_LT(frame.size(), message.size() / 2);
    naru::test::StrictInflater strict(bits);
    EXPECT_EQ(strict.message(std::string_view(frame).substr((*head)->size)), message) << bits;
  }
}

TEST(EncodeShared, CompressesOnlyWhatGains) {
  DeflatePool pool;
  const auto plain = [](std::string_view payload) { return test::plain(0x81, payload); };
  const std::string text = repetitive(2000);
  EXPECT_EQ(encode_shared(Opcode::text, text, 0, pool), plain(text));
  EXPECT_EQ(encode_shared(Opcode::text, text.substr(0, 1023), 3, pool),
            plain(text.substr(0, 1023)));
  EXPECT_NE(encode_shared(Opcode::text, text.substr(0, 1024), 3, pool),
            plain(text.substr(0, 1024)));
  EXPECT_EQ(encode_shared(Opcode::text, "abcdefgh", 3, pool, {.threshold = 0}), plain("abcdefgh"));
  EXPECT_EQ(encode_shared(Opcode::text, "", 3, pool, {.threshold = 0}), plain(""));
}

TEST(EncodeShared, SaysWhatIsCompressed) {
  DeflatePool pool;
  std::string frames;
  std::string plain;
  const std::string text = repetitive(2000);
  append_shared(Opcode::text, "42", "short", 3, {}, pool, frames, &plain);
  EXPECT_EQ(plain, "");
  append_shared(Opcode::text, "42", text, 3, {}, pool, frames, &plain);
  append_shared(Opcode::binary, "", text, 3, {}, pool, frames, &plain);
  EXPECT_EQ(plain, "42" + text + text);
}

}  // namespace
}  // namespace naru::websocket
