// The vectors of socketio.md 2.6: what npm's socket.io-msgpack-parser sends and reads.
#include "naru/parser.hpp"
#include "socketio/decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace naru::socketio {
namespace {

using namespace std::string_view_literals;
using Type = PacketView::Type;

std::string hex(std::string_view digits) {
  std::string out;
  std::string pair;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    pair += digit;
    if (pair.size() < 2) continue;
    out += static_cast<char>(std::stoi(pair, nullptr, 16));
    pair.clear();
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char byte : bytes) {
    if (!out.empty()) out += ' ';
    out += digits[static_cast<unsigned char>(byte) >> 4U];
    out += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return out;
}

std::string show(const Packet& packet) {
  std::string out = std::to_string(static_cast<int>(packet.type)) + " " + std::string(packet.nsp);
  if (!packet.query.empty()) out += "?" + std::string(packet.query);
  if (packet.id) out += " #" + std::to_string(*packet.id);
  if (!packet.event.empty()) out += " " + std::string(packet.event);
  for (const std::string_view arg : packet.args) out += " " + std::string(arg);
  if (!packet.data.empty()) out += " " + std::string(packet.data);
  for (const std::string& attachment : packet.attachments) out += " <" + to_hex(attachment) + ">";
  return out;
}

// A message as the packet that it is, or why it is none.
std::string decoded(Message message, const MsgpackOptions& options = {},
                    Revision revision = Revision::v5) {
  const auto parser = msgpack_parser(options);
  const auto decoder = parser->make_decoder();
  Scratch scratch;
  const std::string exact(message.data);  // so that a read past the end is seen
  const auto view = decoder->receive({exact, message.binary}, scratch.buffer);
  if (!view) return "error " + std::string(view.error().text);
  if (!*view) return "held";
  const Limits limits;
  const auto packet = check_packet(**view, revision, limits, scratch);
  return packet ? show(**packet) : "error " + std::string(packet.error().text);
}
std::string decoded(std::string_view digits, const MsgpackOptions& options = {}) {
  return decoded({hex(digits), true}, options);
}

std::string encoded(const PacketView& packet) {
  std::vector<PacketMessage> messages;
  msgpack_parser()->encode(packet, messages);
  std::string out;
  for (const PacketMessage& each : messages) out += each.binary ? to_hex(each.bytes) : each.bytes;
  return out;
}

const std::string kType = "a4 74 79 70 65 ";
const std::string kData = "a4 64 61 74 61 ";
const std::string kRoot = "a3 6e 73 70 a1 2f";
const std::string kId = "a2 69 64 ";
const std::string kHello = "a5 68 65 6c 6c 6f ";

TEST(MsgpackParser, ReadsWhatClientsSend) {
  EXPECT_EQ(decoded("83 " + kType + "00" + kData + "d4 00 00" + kRoot), "0 /");
  EXPECT_EQ(decoded("83 " + kType + "00" + kData + "81 a1 61 01" + kRoot), R"(0 / {"a":1})");
  const std::string options = "a7 6f 70 74 69 6f 6e 73 81 a8 63 6f 6d 70 72 65 73 73 c3 ";
  EXPECT_EQ(decoded("84 " + kType + "02" + kData + "92" + kHello + "01" + options + kRoot),
            "2 / hello 1");
  EXPECT_EQ(
      decoded("85 " + kType + "02" + kData + "92" + kHello + "01" + options + kId + "07" + kRoot),
      "2 / #7 hello 1");
  EXPECT_EQ(decoded("82 " + kType + "01" + kRoot), "1 /");
  EXPECT_EQ(decoded("84 " + kType + "03" + kData + "91 a2 6f 6b" + kId + "07" + kRoot),
            R"(3 / #7 "ok")");
  EXPECT_EQ(decoded("83 " + kType + "02" + kData + "92" + kHello +
                    "c4 03 01 02 03 a3 6e 73 70 a6 2f 61 64 6d 69 6e"),
            R"(2 /admin hello {"_placeholder":true,"num":0} <01 02 03>)");
}

TEST(MsgpackParser, WritesWhatNodesServerSends) {
  EXPECT_EQ(encoded({.type = Type::connect, .data = {R"({"sid":"X"})"}}),
            "83 " + kType + "00 " + kData + "81 a3 73 69 64 a1 58 " + kRoot);
  const std::vector<std::string> bytes{"\1\2\3"};
  EXPECT_EQ(encoded({.data = {R"(["hello",{"_placeholder":true,"num":0}])", bytes}}),
            "83 " + kType + "02 " + kData + "92 " + kHello + "c4 03 01 02 03 " + kRoot);
  EXPECT_EQ(encoded({.type = Type::ack, .id = 7, .data = {R"(["ok"])"}}),
            "84 " + kId + "07 " + kType + "03 " + kData + "91 a2 6f 6b " + kRoot);
  EXPECT_EQ(encoded({.id = 7, .data = {R"(["hello"])"}}),
            "84 " + kType + "02 " + kData + "91 " + kHello + kId + "07 " + kRoot);
  EXPECT_EQ(encoded({.type = Type::disconnect}), "82 " + kType + "01 " + kRoot);
}

TEST(MsgpackParser, TakesMembersInAnyOrderAndPassesOthersOver) {
  EXPECT_EQ(decoded("85" + kRoot + "a1 78 92 01 81 a1 79 c0" + kData + "91" + kHello + kId +
                    "d4 00 00" + kType + "02"),
            "2 / hello");
  EXPECT_EQ(decoded("84" + kType + "02" + kData + "91 c4 01 07" + kData + "91" + kHello + kRoot),
            "2 / hello");  // the last counts
}

TEST(MsgpackParser, RefusesWhatIsNoPacket) {
  const std::string none = "error a map that is no packet";
  EXPECT_EQ(decoded("80"), none);
  EXPECT_EQ(decoded("90"), none);
  EXPECT_EQ(decoded("02"), none);
  EXPECT_EQ(decoded("82" + kType + "02" + kData + "91" + kHello), none);  // no namespace
  EXPECT_EQ(decoded("82" + kData + "91" + kHello + kRoot), none);         // no type
  EXPECT_EQ(decoded("81 01 02"), none);
  EXPECT_EQ(decoded("82" + kType + "01 a3 6e 73 70 2a"), none);
  EXPECT_EQ(decoded("82" + kType + "07" + kRoot), "error an unknown packet type");
  EXPECT_EQ(decoded("82" + kType + "ff" + kRoot), "error an unknown packet type");
  EXPECT_EQ(decoded("82" + kType + "a1 32" + kRoot), "error an unknown packet type");
  EXPECT_EQ(decoded("82" + kType + "01" + kRoot + "c0"), "error bytes behind a packet");
  EXPECT_EQ(decoded(std::string_view()), "error a packet that ends early");
}

TEST(MsgpackParser, HoldsPacketsToTheRulesOfText) {
  const auto with_data = [](std::string_view type, std::string_view data) {
    return decoded("83" + kType + std::string(type) + kData + std::string(data) + kRoot);
  };
  EXPECT_EQ(with_data("00", "c0"), "error data that is no object");
  EXPECT_EQ(with_data("00", "91 01"), "error data that is no object");
  EXPECT_EQ(with_data("01", "80"), "error a disconnect with data");
  EXPECT_EQ(with_data("04", "01"), "error data that is no object");
  EXPECT_EQ(with_data("02", "80").substr(0, 5), "error");
  EXPECT_EQ(with_data("02", "90"), "error an event without a name");
  EXPECT_EQ(with_data("02", "91 80"), "error an event name that is no string");
  EXPECT_EQ(with_data("02", "91 c4 01 61"), "error an event name that is no string");
  EXPECT_EQ(with_data("02", "91 a7 63 6f 6e 6e 65 63 74"), "error a reserved event name");
  EXPECT_EQ(with_data("02", "91 07"), "2 / 7");
  EXPECT_EQ(with_data("03", "90"), "error an ack without an id");
  EXPECT_EQ(decoded("82" + kType + "02" + kRoot).substr(0, 5), "error");  // no data at all
  EXPECT_EQ(decoded("83" + kType + "01" + kId + "01" + kRoot),
            "error an ack id where none belongs");
  EXPECT_EQ(decoded("84" + kType + "02" + kData + "91" + kHello + kId +
                    "cf 00 20 00 00 00 00 00 00" + kRoot),
            "error an ack id above 2^53-1");
  EXPECT_EQ(decoded("84" + kType + "02" + kData + "91" + kHello + kId + "ff" + kRoot),
            "error an ack id that is no whole number");
  EXPECT_EQ(decoded("82" + kType + "01 a3 6e 73 70 a1 61"),
            "error a namespace without '/', or one that is too long");
}

TEST(MsgpackParser, RefusesAPacketCutAnywhere) {
  const std::string whole =
      hex("84" + kType + "02" + kData + "93" + kHello + "c4 02 01 02 cb 3f f8 00 00 00 00 00 00" +
          kId + "cd 01 00" + kRoot);
  ASSERT_EQ(decoded({whole, true}), R"(2 / #256 hello {"_placeholder":true,"num":0} 1.5 <01 02>)");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decoded({whole.substr(0, size), true}).substr(0, 5), "error") << size;
  }
}

TEST(MsgpackParser, HasLimits) {
  const auto nested = [](std::size_t levels) {
    std::string data = "92" + kHello;
    for (std::size_t i = 0; i < levels; ++i) data += "91";
    return decoded("83" + kType + "02" + kData + data + "01" + kRoot, {.depth = 4});
  };
  EXPECT_EQ(nested(3), "2 / hello [[[1]]]");
  EXPECT_EQ(nested(4), "error nested too deeply");
  const std::string two = "83" + kType + "02" + kData + "93" + kHello + "c4 00 c4 00" + kRoot;
  EXPECT_EQ(decoded(two, {.binaries = 1}), "error too many binary values");
  EXPECT_EQ(decoded(two, {.binaries = 2}).substr(0, 9), "2 / hello");
  // Bombs, of which nothing but the head comes.
  EXPECT_EQ(decoded("83" + kData + "dd ff ff ff ff"), "error too many values");
  EXPECT_EQ(decoded("83" + kData + "df ff ff ff ff"), "error too many values");
  EXPECT_EQ(decoded("83" + kData + "c6 ff ff ff ff"), "error a value that is too long");
}

// ---- version 2 of the parser, of clients 2.x

TEST(MsgpackParser, ReadsWhatClientsOfRevision4Send) {
  EXPECT_EQ(
      decoded(text(R"({"type":0,"query":"token=1","nsp":"/admin?token=1"})"), {}, Revision::v4),
      "0 /admin?token=1");
  EXPECT_EQ(decoded(text(R"({"type":1,"nsp":"/"})"), {}, Revision::v4), "1 /");
  // Binary is marked, as in text.
  EXPECT_EQ(decoded("83" + kType + "05" + kData + "92" + kHello + "c4 01 07" + kRoot),
            R"(2 / hello {"_placeholder":true,"num":0} <07>)");
  EXPECT_EQ(decoded("84" + kType + "06" + kData + "91 c4 01 07" + kId + "01" + kRoot),
            R"(3 / #1 {"_placeholder":true,"num":0} <07>)");
}

TEST(MsgpackParser, RefusesTextThatIsNoControlPacket) {
  for (const std::string_view message :
       {"", "{", "0", "[]", "{}", R"({"type":2,"nsp":"/","data":["a"]})", R"({"type":0})",
        R"({"type":"0","nsp":"/"})", R"({"type":7,"nsp":"/"})", R"({"type":0,"nsp":1})",
        R"({"type":0,"nsp":"/","data":[]})", "{\"type\":0,\"nsp\":\"/\xff\"}"}) {
    EXPECT_EQ(decoded(text(message), {}, Revision::v4).substr(0, 5), "error") << message;
  }
}

TEST(MsgpackParser, WritesWhatClientsOfRevision4Read) {
  EXPECT_EQ(encoded({.type = Type::connect, .revision = 4}), R"({"type":0,"nsp":"/"})");
  EXPECT_EQ(encoded({.type = Type::disconnect, .nsp = "/admin", .revision = 4}),
            R"({"type":1,"nsp":"/admin"})");
  EXPECT_EQ(encoded({.type = Type::connect_error, .data = {R"("no")"}, .revision = 4}),
            R"({"type":4,"nsp":"/","data":"no"})");
  EXPECT_EQ(encoded({.type = Type::connect_error,
                     .data = {R"({"message":"Invalid namespace"})"},
                     .revision = 4}),
            R"({"type":4,"nsp":"/","data":"Invalid namespace"})");
}

TEST(MsgpackParser, WritesNullForDataThatIsNoJson) {
  EXPECT_EQ(encoded({.data = {R"(["a",)"}}), "83 " + kType + "02 " + kData + "c0 " + kRoot);
}

}  // namespace
}  // namespace naru::socketio
