#include "http/response_decoder.hpp"

#include "support/for_each_split.hpp"
#include "support/response_transcript.hpp"

#include <string>
#include <string_view>

namespace naru::http {
namespace {

using Asked = ResponseDecoder::Asked;

// What a decoder says to `input`; however it is cut, it must say the same.
std::string answered(std::string_view input, const Limits& limits = {},
                     Asked asked = Asked::upgrade) {
  const auto run = [&](const std::vector<std::string>& pieces) {
    return test::response_transcript(pieces, limits, asked);
  };
  test::for_each_split(input, run);
  return run({std::string(input)});
}

bool refused(std::string_view input, const Limits& limits = {}) {
  return answered(input, limits).find("error ") != std::string::npos;
}

std::string ok_with(std::string_view lines) {
  return "HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n";
}

TEST(ResponseDecoder, LeavesWhatFollowsA101) {
  EXPECT_EQ(answered("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi"),
            "head 101 Switching Protocols [Upgrade=websocket]\ncomplete  switched\n\x81\x02hi");
}

TEST(ResponseDecoder, IgnoresFramingOf101) {
  EXPECT_EQ(answered("HTTP/1.1 101 X\r\nContent-Length: 5\r\n\r\n\x81"),
            "head 101 X [Content-Length=5]\ncomplete  switched\n\x81");
}

TEST(ResponseDecoder, PassesOverInterimAnswers) {
  EXPECT_EQ(answered("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\n"
                     "HTTP/1.1 101 X\r\nA: b\r\n\r\n"),
            "head 101 X [A=b]\ncomplete  switched\n");
  std::string many;
  for (int i = 0; i < 9; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_TRUE(refused(many + "HTTP/1.1 101 X\r\n\r\n"));
}

TEST(ResponseDecoder, OpensTunnelsForEvery2xx) {
  for (const std::string status : {"200 Connection established", "204 ", "299 x"}) {
    for (const std::string framing : {"Content-Length: 99", "Transfer-Encoding: chunked"}) {
      const std::string shown =
          "[" + std::string(framing).replace(framing.find(": "), 2, "=") + "]";
      EXPECT_EQ(
          answered("HTTP/1.1 " + status + "\r\n" + framing + "\r\n\r\ntunnel", {}, Asked::tunnel),
          "head " + status + " " + shown + "\ncomplete  switched\ntunnel");
    }
  }
  EXPECT_EQ(answered("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno", {}, Asked::tunnel),
            "head 407 No [Content-Length=2]\ncomplete no\n");
  EXPECT_NE(answered("HTTP/1.1 101 X\r\n\r\n", {}, Asked::tunnel).find("error"), std::string::npos);
}

TEST(ResponseDecoder, ReadsBodiesOfEveryFraming) {
  EXPECT_EQ(answered("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope"),
            "head 403 Forbidden [Content-Length=4]\ncomplete nope\n");
  EXPECT_EQ(answered("HTTP/1.0 403 F\r\n\r\nuntil the end"),
            "head 403 F\ncomplete until the end\n");
  EXPECT_EQ(answered(ok_with("Transfer-Encoding: chunked\r\n") +
                     "5;x=y\r\nhello\r\nA\r\n, 0 chunks\r\n0\r\nTrailer: x\r\n\r\n"),
            "head 200 OK [Transfer-Encoding=chunked]\ncomplete hello, 0 chunks\n");
  EXPECT_EQ(answered("HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n"),
            "head 304 Not Modified [Content-Length=4]\ncomplete \n");
}

TEST(ResponseDecoder, CutsBodiesAtTheirLimit) {
  const Limits limits{.body_bytes = 5};
  EXPECT_EQ(answered(ok_with("Content-Length: 5\r\n") + "12345", limits),
            "head 200 OK [Content-Length=5]\ncomplete 12345\n");
  EXPECT_EQ(answered(ok_with("Content-Length: 9\r\n") + "123456789", limits),
            "head 200 OK [Content-Length=9]\ncomplete 12345 cut\n");
  EXPECT_EQ(answered(ok_with("") + "123456789", limits), "head 200 OK\ncomplete 12345 cut\n");
  EXPECT_EQ(answered(ok_with("Transfer-Encoding: chunked\r\n") + "4\r\n1234\r\n4\r\n5678", limits),
            "head 200 OK [Transfer-Encoding=chunked]\ncomplete 12345 cut\n");
}

// A body without an end, taken as it comes: no more than four bytes wait at a time.
TEST(ResponseDecoder, GivesTheBodyAwayAsItComes) {
  for (const std::string& stream :
       {ok_with("Transfer-Encoding: chunked\r\n") + "4\r\nabcd\r\n3\r\nefg\r\n",
        ok_with("") + "abcdefg"}) {
    ResponseDecoder decoder({.body_bytes = 4}, Asked::resource);
    std::string body;
    for (char byte : stream) {
      Cursor in(std::span<char>(&byte, 1));
      for (auto event = decoder.receive(in); *event; event = decoder.receive(in)) {
        ASSERT_EQ(**event, ResponseDecoder::Event::head);
      }
      body += decoder.take_body();
    }
    EXPECT_EQ(body, "abcdefg");
    EXPECT_FALSE(decoder.response().body_cut);
  }
}

TEST(ResponseDecoder, TellsBodiesThatEndEarlyAsFarAsTheyCame) {
  EXPECT_EQ(answered(ok_with("Content-Length: 9\r\n") + "1234"),
            "head 200 OK [Content-Length=9]\ncomplete 1234 cut\n");
}

TEST(ResponseDecoder, FailsWhenThePeerLeavesWithinTheHead) {
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("HTTP/1.1 101 X\r\nUpgrade: webs"));
}

TEST(ResponseDecoder, RefusesWhatIsNoAnswer) {
  for (const std::string_view line :
       {"\r\nHTTP/1.1 101 X", "\x16\x03\x01", "SSH-2.0-x", "HTTP/2.0 200 OK", "HTTP/1.2 200 OK",
        "HTTP/1.1 20 OK", "HTTP/1.1 099 X", "HTTP/1.1 2000 X", "HTTP/1.1  200 OK", "HTTP/1.1 200",
        "HTTP/1.1 +20 X", "http/1.1 200 OK", "HTTP/1.1 200 a\x01"}) {
    EXPECT_TRUE(refused(std::string(line) + "\r\n\r\n")) << line;
  }
  EXPECT_TRUE(refused("HTTP/1.0 101 X\r\n\r\n"));
}

TEST(ResponseDecoder, RefusesMalformedFields) {
  for (const std::string_view lines :
       {"A b: c\r\n", "A : b\r\n", " A: b\r\n", ": b\r\n", "A: b\r\n c\r\n", "A: b\n",
        "A: \x01\r\n", "A: b\rc\r\n", "A\r\n"}) {
    EXPECT_TRUE(refused(ok_with(lines))) << lines;
  }
}

TEST(ResponseDecoder, RefusesAmbiguousBodies) {
  for (const std::string_view lines :
       {"Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: -1\r\n",
        "Content-Length: 1, 1\r\n", "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_TRUE(refused(ok_with(lines) + "x")) << lines;
  }
  const std::string chunked = ok_with("Transfer-Encoding: chunked\r\n");
  for (const std::string_view body : {"x\r\n", "-1\r\n", "11111111111111111\r\n", "1\r\nab"}) {
    EXPECT_TRUE(refused(chunked + std::string(body))) << body;
  }
}

TEST(ResponseDecoder, HoldsHeadsToTheirLimits) {
  const Limits limits{.head_bytes = 64, .fields = 2};
  EXPECT_TRUE(refused("HTTP/1.1 101 " + std::string(64, 'x'), limits));
  EXPECT_TRUE(refused("HTTP/1.1 101 X\r\nA: " + std::string(64, 'x'), limits));
  EXPECT_TRUE(refused("HTTP/1.1 101 X\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits));
  EXPECT_FALSE(refused("HTTP/1.1 101 X\r\nA: 1\r\nB: 2\r\n\r\n", limits));
}

}  // namespace
}  // namespace naru::http
