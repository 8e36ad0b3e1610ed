// SockJS sessions whose answers stay open (sockjs.md 6), whichever loops their requests come to.
#include "support/sockjs_peer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace naru::test {
namespace {

// The next piece of a chunked answer; "" is its end.
std::string chunk(Peer& peer) {
  const std::string size = peer.read_through("\r\n");
  if (size.size() < 3) return "no chunk: " + size;
  const std::string piece = peer.read(std::stoul(size, nullptr, 16));
  EXPECT_EQ(peer.read(2), "\r\n");
  return piece;
}

Answer head(Peer& peer) {
  Answer answer;
  answer.head = peer.read_through("\r\n\r\n");
  if (answer.head.starts_with("HTTP/1.1 ")) answer.status = std::stoi(answer.head.substr(9, 3));
  return answer;
}

class SockJsStreaming : public ::testing::TestWithParam<unsigned> {
 protected:
  void start(SockJsOptions options = sockjs_echo()) {
    options.on_close = [this](SockJs&, std::uint16_t code, std::string_view reason) {
      journal.note(std::to_string(code) + " " + std::string(reason));
    };
    server.server.sockjs("/echo", std::move(options));
    server.start();
  }
  SockJsClient client(std::string session = "session") {
    return {server, "/echo", std::move(session)};
  }
  // A receiver whose head and prelude have been read: it is attached.
  Peer stream(SockJsClient& session) {
    Peer peer = session.begin("xhr_streaming");
    EXPECT_EQ(head(peer).status, 200);
    EXPECT_EQ(chunk(peer), std::string(2048, 'h') + "\n");
    return peer;
  }

  Journal journal;
  TestServer server{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Loops, SockJsStreaming, ::testing::Values(1U, 4U));

TEST_P(SockJsStreaming, SendsEachFrameAsAChunk) {
  start();
  SockJsClient session = client();
  Peer peer = session.begin("xhr_streaming");
  const Answer answer = head(peer);
  EXPECT_EQ(answer.field("content-type"), "application/javascript; charset=UTF-8");
  EXPECT_EQ(answer.field("transfer-encoding"), "chunked");
  EXPECT_EQ(answer.field("content-length"), "");
  EXPECT_EQ(answer.field("access-control-allow-origin"), "*");
  EXPECT_EQ(answer.field("cache-control"),
            "no-store, no-cache, no-transform, must-revalidate, max-age=0");
  EXPECT_EQ(chunk(peer), std::string(2048, 'h') + "\n");
  EXPECT_EQ(chunk(peer), "o\n");
  for (int i = 0; i < 20; ++i) {
    const std::string message = "[\"" + std::to_string(i) + "\"]";
    EXPECT_EQ(session.send(message), 204);
    EXPECT_EQ(chunk(peer), "a" + message + "\n");
  }
}

TEST_P(SockJsStreaming, CarriesEventStreams) {
  start();
  SockJsClient session = client();
  Peer peer = session.begin("eventsource", "GET");
  EXPECT_EQ(head(peer).field("content-type"), "text/event-stream");
  EXPECT_EQ(chunk(peer), "\r\n");
  EXPECT_EQ(chunk(peer), "data: o\r\n\r\n");
  EXPECT_EQ(session.send(R"(["  \u0000\n\r "])"), 204);
  EXPECT_EQ(chunk(peer), "data: a[\"  \\u0000\\n\\r \"]\r\n\r\n");
}

TEST_P(SockJsStreaming, CarriesHtmlFiles) {
  start();
  SockJsClient session = client();
  Peer peer = session.begin("htmlfile?c=%63allback", "GET");
  EXPECT_EQ(head(peer).field("content-type"), "text/html; charset=UTF-8");
  const std::string begin = chunk(peer);
  EXPECT_GT(begin.size(), 1024U);
  EXPECT_NE(begin.find("var c = parent.callback;"), std::string::npos);
  EXPECT_EQ(chunk(peer), "<script>\np(\"o\");\n</script>\r\n");
  EXPECT_EQ(session.send(R"(["</script>"])"), 204);
  EXPECT_EQ(chunk(peer), "<script>\np(\"a[\\\"\\u003c/script>\\\"]\");\n</script>\r\n");
}

TEST_P(SockJsStreaming, EndsAtItsLimitAndGoesOnWithTheNext) {
  SockJsOptions options = sockjs_echo();
  options.response_limit = 4096;
  start(options);
  SockJsClient session = client();
  Peer peer = stream(session);
  EXPECT_EQ(chunk(peer), "o\n");
  const std::string message = "[\"" + std::string(128, 'x') + "\"]";
  for (int i = 0; i < 31; ++i) {
    EXPECT_EQ(session.send(message), 204);
    EXPECT_EQ(chunk(peer), "a" + message + "\n") << i;
  }
  EXPECT_EQ(chunk(peer), "");
  EXPECT_EQ(session.send(message), 204);
  Peer next = stream(session);
  EXPECT_EQ(chunk(next), "a" + message + "\n");
}

TEST_P(SockJsStreaming, GoesOnOnTheSameConnectionAfterItsEnd) {
  SockJsOptions options = sockjs_echo();
  options.response_limit = 1;
  start(options);
  SockJsClient session = client();
  Peer peer = stream(session);
  EXPECT_EQ(chunk(peer), "o\n");
  EXPECT_EQ(chunk(peer), "");
  EXPECT_EQ(session.send(R"(["x"])"), 204);
  EXPECT_EQ(peer.post(session.target("xhr"), "").body, "a[\"x\"]\n");
}

TEST_P(SockJsStreaming, TakesOneReceiverAtATime) {
  start();
  SockJsClient session = client();
  Peer first = stream(session);
  EXPECT_EQ(chunk(first), "o\n");
  EXPECT_EQ(session.poll(), "c[2010,\"Another connection still open\"]\n");
  Peer second = stream(session);
  EXPECT_EQ(chunk(second), "c[2010,\"Another connection still open\"]\n");
  EXPECT_EQ(chunk(second), "");
  EXPECT_EQ(session.send(R"(["x"])"), 204);
  EXPECT_EQ(chunk(first), "a[\"x\"]\n");
}

// A client that goes and comes back by another connection is not its own rival (sockjs.md 4.4).
TEST_P(SockJsStreaming, HearsOfAReceiverThatWentBeforeItAnswersTheNext) {
  start();
  for (int i = 0; i < 50; ++i) {
    SockJsClient session = client("session" + std::to_string(i));
    Peer gone = stream(session);
    if (i % 2 == 0) {
      gone.leave();
    } else {
      gone.reset();
    }
    ASSERT_EQ(session.poll(), "o\n") << i;
    EXPECT_EQ(journal.next(), "1006 ");
  }
}

TEST_P(SockJsStreaming, SaysItsEndToEachReceiver) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [](SockJs& session) { session.close(3000, "Go away!"); };
  start(options);
  SockJsClient session = client();
  Peer peer = stream(session);
  EXPECT_EQ(chunk(peer), "o\n");
  EXPECT_EQ(chunk(peer), "c[3000,\"Go away!\"]\n");
  EXPECT_EQ(chunk(peer), "");
  Peer again = stream(session);
  EXPECT_EQ(chunk(again), "c[3000,\"Go away!\"]\n");
  EXPECT_EQ(chunk(again), "");
}

TEST_P(SockJsStreaming, SpeaksHttp10) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [](SockJs& session) { session.close(3000, "Go away!"); };
  start(options);
  Peer peer(server.port);
  peer.send("POST /echo/0/a/xhr_streaming HTTP/1.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  const Answer answer = head(peer);
  EXPECT_EQ(answer.field("transfer-encoding"), "");
  EXPECT_EQ(answer.field("content-length"), "");
  EXPECT_EQ(peer.read_to_end(), std::string(2048, 'h') + "\no\nc[3000,\"Go away!\"]\n");
}

TEST_P(SockJsStreaming, Beats) {
  SockJsOptions options = sockjs_echo();
  options.heartbeat_interval = 20ms;
  start(options);
  SockJsClient session = client();
  Peer peer = stream(session);
  EXPECT_EQ(chunk(peer), "o\n");
  EXPECT_EQ(chunk(peer), "h\n");
  EXPECT_EQ(chunk(peer), "h\n");
}

TEST_P(SockJsStreaming, EndsWithTheServer) {
  start();
  SockJsClient session = client();
  Peer peer = stream(session);
  EXPECT_EQ(chunk(peer), "o\n");
  std::thread stopping([&] { server.server.stop(); });
  EXPECT_EQ(chunk(peer), "c[1012,\"Server is shutting down\"]\n");
  EXPECT_EQ(chunk(peer), "");
  EXPECT_TRUE(peer.ended());
  stopping.join();
  EXPECT_EQ(journal.next(), "1012 Server is shutting down");
}

TEST_P(SockJsStreaming, BoundsWhatWaitsForASlowReceiver) {
  SockJsOptions options = sockjs_echo();
  options.high_watermark = std::size_t{64} << 10U;
  options.limit = std::size_t{1} << 20U;
  options.response_limit = std::size_t{1} << 30U;
  options.on_message = [](SockJs& session, Message) {
    session.send(text(std::string(100'000, 'x')));
    EXPECT_LE(session.buffered_amount(), std::size_t{2} << 20U);
  };
  start(options);
  SockJsClient session = client();
  Peer peer = stream(session);  // which reads nothing more
  int sent = 0;
  while (sent < 1000 && session.send(R"(["go"])") == 204) ++sent;
  EXPECT_LT(sent, 1000);  // 100 MB
  EXPECT_EQ(journal.next(), "1006 ");
  EXPECT_TRUE(server.counts(&Stats::slow_closed, 1));
}

TEST_P(SockJsStreaming, TellsASenderWhenAReceiverHasCaughtUp) {
  SockJsOptions options = sockjs_echo();
  options.response_limit = std::size_t{1} << 30U;
  options.on_message = [](SockJs& session, Message) {
    const std::string large(100'000, 'x');
    for (int i = 0; i < 100; ++i) session.send(text(large));
  };
  options.on_drain = [this](SockJs& session) {
    EXPECT_EQ(session.buffered_amount(), 0U);
    journal.note("drain");
  };
  start(options);
  SockJsClient session = client();
  Peer peer = stream(session);
  EXPECT_EQ(chunk(peer), "o\n");
  std::thread sending([&] { EXPECT_EQ(session.send(R"(["go"])"), 204); });
  std::size_t received = 0;
  while (received < 10'000'000) {
    for (const char c : chunk(peer)) received += c == 'x' ? 1 : 0;
  }
  sending.join();
  EXPECT_EQ(journal.next(), "drain");
}

}  // namespace
}  // namespace naru::test
