// Long-polling (socketio.md 1.10), and its rows of the table in 1.3.
#include "support/test_server.hpp"

#include <string>

namespace naru::test {
namespace {

class EngineIoPolling : public ::testing::TestWithParam<Way> {
 protected:
  void start(EngineIoOptions options = {}) {
    options.on_message = [this](EngineSocket& socket, Message message) {
      if (message.data == "close") return socket.close();
      if (message.data == "throw") throw std::runtime_error("a handler");
      socket.send(message);
      journal.note("message");
    };
    options.on_close = [this](EngineSocket& socket, std::string_view reason) {
      journal.note(std::string(reason) + " " + socket.id());
    };
    server.server.engineio("/engine.io/", std::move(options));
    server.start();
    sid = engine.open_session();
  }
  // The next poll, whose answer comes later. It has arrived when this returns: a post behind it
  // on the way to the session is answered.
  Peer begin_poll() {
    Peer peer = engine.connect(sid);
    peer.ask("GET", engine.target("polling", sid));
    return peer;
  }
  void expect_ended(std::string_view reason) {
    EXPECT_EQ(journal.next(), std::string(reason) + " " + sid);
    EXPECT_EQ(engine.poll(sid).status, 400);
  }

  Journal journal;
  TestServer server{GetParam().loops};
  Engine engine{server, "/engine.io/", GetParam()};
  std::string sid;
};
INSTANTIATE_TEST_SUITE_P(Ways, EngineIoPolling, kWays, way_name);

TEST_P(EngineIoPolling, CarriesTextAndBinaryBothWays) {
  start();
  const Answer answer = engine.post(sid,
                                    "4a\x1e"
                                    "4b\x1e"
                                    "bAQID");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "text/html");
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(engine.poll(sid).body,
            "4a\x1e"
            "4b\x1e"
            "bAQID");
}

TEST_P(EngineIoPolling, AnswersAPollThatWaits) {
  start();
  Peer poll = begin_poll();
  EXPECT_EQ(engine.post(sid, "4hello").body, "ok");
  EXPECT_EQ(poll.answer().body, "4hello");
}

TEST_P(EngineIoPolling, GoesOnOnOneConnection) {
  start();
  Peer peer = engine.connect(sid);
  for (int i = 0; i < 20; ++i) {
    const std::string message = "4message " + std::to_string(i);
    EXPECT_EQ(peer.post(engine.target("polling", sid), message).body, "ok");
    EXPECT_EQ(peer.get(engine.target("polling", sid)).body, message);
  }
}

TEST_P(EngineIoPolling, TakesPipelinedPostsAndPolls) {
  start();
  Peer peer = engine.connect(sid);
  for (int i = 0; i < 20; ++i) {
    peer.ask("POST", engine.target("polling", sid), "4" + std::to_string(i));
    peer.ask("GET", engine.target("polling", sid));
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(peer.answer().body, "ok");
    EXPECT_EQ(peer.answer().body, "4" + std::to_string(i));
  }
}

TEST_P(EngineIoPolling, EndsTheSessionWhenPollsOverlap) {
  start();
  Peer first = begin_poll();
  Peer second = begin_poll();
  const Answer one = first.answer();
  const Answer two = second.answer();
  // Which of them came first is the network's choice.
  EXPECT_EQ(one.status + two.status, 600);
  EXPECT_EQ(one.body + two.body, "1");
  expect_ended("transport error");
}

TEST_P(EngineIoPolling, EndsTheSessionWhenPostsOverlap) {
  start();
  const auto head = [&](Peer& peer) {
    peer.send("POST " + engine.target("polling", sid) +
              " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  };
  Peer first = engine.connect(sid);
  head(first);
  EXPECT_TRUE(first.read_through("\r\n\r\n").starts_with("HTTP/1.1 100"));
  Peer second = engine.connect(sid);
  head(second);
  second.send("4b");
  EXPECT_EQ(journal.next(), "transport error " + sid);
  EXPECT_TRUE(second.read_through("\r\n\r\n").starts_with("HTTP/1.1 "));
  first.send("4a");
  EXPECT_EQ(first.answer().status, 400);
  EXPECT_EQ(engine.poll(sid).status, 400);
}

TEST_P(EngineIoPolling, EndsTheSessionWhenAPollIsAbandoned) {
  for (const bool reset : {false, true}) {
    SCOPED_TRACE(reset);
    if (!reset) start();
    sid = engine.open_session();
    Peer poll = begin_poll();
    reset ? poll.reset() : poll.end();
    expect_ended("transport error");
  }
}

TEST_P(EngineIoPolling, EndsTheSessionWhenAPostIsAbandoned) {
  start();
  Peer peer = engine.connect(sid);
  peer.send("POST " + engine.target("polling", sid) +
            " HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n4hello");
  peer.reset();
  expect_ended("transport error");
}

TEST_P(EngineIoPolling, EndsTheSessionByABinaryBody) {
  start();
  Peer peer = engine.connect(sid);
  EXPECT_EQ(
      peer.post(engine.target("polling", sid), "4a", "Content-Type: application/octet-stream\r\n")
          .status,
      400);
  expect_ended("transport error");
}

TEST_P(EngineIoPolling, EndsTheSessionByAMalformedBody) {
  start();
  for (const char* body : {"abc", "4a\x1e",
                           "4a\x1e\x1e"
                           "4b",
                           "b!", "9", ""}) {
    SCOPED_TRACE(body);
    sid = engine.open_session();
    const Answer answer = engine.post(sid, body);
    EXPECT_EQ(answer.status, 400);
    std::string entry = journal.next();
    if (entry == "message") entry = journal.next();  // what came before is delivered
    EXPECT_EQ(entry, "parse error " + sid);
    EXPECT_EQ(engine.poll(sid).status, 400);
  }
}

TEST_P(EngineIoPolling, EndsTheSessionByTooManyPackets) {  // CVE-2020-36048 and its write-up
  start({{.payload_packets = 4}});
  EXPECT_EQ(engine
                .post(sid,
                      "3\x1e"
                      "3\x1e"
                      "3\x1e"
                      "3")
                .status,
            200);
  EXPECT_EQ(engine
                .post(sid,
                      "3\x1e"
                      "3\x1e"
                      "3\x1e"
                      "3\x1e"
                      "3")
                .status,
            400);
  expect_ended("parse error");
}

TEST_P(EngineIoPolling, EndsTheSessionByAPingOfTheClient) {
  start();
  EXPECT_EQ(engine.post(sid, "2").status, 200);
  expect_ended("transport error");
}

TEST_P(EngineIoPolling, EndsTheSessionWhenThePeerClosesIt) {
  start();
  Peer poll = begin_poll();
  EXPECT_EQ(engine.post(sid, "4x").body, "ok");
  EXPECT_EQ(poll.answer().body, "4x");  // the poll was there
  poll = begin_poll();
  EXPECT_EQ(journal.next(), "message");
  EXPECT_EQ(engine.post(sid, "1").body, "ok");
  const Answer answer = poll.answer();
  if (answer.status == 200) {  // else it came behind the close
    EXPECT_EQ(answer.body, "6");
  }
  expect_ended("transport close");
}

TEST_P(EngineIoPolling, DeliversNothingBehindAClose) {
  start();
  EXPECT_EQ(engine
                .post(sid,
                      "4a\x1e"
                      "1\x1e"
                      "4b")
                .body,
            "ok");
  EXPECT_EQ(journal.next(), "message");
  expect_ended("transport close");
  EXPECT_TRUE(journal.empty());
}

TEST_P(EngineIoPolling, ClosesByTheNextPoll) {
  start();
  EXPECT_EQ(engine.post(sid, "4close").body, "ok");
  EXPECT_EQ(journal.next(), "forced close " + sid);
  EXPECT_EQ(engine.poll(sid).body,
            "6\x1e"
            "1");
  EXPECT_EQ(engine.poll(sid).status, 400);
}

TEST_P(EngineIoPolling, ClosesByAPollThatWaits) {
  start();
  Peer poll = begin_poll();
  EXPECT_EQ(engine.post(sid, "4close").body, "ok");
  const std::string body = poll.answer().body;
  EXPECT_TRUE(body == "1" || body ==
                                 "6\x1e"
                                 "1")
      << body;  // it may have come behind the post
  expect_ended("forced close");
}

TEST_P(EngineIoPolling, SendsWhatWasQueuedBeforeItCloses) {
  start();
  EXPECT_EQ(engine
                .post(sid,
                      "4a\x1e"
                      "4b\x1e"
                      "4close\x1e"
                      "4c")
                .body,
            "ok");
  EXPECT_EQ(engine.poll(sid).body,
            "4a\x1e"
            "4b\x1e"
            "1");
}

TEST_P(EngineIoPolling, ClosesOnlyTheSessionWhoseHandlerThrows) {
  start();
  const std::string other = engine.open_session();
  EXPECT_EQ(engine.post(sid, "4throw").body, "ok");
  EXPECT_EQ(journal.next(), "forced close " + sid);
  EXPECT_EQ(engine.post(other, "4fine").body, "ok");
  EXPECT_EQ(engine.poll(other).body, "4fine");
  EXPECT_NE(server.log.next().find("event=handler_failed"), std::string::npos);
}

// ---- sizes

TEST_P(EngineIoPolling, TakesABodyOfTheLimitAndNoMore) {
  start({{.max_payload = 1000}});
  EXPECT_EQ(engine.post(sid, "4" + std::string(999, 'x')).body, "ok");
  EXPECT_EQ(engine.poll(sid).body.size(), 1000U);
  EXPECT_EQ(engine.post(sid, "4" + std::string(1000, 'x')).status, 413);
}

// The reference leaves the session half-dead; ours ends (socketio.md 11 row 12).
TEST_P(EngineIoPolling, EndsTheSessionByABodyThatIsTooLarge) {
  start({{.max_payload = 1000}});
  EXPECT_EQ(engine.post(sid, "4" + std::string(1000, 'x')).status, 413);
  expect_ended("transport error");

  sid = engine.open_session();
  Peer peer = engine.connect(sid);
  peer.send("POST " + engine.target("polling", sid) +
            " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n4" +
            std::string(1000, 'x') + "\r\n");
  EXPECT_EQ(peer.answer().status, 413);
  expect_ended("transport error");
}

TEST_P(EngineIoPolling, TakesAChunkedBody) {
  start();
  Peer peer = engine.connect(sid);
  peer.send("POST " + engine.target("polling", sid) +
            " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n4he\r\n");
  peer.send("3\r\nllo\r\n0\r\n\r\n");
  EXPECT_EQ(peer.answer().body, "ok");
  EXPECT_EQ(engine.poll(sid).body, "4hello");
}

TEST_P(EngineIoPolling, ClosesASlowConsumer) {
  start({{.high_watermark = 1000, .limit = 5000}});
  const std::string message = "4" + std::string(999, 'x');
  while (engine.post(sid, message).status == 200) {
  }
  std::string entry = journal.next();
  while (entry == "message") entry = journal.next();
  EXPECT_EQ(entry, "transport error " + sid);
  EXPECT_TRUE(server.counts(&Stats::slow_closed, 1));
}

}  // namespace
}  // namespace naru::test
