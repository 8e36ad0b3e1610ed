#include "websocket/frame.hpp"

#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace naru::websocket {
namespace {

using test::bytes;

Errc refusal(std::string_view hex, Role role) {
  const auto decoded = decode_head(bytes(hex), role);
  EXPECT_FALSE(decoded) << hex;
  return decoded ? Errc::io : decoded.error().code;
}

// A server's frame of that 64 bit length.
std::string long_head(std::uint64_t length) {
  std::string head = bytes("82 7f");
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    head += static_cast<char>(length >> (shift - 8) & 0xffU);
  }
  return head;
}

TEST(FrameHead, ReadsUnmasked) {
  const auto decoded = decode_head(bytes("81 05 48 65 6c 6c 6f"), Role::client);
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->size, 2U);
  EXPECT_EQ((*decoded)->head.opcode, Opcode::text);
  EXPECT_TRUE((*decoded)->head.fin);
  EXPECT_FALSE((*decoded)->head.masked);
  EXPECT_EQ((*decoded)->head.payload_bytes, 5U);
}

TEST(FrameHead, ReadsMasked) {
  const auto decoded = decode_head(bytes("81 85 37 fa 21 3d 7f 9f 4d 51 58"), Role::server);
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->size, 6U);
  EXPECT_TRUE((*decoded)->head.masked);
  EXPECT_EQ((*decoded)->head.mask, (std::array<unsigned char, 4>{0x37, 0xfa, 0x21, 0x3d}));
  std::string payload = bytes("7f 9f 4d 51 58");
  apply_mask(payload, (*decoded)->head.mask);
  EXPECT_EQ(payload, "Hello");
}

TEST(FrameHead, WaitsForItsLastByte) {
  for (const std::string& head :
       {bytes("82 fe 01 00 01 02 03 04"), bytes("82 ff 00 00 00 00 00 01 00 00 01 02 03 04"),
        bytes("82 80 01 02 03 04")}) {
    for (std::size_t size = 0; size < head.size(); ++size) {
      const auto decoded = decode_head(head.substr(0, size), Role::server);
      ASSERT_TRUE(decoded) << size;
      EXPECT_FALSE(*decoded) << size;
    }
    const auto decoded = decode_head(head, Role::server);
    ASSERT_TRUE(decoded && *decoded);
    EXPECT_EQ((*decoded)->size, head.size());
  }
}

TEST(FrameHead, RefusesReservedBits) {
  for (const char* hex : {"c1 80", "a1 80", "91 80", "c9 80", "c8 80", "c0 80", "f1 80", "c1"}) {
    EXPECT_EQ(refusal(hex, Role::server), Errc::protocol_error) << hex;
  }
}

TEST(FrameHead, RefusesReservedOpcodes) {
  for (const char* hex : {"83 80", "84 80", "85 80", "86 80", "87 80", "8b 80", "8c 80", "8d 80",
                          "8e 80", "8f 80", "03 80"}) {
    EXPECT_EQ(refusal(hex, Role::server), Errc::protocol_error) << hex;
  }
}

TEST(FrameHead, RefusesFragmentedControlFrame) {
  for (const char* hex : {"08 80", "09 80", "0a 80"}) {
    EXPECT_EQ(refusal(hex, Role::server), Errc::protocol_error) << hex;
  }
}

TEST(FrameHead, RefusesLongControlFrameByItsSecondByte) {
  for (const char* hex : {"88 fe", "89 fe", "8a ff"}) {
    EXPECT_EQ(refusal(hex, Role::server), Errc::protocol_error) << hex;
  }
  EXPECT_TRUE(decode_head(bytes("89 fd"), Role::server));
}

TEST(FrameHead, RefusesWrongMaskDirection) {
  EXPECT_EQ(refusal("81 05", Role::server), Errc::protocol_error);
  EXPECT_EQ(refusal("81 85", Role::client), Errc::protocol_error);
}

TEST(FrameHead, RefusesLengthNotInItsShortestForm) {
  EXPECT_EQ(refusal("82 7e 00 7d", Role::client), Errc::protocol_error);
  EXPECT_EQ(refusal("82 7e 00 00", Role::client), Errc::protocol_error);
  EXPECT_EQ(refusal("82 fe 00 7d", Role::server), Errc::protocol_error);  // before its mask
  EXPECT_EQ(refusal("82 7f 00 00 00 00 00 00 ff ff", Role::client), Errc::protocol_error);
  EXPECT_TRUE(decode_head(bytes("82 7e 00 7e"), Role::client));
  EXPECT_TRUE(decode_head(bytes("82 7f 00 00 00 00 00 01 00 00"), Role::client));
}

TEST(FrameHead, RefusesTopBitOfLengthByItsThirdByte) {
  EXPECT_EQ(refusal("82 7f 80", Role::client), Errc::protocol_error);
}

// gorilla CVE-2020-27813, undici CVE-2026-1528: arithmetic with 64 bit lengths.
TEST(FrameHead, ReadsExtremeLengths) {
  const std::uint64_t top = std::uint64_t{1} << 63U;
  for (const std::uint64_t length :
       {(std::uint64_t{1} << 31U) - 1, std::uint64_t{1} << 31U, std::uint64_t{1} << 32U,
        std::uint64_t{0x0102030405060708}, top - 1}) {
    const auto decoded = decode_head(long_head(length), Role::client);
    ASSERT_TRUE(decoded && *decoded);
    EXPECT_EQ((*decoded)->head.payload_bytes, length);
  }
  for (const std::uint64_t length : {top, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_FALSE(decode_head(long_head(length), Role::client));
  }
}

TEST(ApplyMask, XorsEveryByteFromEveryPhase) {
  const std::array<unsigned char, 4> mask{0x01, 0x80, 0xff, 0x37};
  for (std::size_t size = 0; size < 200; ++size) {
    for (std::size_t phase = 0; phase < 8; ++phase) {
      std::string payload;
      std::string expected;
      for (std::size_t i = 0; i < size; ++i) {
        payload += static_cast<char>(i * 7);
        expected += static_cast<char>((i * 7) ^ mask[(phase + i) % 4]);
      }
      apply_mask(payload, mask, phase);
      ASSERT_EQ(payload, expected) << size << " from " << phase;
    }
  }
}

TEST(EncodeFrame, UsesTheShortestLength) {
  const auto head_of = [](std::size_t size) {
    std::string head(head_size(size), '?');
    write_head({.opcode = Opcode::binary}, size, head.data());
    return head;
  };
  EXPECT_EQ(head_of(0), bytes("82 00"));
  EXPECT_EQ(head_of(125), bytes("82 7d"));
  EXPECT_EQ(head_of(126), bytes("82 7e 00 7e"));
  EXPECT_EQ(head_of(65535), bytes("82 7e ff ff"));
  EXPECT_EQ(head_of(65536), bytes("82 7f 00 00 00 00 00 01 00 00"));
  EXPECT_EQ(head_of(0x0102030405060708), bytes("82 7f 01 02 03 04 05 06 07 08"));
}

TEST(EncodeFrame, WritesWhatAServerSends) {
  ChunkPool pool;
  SendQueue queue(pool);
  encode_frame(Opcode::text, "He", "llo", queue);
  EXPECT_EQ(test::flatten(queue), bytes("81 05 48 65 6c 6c 6f"));
  encode_frame(Opcode::ping, {}, {}, queue);
  EXPECT_EQ(test::flatten(queue), bytes("81 05 48 65 6c 6c 6f 89 00"));
}

TEST(EncodeFrame, WritesWhatAClientSends) {
  ChunkPool pool;
  SendQueue queue(pool);
  encode_masked_frame(Opcode::text, "Hello", {0x37, 0xfa, 0x21, 0x3d}, queue);
  EXPECT_EQ(test::flatten(queue), bytes("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
}

TEST(EncodeFrame, AppendsTheSameToAString) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U}) {
    const std::string payload(size, 'x');
    ChunkPool pool;
    SendQueue queue(pool);
    encode_frame(Opcode::binary, "4", payload, queue);
    std::string appended = "before";
    append_frame(Opcode::binary, "4", payload, appended);
    EXPECT_EQ(appended, "before" + test::flatten(queue));
  }
}

}  // namespace
}  // namespace naru::websocket
