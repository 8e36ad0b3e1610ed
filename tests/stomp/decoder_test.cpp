// stomp.md sections 1, 7, 8 and 15.
#include "stomp/decoder.hpp"

#include "decoding.hpp"

namespace naru::stomp {
namespace {

using testing::decoded;
using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(StompDecoder, TakesFramesHoweverTheyAreCut) {
  EXPECT_EQ(decoded("SEND\ndestination:/queue/a\n\nhello\0"sv),
            "SEND [destination=/queue/a] hello;");
  EXPECT_EQ(decoded("SEND\na:b\n\none\0SEND\n\ntwo\0\nDISCONNECT\n\n\0"sv),
            "SEND [a=b] one;SEND two;DISCONNECT ;");
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("SEND\na:b\n\nunfinished"), "...");
}

TEST(StompDecoder, TakesTenFramesInOneRead) {
  std::string all;
  std::string wanted;
  for (int i = 0; i < 10; ++i) {
    all += "SEND\nn:" + std::to_string(i) + "\n\n\0"s;
    wanted += "SEND [n=" + std::to_string(i) + "] ;";
  }
  EXPECT_EQ(decoded(all), wanted);
}

TEST(StompDecoder, SkipsHeartbeatsBetweenFrames) {
  EXPECT_EQ(decoded("\n\r\n\n\nCONNECT\n\n\0\n\r\n\nSEND\n\n\0\n"sv), "CONNECT ;SEND ;");
  EXPECT_EQ(decoded("\n"), "");
}

TEST(StompDecoder, TakesBodiesByTheirLength) {
  EXPECT_EQ(decoded("SEND\ncontent-length:3\n\na\0b\0"sv), "SEND [content-length=3] a\0b;"sv);
  EXPECT_EQ(decoded("SEND\ncontent-length: 0 \n\n\0"sv), "SEND [content-length= 0 ] ;");
  EXPECT_EQ(decoded("SEND\ncontent-length:1\ncontent-length:3\n\na\0"sv),
            "SEND [content-length=1] [content-length=3] a;");
}

// Clients that count characters say too little: an error, not a wait.
TEST(StompDecoder, RefusesBodiesThatAreNotAsLongAsTheySay) {
  EXPECT_EQ(decoded("SEND\ncontent-length:2\n\n\xc3\xa9\xc3\xa9\0"sv),
            "error: body is not as long as it says");
  EXPECT_EQ(decoded("SEND\ncontent-length:1x\n\na\0"sv), "error: malformed content-length");
  EXPECT_EQ(decoded("SEND\ncontent-length:-1\n\na\0"sv), "error: malformed content-length");
  EXPECT_EQ(decoded("SEND\ncontent-length:\n\na\0"sv), "error: malformed content-length");
  EXPECT_EQ(decoded("SEND\ncontent-length:99999999999999999999\n\na\0"sv), "error: body too large");
}

// Without its length a body ends at the first NUL; the rest is no frame.
TEST(StompDecoder, CutsABodyWithoutLengthAtNul) {
  EXPECT_EQ(decoded("SEND\n\na\0b\n\0"sv), "SEND a;error: unknown command");
}

TEST(StompDecoder, DecodesEscapesByVersion) {
  constexpr auto frame = "SEND\na\\cb:x\\\\n\\ny\\c\n\n\0"sv;
  EXPECT_EQ(decoded(frame, Version::v12), "SEND [a:b=x\\n\ny:] ;");
  EXPECT_EQ(decoded(frame, Version::v11), "SEND [a:b=x\\n\ny:] ;");
  EXPECT_EQ(decoded(frame, Version::v10), "SEND [a\\cb=x\\\\n\\ny\\c] ;");
  EXPECT_EQ(decoded("SEND\na:\\r\n\n\0"sv, Version::v12), "SEND [a=\r] ;");
  EXPECT_EQ(decoded("SEND\na:\\r\n\n\0"sv, Version::v11), "error: malformed header");
  for (const auto wrong : {"SEND\na:\\t\n\n\0"sv, "SEND\na:\\\n\n\0"sv, "SEND\n\\:b\n\n\0"sv}) {
    EXPECT_EQ(decoded(wrong, Version::v12), "error: malformed header");
    EXPECT_EQ(decoded(wrong, Version::v11), "error: malformed header");
    EXPECT_NE(decoded(wrong, Version::v10), "error: malformed header");
  }
}

TEST(StompDecoder, LeavesOpeningFramesLiteral) {
  EXPECT_EQ(decoded("CONNECT\naccept-version:1.2\npasscode:a\\cb\\t\n\n\0"sv),
            "CONNECT [accept-version=1.2] [passcode=a\\cb\\t] ;");
  EXPECT_EQ(decoded("STOMP\naccept-version:1.2\npasscode:\\\n\n\0"sv),
            "STOMP [accept-version=1.2] [passcode=\\] ;");
}

TEST(StompDecoder, SplitsAtTheFirstColon) {
  EXPECT_EQ(decoded("SEND\na:b:c\nempty:\n\n\0"sv), "SEND [a=b:c] [empty=] ;");
}

TEST(StompDecoder, KeepsSpacesExceptOf10) {
  EXPECT_EQ(decoded("SEND\n a : b \n\n\0"sv, Version::v12), "SEND [ a = b ] ;");
  EXPECT_EQ(decoded("SEND\n a : b \n\n\0"sv, Version::v11), "SEND [ a = b ] ;");
  EXPECT_EQ(decoded("SEND\n a : b \n\n\0"sv, Version::v10), "SEND [a=b] ;");
  EXPECT_EQ(decoded("CONNECT\nlogin: me \n\n\0"sv), "CONNECT [login=me] ;");
  EXPECT_EQ(decoded("CONNECT\naccept-version:1.1\nlogin: me \n\n\0"sv),
            "CONNECT [accept-version=1.1] [login= me ] ;");
}

TEST(StompDecoder, TakesCarriageReturnsWhereTheyEndALine) {
  constexpr auto frame = "SEND\r\na:b\r\n\r\nbody\0"sv;
  EXPECT_EQ(decoded(frame, Version::v12), "SEND [a=b] body;");
  EXPECT_EQ(decoded(frame, Version::v11), "error: malformed header");
  EXPECT_EQ(decoded("SEND\na:b\r\n\n\0"sv, Version::v11), "SEND [a=b\r] ;");
  EXPECT_EQ(decoded("CONNECT\r\na:b\r\n\r\n\0"sv, Version::v10), "CONNECT [a=b] ;");
}

TEST(StompDecoder, RefusesMalformedHeads) {
  EXPECT_EQ(decoded("SEND\nno colon\n\n\0"sv), "error: malformed header");
  EXPECT_EQ(decoded("SEND\n:empty name\n\n\0"sv), "error: malformed header");
  EXPECT_EQ(decoded("SEND\na:\0\n\n\0"sv), "error: malformed header");
  EXPECT_EQ(decoded("SEND\0\n\n\0"sv), "error: unknown command");
  EXPECT_EQ(decoded("send\n\n\0"sv), "error: unknown command");
  EXPECT_EQ(decoded("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "error: unknown command");
  EXPECT_EQ(decoded("SEND\na:\xff\n\n\0"sv), "error: headers are not UTF-8");
  EXPECT_EQ(decoded("SEND\nname:\xea\xb0\x80\n\n\xff\0"sv), "SEND [name=\xea\xb0\x80] \xff;");
}

TEST(StompDecoder, KeepsItsLimits) {
  const Limits limits{.line_bytes = 10, .headers = 2, .head_bytes = 25, .body_bytes = 5};
  const auto said = [&](std::string_view input) { return decoded(input, Version::v12, limits); };
  EXPECT_EQ(said("SEND\n123456789:\n\n\0"sv), "SEND [123456789=] ;");
  EXPECT_EQ(said("SEND\n1234567890:\n\n\0"sv), "error: header too long");
  EXPECT_EQ(said("SEND\n12345678901"), "error: header too long");
  EXPECT_EQ(said("SEND\na:\nb:\nc:\n\n\0"sv), "error: too many headers");
  EXPECT_EQ(said("SEND\n123456789:\n123456789:\n"), "error: headers too long");
  EXPECT_EQ(said("SEND\n\n12345\0"sv), "SEND 12345;");
  EXPECT_EQ(said("SEND\n\n123456"), "error: body too large");
  EXPECT_EQ(said("SEND\ncontent-length:5\n"), "error: header too long");
  const Limits body{.body_bytes = 5};
  EXPECT_EQ(decoded("SEND\ncontent-length:6\n", Version::v12, body), "error: body too large");
  EXPECT_EQ(decoded("UNKNOWN COMMAND THAT GOES ON", Version::v12, limits),
            "error: unknown command");
}

TEST(StompDecoder, HoldsNothingBetweenFrames) {
  Frame scratch;
  const Limits limits;
  Decoder decoder(limits, scratch);
  std::string first = "SEND\n\nhal";
  std::string second = "f\0"s;
  Cursor in(first);
  ASSERT_EQ(*decoder.receive(in), nullptr);
  EXPECT_EQ(decoder.held_bytes(), first.size());
  in = Cursor(second);
  const auto frame = decoder.receive(in);
  ASSERT_TRUE(frame && *frame != nullptr);
  EXPECT_EQ((*frame)->body, "half");
  ASSERT_EQ(*decoder.receive(in), nullptr);
  EXPECT_EQ(decoder.held_bytes(), 0U);
}

}  // namespace
}  // namespace naru::stomp
