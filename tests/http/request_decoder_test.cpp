#include "http/request_decoder.hpp"

#include "http/decoding.hpp"

#include <utility>

namespace naru::http {
namespace {

using Event = RequestDecoder::Event;

// Hands `bytes` over until the decoder wants more or fails; the last event it gave.
Result<std::optional<Event>> feed(RequestDecoder& decoder, std::string bytes) {
  Cursor in(bytes);
  std::optional<Event> last;
  for (;;) {
    NARU_TRY(const auto event, decoder.receive(in));
    if (!event) return last;
    last = event;
    if (event == Event::complete) return last;
  }
}

std::string post(std::size_t length) {
  return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

TEST(RequestDecoder, TellsHeadThenComplete) {
  EXPECT_EQ(decoded("POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"),
            "head POST /a?b 1.1 keep body [Host=h] [Content-Length=3]\ncomplete xyz\n");
}

TEST(RequestDecoder, DecodesPipelinedRequestsInOrder) {
  const std::string first = "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
  const std::string second = "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(decoded(first + "\r\n" + second + first),
            decoded(first) + decoded(second) + decoded(first));
}

TEST(RequestDecoder, LeavesWhatFollowsTheRequest) {
  std::string bytes = get_with("Upgrade: websocket\r\n") + "\x81\x85";
  RequestDecoder decoder({});
  Cursor in(bytes);
  ASSERT_EQ(*decoder.receive(in), Event::head);
  ASSERT_EQ(*decoder.receive(in), Event::complete);
  EXPECT_EQ(in.view(), "\x81\x85");
}

TEST(RequestDecoder, RefusesBodiesAboveTheLimitAfterTheHead) {
  RequestDecoder decoder({.body_bytes = 10});
  const auto result = feed(decoder, post(11));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::message_too_big);
  EXPECT_EQ(decoder.error_status(), 413);
  EXPECT_EQ(refusal(post(10) + std::string(10, 'x'), {.body_bytes = 10}), 0);
}

TEST(RequestDecoder, CountsChunkedBodiesAsTheyArrive) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const Limits limits{.body_bytes = 10};
  EXPECT_EQ(refusal(head + "5\r\nabcde\r\n5\r\nabcde\r\n0\r\n\r\n", limits), 0);
  EXPECT_EQ(refusal(head + "5\r\nabcde\r\n6\r\n", limits), 413);
}

TEST(RequestDecoder, RouteMayRaiseTheBodyLimit) {
  std::string head = post(20);
  RequestDecoder decoder({.body_bytes = 10});
  Cursor in(head);
  ASSERT_EQ(*decoder.receive(in), Event::head);
  ASSERT_TRUE(decoder.limit_body(20).has_value());
  EXPECT_EQ(*feed(decoder, std::string(20, 'x')), Event::complete);
  EXPECT_EQ(decoder.request().body, std::string(20, 'x'));
}

TEST(RequestDecoder, RouteMayLowerTheBodyLimit) {
  std::string head = post(20);
  RequestDecoder decoder({});
  Cursor in(head);
  ASSERT_EQ(*decoder.receive(in), Event::head);
  EXPECT_EQ(decoder.limit_body(19).error().code, Errc::message_too_big);
  EXPECT_EQ(decoder.error_status(), 413);
}

TEST(RequestDecoder, ARaisedLimitEndsWithItsRequest) {
  RequestDecoder decoder({.body_bytes = 10});
  std::string head = post(20);
  Cursor in(head);
  ASSERT_EQ(*decoder.receive(in), Event::head);
  ASSERT_TRUE(decoder.limit_body(20).has_value());
  ASSERT_EQ(*feed(decoder, std::string(20, 'x')), Event::complete);
  decoder.next();
  EXPECT_FALSE(feed(decoder, post(20)).has_value());
}

TEST(RequestDecoder, AnnouncedBodiesTakeNoMemoryBeforeTheyArrive) {
  RequestDecoder decoder({.body_bytes = std::size_t{1} << 40U});
  ASSERT_TRUE(feed(decoder, post(std::size_t{1} << 39U) + "x").has_value());
  EXPECT_LT(decoder.request().body.capacity(), 4096U);
}

TEST(RequestDecoder, GivesBackLargeBodies) {
  RequestDecoder decoder({});
  ASSERT_EQ(*feed(decoder, post(100000) + std::string(100000, 'x')), Event::complete);
  decoder.next();
  EXPECT_LT(decoder.request().body.capacity(), 100U);
}

TEST(RequestDecoder, KeepsNothingOfTheRequestBefore) {
  RequestDecoder decoder({});
  ASSERT_EQ(*feed(decoder, post(3) + "xyz"), Event::complete);
  decoder.next();
  ASSERT_EQ(*feed(decoder, line("GET / HTTP/1.0")), Event::complete);
  EXPECT_EQ(decoder.request().body, "");
  EXPECT_EQ(decoder.request().fields.size(), 1U);
  EXPECT_FALSE(decoder.request().has_body);
  EXPECT_FALSE(decoder.request().keep_alive);
}

TEST(RequestDecoder, TellsWhetherThePeerWaitsForContinue) {
  const auto waits = [](std::string_view version, std::string_view lines) {
    return decoded("POST / HTTP/" + std::string(version) + "\r\nHost: h\r\n" + std::string(lines) +
                   "\r\n")
               .find(" continue ") != std::string::npos;
  };
  EXPECT_TRUE(waits("1.1", "Content-Length: 5\r\nExpect: 100-Continue\r\n"));
  EXPECT_FALSE(waits("1.1", "Content-Length: 5\r\n"));
  EXPECT_FALSE(waits("1.1", "Expect: 100-continue\r\n"));
  EXPECT_FALSE(waits("1.0", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_FALSE(waits("1.1", "Content-Length: 5\r\nExpect: something-else\r\n"));
}

TEST(RequestDecoder, TellsWhetherARequestHasBegun) {
  RequestDecoder decoder({});
  EXPECT_FALSE(decoder.started());
  ASSERT_TRUE(feed(decoder, "\r\n").has_value());
  EXPECT_FALSE(decoder.started());
  ASSERT_TRUE(feed(decoder, "G").has_value());
  EXPECT_TRUE(decoder.started());
  ASSERT_EQ(*feed(decoder, "ET / HTTP/1.1\r\nHost: h\r\n\r\n"), Event::complete);
  EXPECT_TRUE(decoder.started());
  decoder.next();
  EXPECT_FALSE(decoder.started());
}

TEST(RequestDecoder, StaysRefused) {
  RequestDecoder decoder({});
  EXPECT_FALSE(feed(decoder, "?").has_value());
  EXPECT_FALSE(feed(decoder, line("GET / HTTP/1.1")).has_value());
  EXPECT_EQ(decoder.error_status(), 400);
}

TEST(RequestDecoder, ViewsSurviveAMoveOfTheDecoder) {
  RequestDecoder decoder({});
  ASSERT_EQ(*feed(decoder, line("GET /a?b HTTP/1.1")), Event::complete);
  const RequestDecoder moved = std::move(decoder);
  EXPECT_EQ(moved.request().path, "/a");
  EXPECT_EQ(moved.request().field("host"), "h");
}

TEST(RequestDecoder, MapsStatusesToErrorCodes) {
  const auto code = [](std::string request, const Limits& limits) {
    RequestDecoder decoder(limits);
    return feed(decoder, std::move(request)).error().code;
  };
  EXPECT_EQ(code("?", {}), Errc::protocol_error);
  EXPECT_EQ(code(line("FROB / HTTP/1.1"), {}), Errc::unsupported);
  EXPECT_EQ(code(line("GET / HTTP/3.0"), {}), Errc::unsupported);
  EXPECT_EQ(code(line("GET /aaaa HTTP/1.1"), {.target_bytes = 4}), Errc::message_too_big);
  EXPECT_EQ(code(get_with("A: b\r\n"), {.fields = 1}), Errc::too_many);
}

}  // namespace
}  // namespace naru::http
