// Engine.IO 3, payloads and packets (socketio.md 1.8).
#include "engineio/payload_v3.hpp"

#include "engineio/packet.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace naru::engineio {
namespace {

using namespace std::string_view_literals;
using Seen = std::vector<std::string>;

std::string show(const Packet& packet) {
  return (packet.binary ? "b" : "") + std::string(1, type_char(packet.type)) + ":" +
         std::string(packet.data);
}

// Every packet of `body`, and behind them the error that ended it. From a copy of its own size, so
// that a sanitizer sees reads beyond it.
Seen read(std::string_view body, PayloadForm form, const PayloadLimits& limits = {}) {
  const std::vector<char> exact(body.begin(), body.end());
  Seen seen;
  PayloadReader reader({exact.data(), exact.size()}, limits, form);
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
Seen counted(std::string_view body, const PayloadLimits& limits = {}) {
  return read(body, PayloadForm::counted, limits);
}
Seen framed(std::string_view body, const PayloadLimits& limits = {}) {
  return read(body, PayloadForm::framed, limits);
}

constexpr std::string_view kFramed =
    "\x00\x06\xff"
    "4hello"
    "\x01\x05\xff\x04\x01\x02\x03\x04"sv;

TEST(CountedPayload, TakesPacketsApart) {
  EXPECT_EQ(counted("6:4hello10:b4AQIDBA=="), (Seen{"4:hello", "b4:\x01\x02\x03\x04"}));
  EXPECT_EQ(counted("1:2"), Seen{"2:"});
  EXPECT_EQ(counted("6:2probe1:5"), (Seen{"2:probe", "5:"}));
  EXPECT_EQ(counted("8:4a\x1e:3:\n\""), Seen{"4:a\x1e:3:\n\""});  // anything may stand in one
}

TEST(CountedPayload, CountsUtf16Units) {
  EXPECT_EQ(counted("2:4é6:b4AQID"), (Seen{"4:é", "b4:\x01\x02\x03"}));
  EXPECT_EQ(counted("3:4😀"), Seen{"4:😀"});
  EXPECT_EQ(counted("5:4나루é2:4x"), (Seen{"4:나루é2", "bad_packet"}));
  EXPECT_EQ(counted("4:4나루é2:4x"), (Seen{"4:나루é", "4:x"}));
  EXPECT_EQ(counted("2:4😀"), Seen{"bad_packet"});  // half a surrogate pair
}

TEST(CountedPayload, PassesOverEmptyEntries) {
  EXPECT_EQ(counted("0:"), Seen{});
  EXPECT_EQ(counted("0:0:2:4a0:"), Seen{"4:a"});
}

TEST(CountedPayload, RefusesWhatIsMalformed) {
  for (const std::string_view body : {"",
                                      "abc",
                                      ":",
                                      ":4a",
                                      "4a",
                                      "2",
                                      "3:4a",
                                      "-1:4",
                                      "+2:4a",
                                      "2 :4a",
                                      " 2:4a",
                                      "0x2:4a",
                                      "2.0:4a",
                                      "1e1:4aaaaaaaaa",
                                      "1:7",
                                      "1:b",
                                      "3:bAQ",
                                      "2:b4AQ",
                                      "99999999999:4",
                                      "18446744073709551617:4"}) {
    const Seen seen = counted(body);
    ASSERT_FALSE(seen.empty()) << body;
    EXPECT_EQ(seen.back(), "bad_packet") << body;
  }
  EXPECT_EQ(counted("2:4\xff"), Seen{"bad_packet"});  // not UTF-8
  EXPECT_EQ(counted("2:4a2"), (Seen{"4:a", "bad_packet"}));
  EXPECT_EQ(counted("2:4a7:4b"), (Seen{"4:a", "bad_packet"}));
}

TEST(FramedPayload, TakesPacketsApart) {
  EXPECT_EQ(framed(kFramed), (Seen{"4:hello", "b4:\x01\x02\x03\x04"}));
  EXPECT_EQ(framed("\x00\x03\xff"
                   "4é"
                   "\x01\x04\xff\x04\x01\x02\x03"sv),
            (Seen{"4:é", "b4:\x01\x02\x03"}));
  EXPECT_EQ(framed("\x00\x05\xff"
                   "4😀"sv),
            Seen{"4:😀"});
  EXPECT_EQ(framed("\x00\x01\x02\xff"
                   "4hello hello"sv),
            Seen{"4:hello hello"});
}

TEST(FramedPayload, RefusesWhatIsMalformed) {
  for (const std::string_view body :
       {""sv, "\x02\x01\xff"sv, "\x00"sv, "\x00\x01"sv, "\x00\xff"sv,
        "\x00\x02\xff"
        "4"sv,
        "\x00\x0a\xff"sv, "\x00\x00\xff"sv, "\x01\x00\xff"sv, "\x01\x01\xff\x07"sv,
        "\x01\x01\xff"
        "4"sv,
        "\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff"
        "4"sv}) {
    EXPECT_EQ(framed(body), Seen{"bad_packet"});
  }
}

TEST(PayloadsOfRevision3, EndCleanlyAtEveryTruncation) {
  constexpr std::string_view text = "6:4hello3:4😀10:b4AQIDBA==1:6";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const Seen seen = counted(text.substr(0, size));
    ASSERT_LE(seen.size(), 4U);
    const bool whole = size == 8 || size == 15 || size == 28;
    EXPECT_EQ(!seen.empty() && seen.back() == "bad_packet", !whole) << size;
  }
  for (std::size_t size = 0; size < kFramed.size(); ++size) {
    EXPECT_EQ(framed(kFramed.substr(0, size)).back() == "bad_packet", size != 9) << size;
  }
}

// A parser that copies what is left for each packet takes minutes for these.
TEST(PayloadsOfRevision3, Cve202036048AreReadInLinearTime) {
  const PayloadLimits unlimited{.packets = 10'000'000};
  std::string text;
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i) {
    text += "1:2";
    bytes += "\x00\x01\xff\x32"sv;
  }
  EXPECT_EQ(counted(text, unlimited).size(), 1'000'000U);
  EXPECT_EQ(framed(bytes, unlimited).size(), 1'000'000U);
  EXPECT_EQ(counted(std::string(1'000'000, '1')), Seen{"bad_packet"});
}

TEST(PayloadsOfRevision3, AreBoundedInTheirPackets) {
  EXPECT_EQ(counted("1:21:21:2", {.packets = 3}).size(), 3U);
  EXPECT_EQ(counted("1:21:21:21:2", {.packets = 3}).back(), "too_many");
  EXPECT_EQ(counted("0:0:0:0:", {.packets = 3}), Seen{"too_many"});
  EXPECT_EQ(framed("\x00\x01\xff\x32\x00\x01\xff\x32"sv, {.packets = 1}).back(), "too_many");
}

TEST(FramedPayload, IsWrittenAsItIsRead) {
  std::string out;
  v3::append_framed("4", "hello", out);
  EXPECT_FALSE(v3::holds_binary(out));
  v3::append_framed_binary("\x01\x02\x03\x04", out);
  EXPECT_EQ(out, kFramed);
  EXPECT_TRUE(v3::holds_binary(out));
  out.clear();
  v3::append_framed("4", std::string(255, 'x'), out);  // a length with the digit 255 would be ff
  EXPECT_EQ(out.substr(0, 5), "\x00\x02\x05\x06\xff"sv);
}

TEST(CountedPayload, IsMadeOfAFramedOne) {
  std::string out;
  v3::append_framed("4", "hello", out);
  v3::append_framed_binary("\x01\x02\x03\x04", out);
  v3::append_framed("4", "é", out);
  v3::append_framed("4", "😀", out);
  v3::append_framed_binary("", out);
  EXPECT_EQ(v3::counted_from_framed(out), "6:4hello10:b4AQIDBA==2:4é3:4😀2:b4");
  EXPECT_EQ(v3::counted_from_framed(""), "");
}

TEST(DecodePacket, OfRevision3HasItsTypeBehindTheB) {
  std::string storage;
  const auto packet = decode_packet("b4AQIDBA==", storage, Revision::v3);
  ASSERT_TRUE(packet);
  EXPECT_EQ(show(*packet), "b4:\x01\x02\x03\x04");
  EXPECT_EQ(show(*decode_packet("4hello", storage, Revision::v3)), "4:hello");
  for (const std::string_view text : {"", "b", "b7", "bAQIDBA==", "b4!", "7"}) {
    EXPECT_FALSE(decode_packet(text, storage, Revision::v3)) << text;
  }
}

TEST(DecodeBinaryPacket, TakesItsTypeFromTheFirstByte) {
  EXPECT_EQ(show(*decode_binary_packet("\x04\x01\x02"sv)), "b4:\x01\x02");
  EXPECT_EQ(show(*decode_binary_packet("\x02"sv)), "b2:");
  EXPECT_FALSE(decode_binary_packet(""));
  EXPECT_FALSE(decode_binary_packet("\x07"));
  EXPECT_FALSE(decode_binary_packet("4hello"));
}

}  // namespace
}  // namespace naru::engineio
