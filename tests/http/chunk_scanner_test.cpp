// websocket.md 2.2: chunked bodies, row by row.
#include "http/chunk_scanner.hpp"

#include "http/decoding.hpp"

namespace naru::http {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kHead =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunked(std::string_view body) {
  return std::string(kHead) + std::string(body);
}

// The body that `wire` decodes to; "(refused)" or "(incomplete)" instead.
std::string body_of(std::string_view wire) {
  const std::string text = decoded(chunked(wire));
  if (text.find("error ") != std::string::npos) return "(refused)";
  const std::size_t at = text.find("\ncomplete ");
  return at == std::string::npos ? "(incomplete)" : text.substr(at + 10, text.size() - at - 11);
}

TEST(Chunks, AreJoined) {
  EXPECT_EQ(body_of("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "abcde");
  EXPECT_EQ(body_of("0\r\n\r\n"), "");
  EXPECT_EQ(body_of("A\r\n0123456789\r\n0\r\n\r\n"), "0123456789");
  EXPECT_EQ(body_of("0000000000000001\r\na\r\n000\r\n\r\n"), "a");
  EXPECT_EQ(body_of("2\r\n\r\n\r\n0\r\n\r\n"), "\r\n");
}

TEST(Chunks, EndTheMessageWhereTheyEnd) {
  const std::string wire = chunked("1\r\na\r\n0\r\n\r\n");
  EXPECT_EQ(decoded(wire + wire), decoded(wire) + decoded(wire));
}

TEST(Chunks, RefuseMalformedSizes) {
  for (const char* wire : {"\r\n", "x\r\n", "0x1\r\n", "+1\r\n", "-1\r\n", " 1\r\n", "1 \r\n",
                           "1 2\r\n", "g\r\n", ";a\r\n", "1.0\r\n"}) {
    EXPECT_EQ(refusal(chunked(std::string(wire) + "a\r\n0\r\n\r\n")), 400) << wire;
  }
}

// CVE-2026-32240 (KJ): sizes of 2^64 and above.
TEST(Chunks, Cve2026_32240RefuseSizesOf64BitsAndMore) {
  EXPECT_EQ(refusal(chunked("ffffffffffffffff\r\n")), 413);
  EXPECT_EQ(refusal(chunked("8000000000000000\r\n")), 413);
  EXPECT_EQ(refusal(chunked("10000000000000000\r\n")), 400);
  EXPECT_EQ(refusal(chunked("00000000000000001\r\na\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked(std::string(300, '1'))), 400);
}

TEST(Chunks, RefuseSizesThatWouldWrapTheLimit) {
  EXPECT_EQ(refusal(chunked("1\r\na\r\nffffffffffffffff\r\n")), 413);
}

TEST(Chunks, RefuseDataThatDoesNotEndWithCrlf) {
  EXPECT_EQ(refusal(chunked("1\r\nab")), 400);
  EXPECT_EQ(refusal(chunked("1\r\na\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1\r\na\rb")), 400);
  EXPECT_EQ(refusal(chunked("1\r\na0\r\n\r\n")), 400);
}

TEST(Chunks, RefuseLineFeedAlone) {
  EXPECT_EQ(refusal(chunked("1\na\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1\r\na\r\n0\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1\r\na\r\n0\r\n\n")), 400);
  EXPECT_EQ(refusal(chunked("0\r\nA: b\n\r\n")), 400);
}

TEST(Chunks, RefuseLineFeedAloneAsSoonAsItArrives) {
  EXPECT_EQ(refusal(chunked("1\n")), 400);
  EXPECT_EQ(refusal(chunked("0\n")), 400);
  EXPECT_EQ(refusal(chunked("0\r\nA: b\n")), 400);
}

TEST(ChunkExtensions, AreIgnored) {
  EXPECT_EQ(body_of("1;a\r\nx\r\n0;b=c\r\n\r\n"), "x");
  EXPECT_EQ(body_of("1;a=\"b;c\"\r\nx\r\n1 ; a = b\r\ny\r\n0\r\n\r\n"), "xy");
}

// Netty CVE-2025-58056: a LF alone inside an extension ended the line for one side only.
TEST(ChunkExtensions, Cve2025_58056RefuseLineFeedInside) {
  EXPECT_EQ(refusal(chunked("1;\nxx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1;a\nb\r\nx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1;a=\"\n\"\r\nx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1;a=\"\\\n\"\r\nx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1;a\rb\r\nx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1;a=\"\0\"\r\nx\r\n0\r\n\r\n"sv)), 400);
}

TEST(ChunkExtensions, RefuseBadGrammar) {
  for (const char* wire :
       {"1;\r\n", "1;=\r\n", "1;a=\r\n", "1;a b\r\n", "1;a=\"\r\n", "1a;(\r\n"}) {
    EXPECT_EQ(refusal(chunked(std::string(wire) + "x\r\n0\r\n\r\n")), 400) << wire;
  }
}

TEST(ChunkExtensions, AreLimitedPerChunk) {
  EXPECT_EQ(body_of("1;" + std::string(255, 'a') + "\r\nx\r\n0\r\n\r\n"), "x");
  EXPECT_EQ(refusal(chunked("1;" + std::string(256, 'a') + "\r\nx\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("1;" + std::string(400, 'a'))), 400);
}

TEST(ChunkExtensions, AreLimitedPerMessage) {
  std::string wire;
  for (int i = 0; i < 16; ++i) wire += "1;" + std::string(255, 'a') + "\r\nx\r\n";
  EXPECT_EQ(test::http_transcript({chunked(wire + "0\r\n\r\n")}).find("error"), std::string::npos);
  const std::string refused = test::http_transcript({chunked(wire + "0;a\r\n\r\n")});
  EXPECT_NE(refused.find("error 400"), std::string::npos);
}

TEST(Trailers, AreDropped) {
  EXPECT_EQ(decoded(chunked("1\r\na\r\n0\r\nA: b\r\nHost: other\r\n\r\n")),
            decoded(chunked("1\r\na\r\n0\r\n\r\n")));
}

TEST(Trailers, NeverBecomeFields) {
  std::string wire = chunked("1\r\na\r\n0\r\nHost: other\r\nX-Trailer: b\r\n\r\n");
  RequestDecoder decoder({});
  Cursor in(wire);
  ASSERT_EQ(*decoder.receive(in), RequestDecoder::Event::head);
  ASSERT_EQ(*decoder.receive(in), RequestDecoder::Event::complete);
  EXPECT_EQ(decoder.request().count("X-Trailer"), 0U);
  EXPECT_EQ(decoder.request().count("Host"), 1U);
}

TEST(Trailers, RefuseFramingFields) {
  EXPECT_EQ(refusal(chunked("0\r\nContent-Length: 5\r\n\r\n")), 400);
  EXPECT_EQ(refusal(chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")), 400);
}

TEST(Trailers, RefuseWhatAHeadRefuses) {
  for (const char* wire : {"A : b\r\n", " A: b\r\n", "A: b\r\n c\r\n", ": b\r\n", "A\r\n",
                           "A: b\x01\r\n", "A: b\rc\r\n"}) {
    EXPECT_EQ(refusal(chunked("0\r\n" + std::string(wire) + "\r\n")), 400) << wire;
  }
}

TEST(Trailers, AreLimited) {
  const Limits limits{.head_bytes = 100, .fields = 3};
  const std::string trailer = "A: b\r\n";
  EXPECT_EQ(refusal(chunked("0\r\n" + trailer + trailer + trailer + "\r\n"), limits), 0);
  EXPECT_EQ(refusal(chunked("0\r\n" + trailer + trailer + trailer + trailer + "\r\n"), limits),
            431);
  EXPECT_EQ(refusal(chunked("0\r\nA: " + std::string(100, 'b')), limits), 431);
}

}  // namespace
}  // namespace naru::http
