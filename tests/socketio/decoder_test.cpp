// The nine rules of socketio.md 2.3, and the advisories that concern this decoder.
#include "socketio/decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::socketio {
namespace {

// A decoder with its own scratch; a packet as one line of text.
struct Fixture {
  explicit Fixture(const Limits& limits_ = {}) : limits(limits_) {}

  std::string text(std::string_view message) { return show(decoder.receive_text(message)); }
  std::string binary(std::string_view message) { return show(decoder.receive_binary(message)); }

  Limits limits;
  Scratch scratch;
  Decoder decoder{limits, scratch};

  static std::string show(const Result<const Packet*>& result) {
    if (!result) return "error " + std::to_string(static_cast<int>(result.error().code));
    if (*result == nullptr) return "held";
    const Packet& packet = **result;
    std::string out = std::to_string(static_cast<int>(packet.type)) + " " + std::string(packet.nsp);
    if (packet.id) out += " #" + std::to_string(*packet.id);
    if (!packet.event.empty()) out += " " + std::string(packet.event);
    for (const std::string_view arg : packet.args) out += " " + std::string(arg);
    if (!packet.data.empty()) out += " " + std::string(packet.data);
    for (const std::string& attachment : packet.attachments) out += " <" + attachment + ">";
    return out;
  }
};

std::string decoded(std::string_view message, const Limits& limits = {}) {
  return Fixture(limits).text(message);
}

std::string error(Errc code) {
  return "error " + std::to_string(static_cast<int>(code));
}

const std::string kBadPacket = error(Errc::bad_packet);
const std::string kBadJson = error(Errc::bad_json);
constexpr std::string_view kOneAttachment = R"(51-["file",{"_placeholder":true,"num":0}])";

TEST(Decoder, ReadsTheExamplesOfTheReference) {
  EXPECT_EQ(decoded("0"), "0 /");
  EXPECT_EQ(decoded(R"(0{"token":"x"})"), R"(0 / {"token":"x"})");
  EXPECT_EQ(decoded(R"(0/admin,{"token":"x"})"), R"(0 /admin {"token":"x"})");
  EXPECT_EQ(decoded("0/admin,"), "0 /admin");
  EXPECT_EQ(decoded("1/admin,"), "1 /admin");
  EXPECT_EQ(decoded("1"), "1 /");
  EXPECT_EQ(decoded(R"(2["hello",1])"), "2 / hello 1");
  EXPECT_EQ(decoded(R"(212["hello"])"), "2 / #12 hello");
  EXPECT_EQ(decoded(R"(2/admin,12["hello"])"), "2 /admin #12 hello");
  EXPECT_EQ(decoded(R"(3/admin,12["ok"])"), R"(3 /admin #12 "ok")");
  EXPECT_EQ(decoded(R"(4/admin,{"message":"nope"})"), R"(4 /admin {"message":"nope"})");
}

TEST(Decoder, GivesArgumentsAsTheyStand) {
  EXPECT_EQ(decoded(R"(2["say", "hello, world" ,{"a":[1,2]},null,1.50])"),
            R"(2 / say "hello, world" {"a":[1,2]} null 1.50)");
}

TEST(Decoder, PointsIntoTheMessage) {
  Fixture fixture;
  const std::string message = R"(2/chat,["say","hello"])";
  const auto packet = fixture.decoder.receive_text(message);
  ASSERT_TRUE(packet && *packet != nullptr);
  EXPECT_EQ((*packet)->nsp.data(), message.data() + 1);
  EXPECT_EQ((*packet)->event.data(), message.data() + 9);
  EXPECT_EQ((*packet)->args[0].data(), message.data() + 14);
}

TEST(Decoder, ForgetsThePacketBefore) {
  Fixture fixture;
  EXPECT_EQ(fixture.text(R"(2/chat,7["say",1,2])"), "2 /chat #7 say 1 2");
  EXPECT_EQ(fixture.text("1"), "1 /");
  EXPECT_EQ(fixture.text(R"(2["a"])"), "2 / a");
}

TEST(Rule1, RefusesUnknownTypes) {
  for (const std::string_view message : {"", "7", "a", "/", "-", " 2[\"a\"]", "abc"}) {
    EXPECT_EQ(decoded(message), kBadPacket) << message;
  }
}

TEST(Rule2, NeedsTheCountOfAttachments) {
  for (const std::string_view message :
       {R"(5["a"])", R"(5-["a"])", R"(51["a"])", R"(5a-["a"])", R"(5+1-["a"])", R"(5 1-["a"])",
        R"(51.0-["a"])", "5", "51", "5/chat,1-[\"a\"]", R"(6-1["a"])"}) {
    EXPECT_EQ(decoded(message), kBadPacket) << message;
  }
}

TEST(Rule2, Cve202633151BoundsTheCountOfAttachments) {
  EXPECT_EQ(decoded(R"(510-["a"])"), "held");
  EXPECT_EQ(decoded(R"(511-["a"])"), error(Errc::too_many));
  EXPECT_EQ(decoded(R"(5999999999999999999999999999999-["a"])"), error(Errc::too_many));
  EXPECT_EQ(decoded(R"(53-["a"])", {.attachments = 2}), error(Errc::too_many));
}

TEST(Rule3, TakesTheNamespaceUpToTheComma) {
  EXPECT_EQ(decoded("0/"), "0 /");
  EXPECT_EQ(decoded("0/a"), "0 /a");
  EXPECT_EQ(decoded("0/a/b-c?x=1,"), "0 /a/b-c?x=1");
  EXPECT_EQ(decoded(R"(2/a,["x",","])"), R"(2 /a x ",")");
  EXPECT_EQ(decoded(R"(2/["x","y"])"), kBadJson);  // the namespace is /["x" and the rest no array
}

TEST(Rule3, BoundsTheNamespace) {
  const std::string longest = "/" + std::string(511, 'n');
  EXPECT_EQ(decoded("0" + longest + ","), "0 " + longest);
  EXPECT_EQ(decoded("0" + longest), "0 " + longest);
  EXPECT_EQ(decoded("0" + longest + "n,"), kBadPacket);
  EXPECT_EQ(decoded("0" + longest + "n"), kBadPacket);
}

TEST(Rule4, BoundsTheAckId) {
  EXPECT_EQ(decoded(R"(20["a"])"), "2 / #0 a");
  EXPECT_EQ(decoded(R"(29007199254740991["a"])"), "2 / #9007199254740991 a");
  EXPECT_EQ(decoded(R"(29007199254740992["a"])"), kBadPacket);
  EXPECT_EQ(decoded(R"(218446744073709551617["a"])"), kBadPacket);
  EXPECT_EQ(decoded(R"(21 2["a"])"), kBadJson);  // the reference takes a space for a digit
  EXPECT_EQ(decoded(R"(2-1["a"])"), kBadJson);
}

TEST(Rule4, TakesAckIdsOnlyWhereTheyBelong) {
  EXPECT_EQ(decoded("01"), kBadPacket);
  EXPECT_EQ(decoded("0/a,1{}"), kBadPacket);
  EXPECT_EQ(decoded("11"), kBadPacket);
  EXPECT_EQ(decoded(R"(41{"message":"x"})"), kBadPacket);
  EXPECT_EQ(decoded(R"(3["ok"])"), kBadPacket);  // an ack of nothing
}

TEST(Rule5, NeedsValidJson) {
  for (const std::string_view message :
       {"2abc", "2{", R"(2["a",])", R"(2["a"]x)", R"(2["a")", R"(2["a\x"])", "3a", "31[", "0{",
        R"(0{"a":1)", R"(0{"a":01})", R"(0{}{})", R"(4{"a":})"}) {
    const std::string result = decoded(message);
    EXPECT_TRUE(result == kBadJson || result == kBadPacket) << message << ": " << result;
  }
}

TEST(Rule5, BoundsNestingAndArguments) {
  const std::string deep = std::string(63, '[') + std::string(63, ']');
  EXPECT_NE(decoded("2[\"a\"," + deep + "]"), kBadJson);
  EXPECT_EQ(decoded("2[\"a\",[" + deep + "]]"), kBadJson);
  EXPECT_EQ(decoded("0{\"a\":[" + deep + "]}"), kBadJson);
  EXPECT_EQ(decoded(R"(2["a",1,2])", {.arguments = 2}), "2 / a 1 2");
  EXPECT_EQ(decoded(R"(2["a",1,2,3])", {.arguments = 2}), error(Errc::too_many));
  EXPECT_EQ(decoded("31[1,2,3]", {.arguments = 2}), error(Errc::too_many));
}

TEST(Rule6, ChecksTheDataOfEachType) {
  for (const std::string_view message :
       {"0[]", "0null", "0\"x\"", "0/a,1", "1{}",  "1null", "1[]",    "1/a,{}", "1 ",   "4",
        "4[]", "4null", "4/a,",   "3{}",   "31{}", "31",    "31null", "2",      "2/a,", "212"}) {
    const std::string result = decoded(message);
    EXPECT_TRUE(result == kBadJson || result == kBadPacket) << message << ": " << result;
  }
  EXPECT_EQ(decoded(R"(4"nope")"), R"(4 / "nope")");
  EXPECT_EQ(decoded("31[]"), "3 / #1");
  EXPECT_EQ(decoded("0/a, {} "), "0 /a {}");
}

TEST(Rule6, Cve202332695NeedsAnEventName) {
  for (const std::string_view name :
       {R"({"toString":1})", "[]", "null", "true", "false", R"(["a"])", "{}"}) {
    EXPECT_EQ(decoded("2[" + std::string(name) + "]"), kBadPacket) << name;
  }
  EXPECT_EQ(decoded("2[]"), kBadPacket);
  EXPECT_EQ(decoded("2{}"), kBadJson);
}

TEST(Rule6, RefusesReservedNames) {
  for (const std::string_view name : {"connect", "connect_error", "disconnect", "disconnecting",
                                      "newListener", "removeListener", "conn\\u0065ct"}) {
    EXPECT_EQ(decoded("2[\"" + std::string(name) + "\"]"), kBadPacket) << name;
  }
  EXPECT_EQ(decoded(R"(2["connection"])"), "2 / connection");
}

TEST(Rule6, DecodesTheEventName) {
  EXPECT_EQ(decoded(R"(2["\u0073a\u00e9\"\ud83d\ude00",1])"), "2 / saé\"😀 1");
  EXPECT_EQ(decoded(R"(2[""])"), "2 /");
  EXPECT_EQ(decoded(R"(2["__proto__"])"), "2 / __proto__");
}

TEST(Rule6, ReadsANumberAsItsDecimalText) {
  EXPECT_EQ(decoded("2[1,2]"), "2 / 1 2");
  EXPECT_EQ(decoded("2[0]"), "2 / 0");
  EXPECT_EQ(decoded("2[-7]"), "2 / -7");
  EXPECT_EQ(decoded("2[1.0]"), "2 / 1");
  EXPECT_EQ(decoded("2[1e2]"), "2 / 100");
  EXPECT_EQ(decoded("2[0.5]"), "2 / 0.5");
  EXPECT_EQ(decoded("2[-0]"), "2 / 0");
  EXPECT_EQ(decoded("2[12345678901234567890]"), "2 / 12345678901234567000");
  EXPECT_EQ(decoded("2[1e999]"), kBadJson);
}

TEST(Rule7, HoldsThePacketUntilItsAttachmentsCame) {
  Fixture fixture;
  const std::string_view message =
      R"(52-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
  EXPECT_EQ(fixture.text(message), "held");
  EXPECT_TRUE(fixture.decoder.waiting());
  EXPECT_EQ(fixture.binary("\x01\x02"), "held");
  EXPECT_EQ(fixture.binary("\x03"),
            "2 / #789 message-with-ack {\"_placeholder\":true,\"num\":0} "
            "{\"_placeholder\":true,\"num\":1} <\x01\x02> <\x03>");
  EXPECT_FALSE(fixture.decoder.waiting());
  EXPECT_EQ(fixture.text(R"(2["next"])"), "2 / next");
}

TEST(Rule7, HoldsAcksAsWell) {
  Fixture fixture;
  EXPECT_EQ(fixture.text(R"(61-/admin,7[{"_placeholder":true,"num":0}])"), "held");
  EXPECT_EQ(fixture.binary("x"), R"(3 /admin #7 {"_placeholder":true,"num":0} <x>)");
}

TEST(Rule7, SurvivesItsInput) {
  Fixture fixture;
  {
    const std::string message(kOneAttachment);
    EXPECT_EQ(fixture.text(message), "held");
  }
  EXPECT_EQ(fixture.binary("x"), R"(2 / file {"_placeholder":true,"num":0} <x>)");
}

TEST(Rule7, KeepsHeldPacketsOfTwoConnectionsApart) {
  const Limits limits;
  Scratch scratch;
  Decoder one(limits, scratch);
  Decoder two(limits, scratch);
  EXPECT_EQ(Fixture::show(one.receive_text(kOneAttachment)), "held");
  EXPECT_EQ(Fixture::show(two.receive_text(R"(51-["two",{"_placeholder":true,"num":0}])")), "held");
  EXPECT_EQ(Fixture::show(one.receive_binary("1")),
            R"(2 / file {"_placeholder":true,"num":0} <1>)");
  EXPECT_EQ(Fixture::show(two.receive_binary("2")), R"(2 / two {"_placeholder":true,"num":0} <2>)");
}

TEST(Rule7, RefusesTextInBetween) {
  Fixture fixture;
  EXPECT_EQ(fixture.text(kOneAttachment), "held");
  EXPECT_EQ(fixture.text(R"(2["a"])"), kBadPacket);
  EXPECT_FALSE(fixture.decoder.waiting());
}

TEST(Rule7, RefusesBinaryThatNobodyAwaits) {
  Fixture fixture;
  EXPECT_EQ(fixture.binary("x"), kBadPacket);
  EXPECT_EQ(fixture.text(kOneAttachment), "held");
  EXPECT_NE(fixture.binary("x"), kBadPacket);
  EXPECT_EQ(fixture.binary("x"), kBadPacket);
}

TEST(Rule7, Finding1DeliversAPacketWithoutAttachmentsAndHoldsNothing) {
  Fixture fixture;
  EXPECT_EQ(fixture.text(R"(50-["a",1])"), "2 / a 1");
  EXPECT_FALSE(fixture.decoder.waiting());
  EXPECT_EQ(fixture.text(R"(60-7["b"])"), R"(3 / #7 "b")");
  EXPECT_EQ(fixture.text(R"(2["next"])"), "2 / next");
  EXPECT_EQ(fixture.binary("x"), kBadPacket);
}

TEST(Rule7, Ghsa55mfBoundsTheBytesHeld) {
  const Limits limits{.held_bytes = 100};
  const std::string two = R"(52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
  Fixture fits(limits);
  EXPECT_EQ(fits.text(two), "held");
  EXPECT_EQ(fits.binary(std::string(100 - two.size(), 'x')), "held");
  EXPECT_EQ(fits.binary("x"), error(Errc::message_too_big));
  EXPECT_FALSE(fits.decoder.waiting());
  EXPECT_EQ(decoded("51-[\"" + std::string(100, 'a') + "\"]", limits),
            error(Errc::message_too_big));
  EXPECT_EQ(decoded("2[\"" + std::string(100, 'a') + "\"]", limits).substr(0, 3), "2 /");
}

TEST(Rule8, Cve20222421ChecksPlaceholdersBeforeHolding) {
  for (const std::string_view num : {R"("0")", R"("splice")", "1", "-1", "0.5", "null", "[]"}) {
    EXPECT_EQ(decoded(R"(51-["a",{"_placeholder":true,"num":)" + std::string(num) + "}]"),
              kBadPacket)
        << num;
  }
  EXPECT_EQ(decoded(R"(50-["a",{"_placeholder":true,"num":0}])"), kBadPacket);
  EXPECT_EQ(decoded(R"(51-["a",[{"x":{"num":1,"_placeholder":true}}]])"), kBadPacket);
}

TEST(Rule8, RefusesOneAttachmentInTwoPlaces) {
  EXPECT_EQ(decoded(R"(51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}])"),
            kBadPacket);
}

TEST(Rule9, IgnoresPlaceholdersInTextPackets) {
  EXPECT_EQ(decoded(R"(2["a",{"_placeholder":true,"num":"x"}])"),
            R"(2 / a {"_placeholder":true,"num":"x"})");
}

TEST(Decoder, ChecksUtf8UnlessToldThatItIs) {
  EXPECT_EQ(decoded("2[\"\xff\"]"), error(Errc::bad_utf8));
  EXPECT_EQ(decoded("0/\xc3,"), error(Errc::bad_utf8));
  EXPECT_EQ(decoded("2[\"é\"]"), "2 / é");
  Fixture fixture;
  EXPECT_TRUE(fixture.decoder.receive_text("2[\"é\"]", Decoder::Text::utf8));
}

TEST(Decoder, Cve202036049IsLinear) {
  // A megabyte each; quadratic work would take minutes.
  const std::string digits(1'000'000, '1');
  const std::string commas(1'000'000, ',');
  EXPECT_EQ(decoded("2" + digits), kBadPacket);
  EXPECT_EQ(decoded("5" + digits), kBadPacket);
  EXPECT_EQ(decoded("5" + digits + "-"), error(Errc::too_many));
  EXPECT_EQ(decoded("2" + commas), kBadJson);
  EXPECT_EQ(decoded("2/" + digits), kBadPacket);
  EXPECT_EQ(decoded("2[" + commas), kBadJson);
  EXPECT_EQ(decoded("2" + std::string(1'000'000, '[')), kBadJson);
  EXPECT_EQ(decoded("2[\"" + std::string(1'000'000, '\\')), kBadJson);
  EXPECT_EQ(decoded("2[\"a\",\"" + digits + "\"]").size(), 1'000'000U + 8);
}

TEST(Decoder, TakesEveryTruncationWithoutHarm) {
  for (const std::string_view message :
       {std::string_view(R"(2/chat,12["s\u0061y",{"a":[1.5e3,true]},"é"])"),
        std::string_view(R"(52-/chat,1["a",{"_placeholder":true,"num":0},[{"num":1}]])"),
        std::string_view(R"(0/admin,{"token":"x"})"), std::string_view(R"(4/a,"no")")}) {
    for (std::size_t size = 0; size < message.size(); ++size) {
      const std::vector<char> cut(message.begin(),
                                  message.begin() + static_cast<std::ptrdiff_t>(size));
      const std::string result = decoded({cut.data(), cut.size()});
      const bool no_data = message[0] == '0' && size <= message.find(',') + 1 && size > 0;
      EXPECT_EQ(result.substr(0, 5) == "error", !no_data) << message.substr(0, size);
    }
  }
}

// The vectors of section 12 after the Engine.IO "4".
TEST(Decoder, RefusesVector11) {
  EXPECT_EQ(decoded("abc"), kBadPacket);
  EXPECT_EQ(decoded("2{}"), kBadJson);
  EXPECT_EQ(decoded(R"(2abc["x"])"), kBadJson);
}

// ---- revision 4 (socketio.md 2.5)

TEST(DecoderOfRevision4, TakesTheQueryOffANamespace) {
  const Limits limits;
  Scratch scratch;
  Decoder decoder(limits, scratch);
  const auto read = [&](std::string_view text, Revision revision = Revision::v4) {
    const auto packet = decoder.receive_text(text, Decoder::Text::unchecked, revision);
    EXPECT_TRUE(packet && *packet) << text;
    return std::string((*packet)->nsp) + " " + std::string((*packet)->query);
  };
  EXPECT_EQ(read("0/admin?token=1&x=%2C,"), "/admin token=1&x=%2C");
  EXPECT_EQ(read("0/admin?a?b"), "/admin a?b");
  EXPECT_EQ(read("0/admin?,"), "/admin ");
  EXPECT_EQ(read("0/admin,"), "/admin ");
  EXPECT_EQ(read("2[\"?\"]"), "/ ");
  EXPECT_EQ(read("0/admin?x,", Revision::v5), "/admin?x ");
}

}  // namespace
}  // namespace naru::socketio
