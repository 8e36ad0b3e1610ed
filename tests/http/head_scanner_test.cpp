// websocket.md 2.1: the grammar of heads, row by row, and their limits.
#include "http/head_scanner.hpp"

#include "http/decoding.hpp"

namespace naru::http {
namespace {

using namespace std::string_view_literals;

TEST(Head, RefusesLineFeedAlone) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: h\r\n\n"), 400);
  EXPECT_EQ(refusal("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(Head, RefusesLineFeedAloneAsSoonAsItArrives) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: h\n"), 400);
}

TEST(Head, RefusesCarriageReturnAlone) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\rHost: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal(get_with("A: b\rC: d\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A: b\r\r\n")), 400);
  EXPECT_EQ(refusal("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: h\r\n\r\r\n\n"), 400);
}

TEST(Head, IgnoresFourEmptyLinesBeforeIt) {
  const std::string request = line("GET / HTTP/1.1");
  EXPECT_EQ(decoded("\r\n\r\n\r\n\r\n" + request), decoded(request));
  EXPECT_EQ(refusal("\r\n\r\n\r\n\r\n\r\n" + request), 400);
}

TEST(Head, RefusesWhiteSpaceBeforeTheFirstField) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\tA: b\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n \r\nHost: h\r\n\r\n"), 400);
}

TEST(Head, RefusesWhiteSpaceBeforeTheColon) {
  EXPECT_EQ(refusal(get_with("A : b\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A\t: b\r\n")), 400);
  EXPECT_EQ(refusal(get_with("Content-Length : 0\r\n")), 400);
}

TEST(Head, RefusesFoldedLines) {
  EXPECT_EQ(refusal(get_with("A: b\r\n c\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A: b\r\n\tc\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A:\r\n b\r\n")), 400);
}

TEST(Head, RefusesControlCharactersInValues) {
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\t') continue;
    EXPECT_EQ(refusal(get_with("A: b" + std::string(1, static_cast<char>(c)) + "c\r\n")), 400) << c;
  }
  EXPECT_EQ(refusal(get_with("A: b\x7f\r\n")), 400);
}

TEST(Head, KeepsTabsAndHighOctetsInValues) {
  EXPECT_EQ(decoded(get_with("A: \t b\tc\x80\xff \t\r\n")),
            "head GET /? 1.1 keep [Host=h] [A=b\tc\x80\xff]\ncomplete \n");
  EXPECT_EQ(decoded(get_with("A:\r\nB: \r\n")),
            "head GET /? 1.1 keep [Host=h] [A=] [B=]\ncomplete \n");
}

TEST(Head, RefusesNamesThatAreNoTokens) {
  EXPECT_EQ(refusal(get_with(": b\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A B: c\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A(: b\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A\x80: b\r\n")), 400);
  EXPECT_EQ(refusal(get_with("no colon\r\n")), 400);
  EXPECT_EQ(refusal(get_with("A\0: b\r\n"sv)), 400);
}

TEST(Head, RefusesRequestLinesWithOtherSeparatorsThanOneSpace) {
  EXPECT_EQ(refusal(line("GET  / HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET /  HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET\t/ HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET /\tHTTP/1.1")), 400);
  EXPECT_EQ(refusal(line(" GET / HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET / HTTP/1.1 ")), 400);
  EXPECT_EQ(refusal(line("GET /a b HTTP/1.1")), 400);
}

TEST(Head, RefusesRequestLinesWithPartsMissing) {
  EXPECT_EQ(refusal(line("GET")), 400);
  EXPECT_EQ(refusal(line("GET /")), 400);
  EXPECT_EQ(refusal(line("GET HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET / ")), 400);
}

TEST(Head, RefusesWhatIsNoHttpAtItsFirstByte) {
  EXPECT_EQ(refusal("\x16"), 400);  // a TLS ClientHello
  EXPECT_EQ(refusal("{"), 400);
  EXPECT_EQ(refusal(std::string(1, '\0')), 400);
}

TEST(Head, RefusesUnknownAndEndlessMethods) {
  EXPECT_EQ(refusal(line("FROBNICATE / HTTP/1.1")), 501);
  EXPECT_EQ(refusal(line("get / HTTP/1.1")), 501);
  EXPECT_EQ(refusal(std::string(33, 'A')), 501);
  EXPECT_EQ(refusal(std::string(32, 'A')), 0);
}

TEST(Head, KnowsTheMethodsThatARouteMayRefuse) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
    EXPECT_EQ(refusal(line(std::string(method) + " / HTTP/1.1")), 0) << method;
  }
}

TEST(Head, RefusesOtherVersions) {
  EXPECT_EQ(refusal(line("GET / HTTP/2.0")), 505);
  EXPECT_EQ(refusal(line("GET / HTTP/0.9")), 505);
  EXPECT_EQ(refusal(line("GET / HTTP/1.2")), 505);
  EXPECT_EQ(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(refusal(line("GET / HTTP/1")), 400);
  EXPECT_EQ(refusal(line("GET / HTTP/1.10")), 400);
  EXPECT_EQ(refusal(line("GET / http/1.1")), 400);
  EXPECT_EQ(refusal(line("GET / HTTP/1,1")), 400);
  EXPECT_EQ(refusal(line("GET / HTTP/+.1")), 400);
}

TEST(Head, RefusesTargetsAboveTheLimit) {
  const Limits limits{.target_bytes = 16};
  EXPECT_EQ(refusal(line("GET /" + std::string(15, 'a') + " HTTP/1.1"), limits), 0);
  EXPECT_EQ(refusal(line("GET /" + std::string(16, 'a') + " HTTP/1.1"), limits), 414);
}

TEST(Head, RefusesAnEndlessTargetBeforeItEnds) {
  const Limits limits{.target_bytes = 16};
  EXPECT_EQ(refusal("GET /" + std::string(100, 'a'), limits), 414);
}

TEST(Head, AllowsTargetsOf8192BytesByDefault) {
  test::HttpTranscript transcript;
  transcript.feed(line("GET /" + std::string(8191, 'a') + " HTTP/1.1"));
  EXPECT_FALSE(transcript.failed());
  test::HttpTranscript longer;
  longer.feed(line("GET /" + std::string(8192, 'a') + " HTTP/1.1"));
  EXPECT_EQ(longer.text(), "error 414\n");
}

TEST(Head, RefusesHeadsAboveTheLimit) {
  const std::string request = get_with("A: " + std::string(50, 'b') + "\r\n");
  EXPECT_EQ(refusal(request, {.head_bytes = request.size()}), 0);
  EXPECT_EQ(refusal(request, {.head_bytes = request.size() - 1}), 431);
  EXPECT_EQ(refusal(get_with("A: " + std::string(200, 'b')), {.head_bytes = 100}), 431);
}

TEST(Head, RefusesMoreFieldsThanTheLimit) {
  const Limits limits{.fields = 3};
  EXPECT_EQ(refusal(get_with("A: b\r\nC: d\r\n"), limits), 0);
  EXPECT_EQ(refusal(get_with("A: b\r\nC: d\r\nE: f\r\n"), limits), 431);
}

TEST(Head, GivesBackALargeBuffer) {
  HeadScanner scanner({});
  std::string request = get_with("A: " + std::string(10000, 'b') + "\r\n");
  Cursor in(request);
  ASSERT_EQ(scanner.receive(in), HeadScanner::Progress::whole);
  scanner.reset();
  EXPECT_LT(scanner.bytes().capacity(), 100U);
}

// CVE-2024-37890 (ws): more header fields than the limit dropped "Upgrade" and crashed.
TEST(Head, Cve2024_37890TenThousandFieldsAre431) {
  std::string request = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 10000; ++i) request += "a: b\r\n";
  request += "Upgrade: websocket\r\n\r\n";
  EXPECT_EQ(test::http_transcript({request}), "error 431\n");
  EXPECT_EQ(test::http_transcript({request}, {.head_bytes = 1U << 20U}), "error 431\n");
}

// CVE-2023-43669 (tungstenite): the head was parsed again with every read. Were it so here, this
// would take 10^13 steps instead of 10^7.
TEST(Head, Cve2023_43669ByteWiseHeadsTakeLinearTime) {
  constexpr std::size_t size = 4U << 20U;
  const std::string request = get_with("A: " + std::string(size, 'b') + "\r\n");
  RequestDecoder decoder({.head_bytes = request.size()});
  for (std::size_t i = 0; i < request.size(); ++i) {
    char byte = request[i];
    Cursor in({&byte, 1});
    const auto event = decoder.receive(in);
    ASSERT_TRUE(event.has_value());
    ASSERT_EQ(event->has_value(), i + 1 == request.size());
  }
  EXPECT_EQ(decoder.request().field("A").size(), size);
}

}  // namespace
}  // namespace naru::http
