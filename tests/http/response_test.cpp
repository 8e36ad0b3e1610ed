#include "http/response.hpp"

#include <gtest/gtest.h>

#include <array>

namespace naru::http {
namespace {

std::string encoded(const Response& response, const ResponseContext& context = {}) {
  ChunkPool pool;
  SendQueue queue(pool);
  encode_response(response, context, queue);
  std::array<std::string_view, 16> pieces;
  std::string out;
  const std::size_t count = queue.peek(pieces);
  for (std::size_t i = 0; i < count; ++i) out += pieces[i];
  EXPECT_EQ(out.size(), queue.size());
  return out;
}

Response ok(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

TEST(Response, HasStatusLineFieldsLengthAndBody) {
  Response response = ok("hello");
  response.add("Content-Type", "text/plain");
  EXPECT_EQ(encoded(response),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(Response, AnEmptyBodyHasALengthToo) {
  EXPECT_EQ(encoded(ok("")), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(Response, SendsASharedBody) {
  for (const std::size_t size : {10U, 100000U}) {
    Response response = ok("not this");
    response.shared_body = std::make_shared<const std::string>(size, 'x');
    EXPECT_EQ(encoded(response), "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) +
                                     "\r\n\r\n" + std::string(size, 'x'));
  }
}

TEST(Response, ToHeadHasTheLengthButNoBody) {
  EXPECT_EQ(encoded(ok("hello"), {.head_only = true}),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST(Response, HasNoBodyWhereTheStatusForbidsIt) {
  for (const int status : {100, 101, 204, 304}) {
    Response response = ok("hello");
    response.status = status;
    const std::string wire = encoded(response);
    EXPECT_EQ(wire.find("Content-Length"), std::string::npos) << status;
    EXPECT_TRUE(wire.ends_with("\r\n\r\n")) << status;
  }
}

TEST(Response, SaysWhatBecomesOfTheConnection) {
  const auto connection = [](const ResponseContext& context) {
    const std::string wire = encoded(ok(""), context);
    const std::size_t at = wire.find("Connection: ");
    return at == std::string::npos ? "" : wire.substr(at + 12, wire.find('\r', at) - at - 12);
  };
  EXPECT_EQ(connection({.keep_alive = true, .minor_version = 1}), "");
  EXPECT_EQ(connection({.keep_alive = false, .minor_version = 1}), "close");
  EXPECT_EQ(connection({.keep_alive = true, .minor_version = 0}), "keep-alive");
  EXPECT_EQ(connection({.keep_alive = false, .minor_version = 0}), "close");
}

TEST(Response, NamesUpgradeInConnection) {
  Response response;
  response.status = 426;
  response.add("Upgrade", "websocket");
  response.add("Connection", "Upgrade");
  EXPECT_EQ(encoded(response, {.keep_alive = false}),
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"
            "Connection: Upgrade, close\r\n\r\n");
}

TEST(Response, FramingIsNotTheApplications) {
  Response response = ok("hello");
  response.add("Content-Length", "1");
  response.add("transfer-encoding", "chunked");
  response.add("connection", "close");
  EXPECT_EQ(encoded(response), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(Response, LeavesOutFieldsThatWouldSplitIt) {
  Response response = ok("");
  response.add("A", "b\r\nInjected: 1");
  response.add("C\r\nInjected", "1");
  response.add("", "1");
  EXPECT_EQ(encoded(response), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(Response, SetReplacesAndAddAppends) {
  Response response;
  response.add("A", "1");
  response.add("a", "2");
  EXPECT_EQ(response.fields.size(), 2U);
  response.set("A", "3");
  ASSERT_EQ(response.fields.size(), 1U);
  EXPECT_EQ(response.fields[0].second, "3");
}

TEST(Response, PlainNamesItsStatus) {
  EXPECT_EQ(encoded(plain(404)),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 9\r\n\r\nNot Found");
  EXPECT_EQ(encoded(plain(204)), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(ReasonPhrase, IsThereForEveryStatusThatRefuses) {
  for (const int status : {400, 403, 404, 405, 408, 411, 413, 414, 417, 426, 431, 501, 503, 505}) {
    EXPECT_NE(reason_phrase(status), "Unknown") << status;
  }
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

std::string streamed(const ResponseContext& context) {
  ChunkPool pool;
  SendQueue queue(pool);
  Response response;
  response.add("Transfer-Encoding", "gzip");  // ours alone
  const Framing framing = encode_streamed_head(response, context, queue);
  append_piece("hello", framing, queue);
  append_piece(std::string(17, 'x'), framing, queue);
  append_body_end(framing, queue);
  std::array<std::string_view, 16> pieces;
  std::string out;
  const std::size_t count = queue.peek(pieces);
  for (std::size_t i = 0; i < count; ++i) out += pieces[i];
  return out;
}

TEST(StreamedResponse, ComesInChunks) {
  EXPECT_EQ(streamed({}),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n11\r\nxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n");
}

TEST(StreamedResponse, EndsWithTheConnectionForHttp10) {
  EXPECT_EQ(streamed({.keep_alive = false, .minor_version = 0}),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhelloxxxxxxxxxxxxxxxxx");
}

TEST(StreamedResponse, FramesAPieceForMany) {
  EXPECT_EQ(frame_piece("hello", Framing::chunked), "5\r\nhello\r\n");
  EXPECT_EQ(frame_piece("hello", Framing::bare), "hello");
}

}  // namespace
}  // namespace naru::http
