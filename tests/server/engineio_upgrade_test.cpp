// From polling to WebSocket (socketio.md 1.12), on one loop and between two.
#include "support/test_server.hpp"

#include <string>

namespace naru::test {
namespace {

class EngineIoUpgrade : public ::testing::TestWithParam<Way> {
 protected:
  void start(EngineIoOptions options = {}) {
    options.on_message = [this](EngineSocket& socket, Message message) {
      if (message.data == "close") return socket.close();
      if (message.data != "quiet") socket.send(message);
      if (message.data == "note") journal.note("noted");
    };
    options.on_close = [this](EngineSocket& socket, std::string_view reason) {
      journal.note(std::string(reason) + " " + socket.id());
    };
    server.server.engineio("/engine.io/", std::move(options));
    server.start();
    sid = engine.open_session();
  }
  WebSocketPeer upgrade() {
    WebSocketPeer peer = engine.candidate(sid);
    peer.say("2probe");
    EXPECT_EQ(peer.hear(), "3probe");
    peer.say("5");
    return peer;
  }
  void expect_polling_goes_on() {
    EXPECT_EQ(engine.post(sid, "4unharmed").body, "ok");
    EXPECT_EQ(engine.poll(sid).body, "4unharmed");
  }

  Journal journal;
  TestServer server{GetParam().loops};
  Engine engine{server, "/engine.io/", GetParam()};
  std::string sid;
};
INSTANTIATE_TEST_SUITE_P(Ways, EngineIoUpgrade, kWays, way_name);

TEST_P(EngineIoUpgrade, MovesASessionToWebSocket) {
  start();
  WebSocketPeer peer = upgrade();
  peer.say("4hello");
  EXPECT_EQ(peer.hear(), "4hello");
  peer.say_binary("\x01\x02");
  EXPECT_EQ(peer.hear(), "binary:\x01\x02");
  const Answer poll = engine.poll(sid);
  EXPECT_EQ(poll.status, 400);
  EXPECT_EQ(poll.body, R"({"code":3,"message":"Bad request"})");
}

TEST_P(EngineIoUpgrade, AnswersTheWaitingPollWithANoop) {
  start();
  WebSocketPeer peer = engine.candidate(sid);
  peer.say("2probe");
  EXPECT_EQ(peer.hear(), "3probe");
  EXPECT_EQ(engine.poll(sid).body, "6");
}

TEST_P(EngineIoUpgrade, TakesAnUpgradeWithoutAProbe) {
  start();
  WebSocketPeer peer = engine.candidate(sid);
  peer.say("5");
  peer.say("4hello");
  EXPECT_EQ(peer.hear(), "4hello");
}

TEST_P(EngineIoUpgrade, TakesTheWholeDanceInTheSegmentOfItsRequest) {
  start();
  WebSocketPeer peer(engine.connect(sid));
  peer.send(upgrade_request(engine.target("websocket", sid)) + text_frame("2probe") +
            text_frame("5") + text_frame("4hello"));
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), "3probe");
  EXPECT_EQ(peer.hear(), "4hello");
}

TEST_P(EngineIoUpgrade, ComesBehindPipelinedRequests) {
  start();
  WebSocketPeer peer(engine.connect(sid));
  peer.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" +
            upgrade_request(engine.target("websocket", sid)) + text_frame("2probe"));
  EXPECT_EQ(peer.answer().status, 404);
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), "3probe");
}

TEST_P(EngineIoUpgrade, ComesBehindAPipelinedPoll) {
  start();
  WebSocketPeer peer(engine.connect(sid));
  peer.ask("POST", engine.target("polling", sid), "4a");
  peer.ask("GET", engine.target("polling", sid));
  peer.send(upgrade_request(engine.target("websocket", sid)) + text_frame("2probe"));
  EXPECT_EQ(peer.answer().body, "ok");
  EXPECT_EQ(peer.answer().body, "4a");
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), "3probe");
}

TEST_P(EngineIoUpgrade, LosesRepeatsAndReordersNothing) {
  start();
  constexpr int kMessages = 600;
  int next_out = 0;
  int next_in = 0;
  const auto take = [&](std::string_view message) {
    EXPECT_EQ(message, "4" + std::to_string(next_in));
    ++next_in;
  };
  const auto post = [&] {
    std::string body;
    for (int i = 0; i < 10; ++i)
      body += (i > 0 ? "\x1e"
                       "4"
                     : "4") +
              std::to_string(next_out++);
    ASSERT_EQ(engine.post(sid, body).body, "ok");
  };
  const auto take_payload = [&](std::string payload) {
    payload += '\x1e';
    for (std::size_t at = 0; at < payload.size();) {
      const auto to = payload.find('\x1e', at);
      const std::string packet = payload.substr(at, to - at);
      if (packet != "6") take(packet);
      at = to + 1;
    }
  };
  post();
  WebSocketPeer peer = engine.candidate(sid);
  post();
  take_payload(engine.poll(sid).body);
  peer.say("2probe");
  EXPECT_EQ(peer.hear(), "3probe");
  for (int i = 0; i < 10; ++i) {
    post();
    if (i == 5) take_payload(engine.poll(sid).body);
  }
  peer.say("5");
  while (next_out < kMessages) peer.say("4" + std::to_string(next_out++));
  while (next_in < kMessages) {
    const std::string heard = peer.hear();
    ASSERT_NE(heard, "end");
    take(heard);
  }
}

TEST_P(EngineIoUpgrade, SendsQueuedBinaryOnTheWebSocket) {
  start();
  EXPECT_EQ(engine
                .post(sid,
                      "4a\x1e"
                      "bAQID\x1e"
                      "4b")
                .body,
            "ok");
  WebSocketPeer peer = upgrade();
  EXPECT_EQ(peer.hear(), "4a");
  EXPECT_EQ(peer.hear(), "binary:\x01\x02\x03");
  EXPECT_EQ(peer.hear(), "4b");
}

TEST_P(EngineIoUpgrade, AnswersAPollThatStillWaitsWithAClose) {
  start();
  WebSocketPeer peer = engine.candidate(sid);
  Peer poll = engine.connect(sid);
  poll.ask("GET", engine.target("polling", sid));
  // Before its noop is due, or after: the poll is answered once, and the upgrade takes place.
  peer.say("5");
  const Answer answer = poll.answer();
  EXPECT_TRUE(answer.body == "1" || answer.status == 400) << answer.body;
  peer.say("4hello");
  EXPECT_EQ(peer.hear(), "4hello");
}

// ---- attempts that fail

TEST_P(EngineIoUpgrade, ClosesACandidateThatSaysSomethingElse) {
  start();
  for (const std::string& first : {text_frame("4hello"), text_frame("2"), text_frame("2other"),
                                   text_frame(""), text_frame("x"), binary_frame("2probe")}) {
    WebSocketPeer peer = engine.candidate(sid);
    peer.send(first);
    EXPECT_EQ(peer.hear(), "close 1005");
    expect_polling_goes_on();
  }
}

TEST_P(EngineIoUpgrade, OutlivesACandidateThatDies) {
  start();
  for (int i = 0; i < 3; ++i) {
    WebSocketPeer peer = engine.candidate(sid);
    if (i > 0) {
      peer.say("2probe");
      EXPECT_EQ(peer.hear(), "3probe");
    }
    i == 2 ? peer.reset() : peer.end();
    expect_polling_goes_on();
    if (i == 2) continue;
    EXPECT_EQ(peer.hear(), "end");
  }
  // The way is free for another one as soon as the server knows.
  for (;;) {
    WebSocketPeer peer = engine.candidate(sid);
    peer.say("2probe");
    if (peer.hear() == "3probe") break;
  }
}

TEST_P(EngineIoUpgrade, ClosesACandidateThatBreaksWebSocket) {  // CVE-2022-21676
  start();
  WebSocketPeer peer(engine.connect(sid));
  peer.send(upgrade_request(engine.target("websocket", sid)) + raw_frame(0xf1, "2probe"));
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), "close 1002");
  expect_polling_goes_on();
}

TEST_P(EngineIoUpgrade, SurvivesAResetAtEachByteOfItsRequest) {  // CVE-2022-41940
  start();
  const std::string bytes = upgrade_request(engine.target("websocket", sid)) + text_frame("2probe");
  for (std::size_t cut = 0; cut <= bytes.size(); cut += GetParam().cross ? 9 : 1) {
    Peer peer = GetParam().cross ? engine.connect(sid) : Peer(server.port);
    peer.send(bytes.substr(0, cut));
    peer.reset();
  }
  expect_polling_goes_on();
}

TEST_P(EngineIoUpgrade, ClosesASecondCandidate) {
  start();
  WebSocketPeer first = engine.candidate(sid);
  first.say("2probe");
  EXPECT_EQ(first.hear(), "3probe");
  WebSocketPeer second = engine.candidate(sid);
  EXPECT_EQ(second.hear(), "close 1005");
  first.say("5");
  first.say("4hello");
  EXPECT_EQ(first.hear(), "4hello");
  WebSocketPeer third = engine.candidate(sid);
  EXPECT_EQ(third.hear(), "close 1005");
  first.say("4again");
  EXPECT_EQ(first.hear(), "4again");
}

TEST_P(EngineIoUpgrade, GivesUpOnACandidateThatHesitates) {
  start({{.upgrade_timeout = 40ms}});
  WebSocketPeer peer = engine.candidate(sid);
  peer.say("2probe");
  EXPECT_EQ(peer.hear(), "3probe");
  EXPECT_EQ(peer.hear(), "close 1005");
  expect_polling_goes_on();
}

TEST_P(EngineIoUpgrade, IsRefusedWhenSwitchedOff) {
  start({{.allow_upgrades = false}});
  Peer peer(server.port);
  EXPECT_NE(peer.get(engine.target("polling")).body.find("\"upgrades\":[]"), std::string::npos);
  WebSocketPeer candidate = engine.candidate(sid);
  EXPECT_EQ(candidate.hear(), "close 1005");
  expect_polling_goes_on();
}

TEST_P(EngineIoUpgrade, ClosesTheCandidateOfASessionThatEnds) {
  start();
  WebSocketPeer peer = engine.candidate(sid);
  peer.say("2probe");
  EXPECT_EQ(peer.hear(), "3probe");
  EXPECT_EQ(engine.post(sid, "1").body, "ok");
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "transport close " + sid);
}

TEST_P(EngineIoUpgrade, ClosesTheCandidateOfASessionThatItsHandlerCloses) {
  start();
  WebSocketPeer peer = engine.candidate(sid);
  peer.say("2probe");
  EXPECT_EQ(peer.hear(), "3probe");
  EXPECT_EQ(engine.post(sid, "4close").body, "ok");
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "forced close " + sid);
  EXPECT_EQ(engine.poll(sid).body,
            "6\x1e"
            "1");
}

// The dance must not disarm the heartbeat (socketio.md 11 row 7).
TEST_P(EngineIoUpgrade, KeepsLookingForDeadPeers) {
  start({{.ping_interval = 100ms, .ping_timeout = 100ms}});
  WebSocketPeer peer = upgrade();
  EXPECT_EQ(peer.hear_until("close"), "close 1005");
  std::string ended = journal.next();
  while (ended != "ping timeout " + sid && !ended.empty()) ended = journal.next();
}

}  // namespace
}  // namespace naru::test
