// Engine.IO 4, "Packet encoding" (socketio.md 1.6 and 1.7).
#include "engineio/packet.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::engineio {
namespace {

std::string show(const Packet& packet) {
  return (packet.binary ? "b:" : std::string(1, type_char(packet.type)) + ":") +
         std::string(packet.data);
}

// Every packet of `body`, and behind them the error that ended it.
std::vector<std::string> read(std::string_view body, const PayloadLimits& limits = {}) {
  std::vector<std::string> seen;
  PayloadReader reader(body, limits);
  for (;;) {
    const auto packet = reader.next();
    if (!packet) {
      seen.emplace_back(packet.error().code == Errc::too_many ? "too_many" : "bad_packet");
      EXPECT_FALSE((*reader.next()).has_value());  // reading ends there
      return seen;
    }
    if (!*packet) return seen;
    seen.push_back(show(**packet));
  }
}

using Seen = std::vector<std::string>;

TEST(DecodePacket, KnowsEveryType) {
  std::string storage;
  for (char type = '0'; type <= '6'; ++type) {
    const std::string text = std::string(1, type) + "probe";
    const auto packet = decode_packet(text, storage);
    ASSERT_TRUE(packet);
    EXPECT_EQ(type_char(packet->type), type);
    EXPECT_EQ(packet->data, "probe");
    EXPECT_FALSE(packet->binary);
  }
}

TEST(DecodePacket, RefusesEmptyAndUnknown) {
  std::string storage;
  for (const std::string_view text : {"", "7", "a", "abc", " 4", "B", "\xff", "/"}) {
    EXPECT_FALSE(decode_packet(text, storage)) << text;
  }
}

TEST(DecodePacket, DecodesBase64) {
  std::string storage;
  const auto packet = decode_packet("bAQIDBA==", storage);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->binary);
  EXPECT_EQ(packet->type, PacketType::message);
  EXPECT_EQ(packet->data, "\x01\x02\x03\x04");
  EXPECT_EQ(decode_packet("b", storage)->data, "");
  EXPECT_EQ(decode_packet("bAQ", storage)->data, "\x01");  // unpadded
  for (const std::string_view text : {"bA", "bAQ!=", "bAQ==AQ==", "b A==", "b="}) {
    EXPECT_FALSE(decode_packet(text, storage)) << text;
  }
}

TEST(PayloadReader, TakesPacketsApart) {
  EXPECT_EQ(read("4hello\x1e"
                 "2\x1e"
                 "bAQIDBA=="),
            (Seen{"4:hello", "2:", "b:\x01\x02\x03\x04"}));
  EXPECT_EQ(read("4"), Seen{"4:"});
  EXPECT_EQ(read("1\x1e"
                 "4after"),
            (Seen{"1:", "4:after"}));  // a close does not end a payload
}

TEST(PayloadReader, DeliversWhatStandsBeforeABadPacket) {
  EXPECT_EQ(read("4a\x1e"
                 "4b\x1e"
                 "xyz\x1e"
                 "4c"),
            (Seen{"4:a", "4:b", "bad_packet"}));
}

TEST(PayloadReader, RefusesEmptyPackets) {
  EXPECT_EQ(read(""), Seen{"bad_packet"});
  EXPECT_EQ(read("\x1e"), Seen{"bad_packet"});
  EXPECT_EQ(read("4a\x1e"), (Seen{"4:a", "bad_packet"}));
  EXPECT_EQ(read("4a\x1e\x1e"
                 "4b"),
            (Seen{"4:a", "bad_packet"}));
}

TEST(PayloadReader, Cve202036048BoundsPackets) {
  EXPECT_EQ(read("4\x1e"
                 "4\x1e"
                 "4",
                 {.packets = 3})
                .size(),
            3U);
  EXPECT_EQ(read("4\x1e"
                 "4\x1e"
                 "4\x1e"
                 "4",
                 {.packets = 3})
                .back(),
            "too_many");
  // A megabyte of minimal packets ends at the limit, whatever stands behind it.
  std::string body;
  for (int i = 0; i < 500'000; ++i) body += "4\x1e";
  const Seen seen = read(body);
  EXPECT_EQ(seen.size(), PayloadLimits{}.packets + 1);
  EXPECT_EQ(seen.back(), "too_many");
}

TEST(PayloadReader, EndsCleanlyAtEveryTruncation) {
  const std::string body =
      "4hello\x1e"
      "2probe\x1e"
      "bAQIDBA==\x1e"
      "6";
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::vector<char> cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_LE(read({cut.data(), cut.size()}).size(), 4U) << size;
  }
}

TEST(AppendPayload, PutsSeparatorsBetween) {
  std::string out;
  append_payload(PacketType::message, "hello", out);
  append_payload(PacketType::ping, "", out);
  append_binary_payload("\x01\x02\x03\x04", out);
  EXPECT_EQ(out,
            "4hello\x1e"
            "2\x1e"
            "bAQIDBA==");
}

}  // namespace
}  // namespace naru::engineio
