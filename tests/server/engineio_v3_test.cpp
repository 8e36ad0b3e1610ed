// Clients of Engine.IO 3 (socketio.md 1.8, 1.9, 1.13).
#include "support/test_server.hpp"

#include <string>

namespace naru::test {
namespace {

using namespace std::string_view_literals;

class EngineIoV3 : public ::testing::TestWithParam<Way> {
 protected:
  void start(EngineIoOptions options = {}) {
    options.transport.allow_eio3 = true;
    options.on_message = [this](EngineSocket& socket, Message message) {
      if (message.data == "close") return socket.close();
      if (message.data == "which") {
        journal.note(std::to_string(socket.protocol()) + " " + std::string(socket.transport()));
      }
      socket.send(message);
    };
    options.on_close = [this](EngineSocket&, std::string_view reason) {
      journal.note(std::string(reason));
    };
    server.server.engineio("/engine.io/", std::move(options));
    server.start();
  }
  std::string path(std::string_view query) { return "/engine.io/?" + std::string(query); }

  Journal journal;
  TestServer server{GetParam().loops};
  Engine text{server, "/engine.io/", GetParam(), "3&b64=1"};
  Engine engine{server, "/engine.io/", GetParam(), "3"};
};
INSTANTIATE_TEST_SUITE_P(Ways, EngineIoV3, kWays, way_name);

TEST_P(EngineIoV3, CountsItsOpenPacket) {
  start();
  for (const char* query : {"EIO=3&transport=polling", "transport=polling",
                            "EIO=abc&transport=polling", "EIO=4&EIO=5&transport=polling"}) {
    const Answer answer = Peer(server.port).get(path(query));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.field("content-type"), "text/plain; charset=UTF-8");
    EXPECT_EQ(answer.body, "118:0{\"sid\":\"" + sid_of(answer.body) +
                               "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
                               "\"pingTimeout\":20000,\"maxPayload\":1000000}");
  }
}

TEST_P(EngineIoV3, EchoesTextAndBase64) {
  start();
  const std::string sid = text.open_session();
  EXPECT_EQ(text.post(sid, "6:4hello10:b4AQIDBA==2:4é3:4😀").body, "ok");
  const Answer answer = text.poll(sid);
  EXPECT_EQ(answer.body, "6:4hello10:b4AQIDBA==2:4é3:4😀");
  EXPECT_EQ(answer.field("content-type"), "text/plain; charset=UTF-8");
}

TEST_P(EngineIoV3, EchoesBytesByABinaryPayload) {
  start();
  const std::string sid = engine.open_session();
  const std::string payload(
      "\x00\x06\xff"
      "4hello\x01\x05\xff\x04\x01\x02\x03\x04"sv);
  EXPECT_EQ(engine.connect(sid)
                .post(engine.target("polling", sid), payload,
                      "Content-Type: application/octet-stream\r\n")
                .body,
            "ok");
  const Answer answer = engine.poll(sid);
  EXPECT_EQ(answer.field("content-type"), "application/octet-stream");
  EXPECT_EQ(answer.body, payload);
  EXPECT_EQ(engine.post(sid, "6:4hello").body, "ok");
  EXPECT_EQ(engine.poll(sid).body, "6:4hello");  // text alone is text
}

TEST_P(EngineIoV3, AnswersPingsByPolling) {
  start();
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, "1:2").body, "ok");
  EXPECT_EQ(engine.poll(sid).body, "1:3");
  EXPECT_EQ(engine.post(sid, "1:3").body, "ok");  // a pong is not the client's to send
  EXPECT_EQ(journal.next(), "transport error");
  EXPECT_EQ(engine.poll(sid).status, 400);
}

TEST_P(EngineIoV3, EndsWithAPayloadThatIsMalformed) {
  start();
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, "2:4a2:4").status, 400);
  EXPECT_EQ(journal.next(), "parse error");
  EXPECT_EQ(engine.poll(sid).body, R"({"code":1,"message":"Session ID unknown"})");
}

TEST_P(EngineIoV3, ClosesWithCountedPackets) {
  start();
  const std::string sid = engine.open_session();
  Peer poll = engine.connect(sid);
  poll.ask("GET", engine.target("polling", sid));
  if (GetParam().loops == 1) {
    EXPECT_EQ(engine.post(sid, "1:1").body, "ok");
    EXPECT_EQ(poll.answer().body, "1:6");
    EXPECT_EQ(journal.next(), "transport close");
  }
  const std::string other = engine.open_session();
  EXPECT_EQ(engine.post(other, "6:4close").body, "ok");
  EXPECT_EQ(engine.poll(other).body, "1:61:1");
}

TEST_P(EngineIoV3, AnswersOverlappingPollsWithACountedClose) {
  start();
  const std::string sid = engine.open_session();
  Peer peer = engine.connect(sid);
  peer.ask("GET", engine.target("polling", sid));
  Peer second = engine.connect(sid);
  second.ask("GET", engine.target("polling", sid));
  const std::string first_body = peer.answer().body;
  const std::string second_body = second.answer().body;
  EXPECT_TRUE((first_body == "1:1" && second_body.empty()) ||
              (second_body == "1:1" && first_body.empty()));
}

TEST_P(EngineIoV3, PutsTheTypeInFrontOfBinaryFrames) {
  start();
  WebSocketPeer peer = engine.open_websocket();
  peer.say("4hello");
  EXPECT_EQ(peer.hear(), "4hello");
  peer.say_binary("\x04\x01\x02\x03");
  EXPECT_EQ(peer.hear(), "binary:\x04\x01\x02\x03");
  peer.say("b4AQID");
  EXPECT_EQ(peer.hear(), "binary:\x04\x01\x02\x03");
  peer.say("2");
  EXPECT_EQ(peer.hear(), "3");
  peer.say_binary("\x07");
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "parse error");
}

TEST_P(EngineIoV3, SendsBase64ToWebSocketsThatAskForIt) {
  start();
  WebSocketPeer old = text.open_websocket();
  old.say_binary("\x04\x01\x02\x03");
  EXPECT_EQ(old.hear(), "b4AQID");
  WebSocketPeer peer = Engine(server, "/engine.io/", GetParam(), "4&b64=1").open_websocket();
  peer.say_binary("\x01\x02\x03");
  EXPECT_EQ(peer.hear(), "bAQID");
}

TEST_P(EngineIoV3, UpgradesWithWhatWaitsForAPoll) {
  start();
  const std::string sid = text.open_session();
  EXPECT_EQ(text.post(sid, "7:4before6:b4AQID7:4which!6:4which").body, "ok");
  EXPECT_EQ(journal.next(), "3 polling");
  WebSocketPeer peer = engine.candidate(sid);  // without b64: this connection takes bytes
  peer.say("2probe");
  EXPECT_EQ(peer.hear(), "3probe");
  peer.say("5");
  EXPECT_EQ(peer.hear(), "4before");
  EXPECT_EQ(peer.hear(), "binary:\x04\x01\x02\x03");
  EXPECT_EQ(peer.hear(), "4which!");
  EXPECT_EQ(peer.hear(), "4which");
  peer.say("4which");
  EXPECT_EQ(journal.next(), "3 websocket");
}

// The revision is the session's, whatever an upgrade says of it (socketio.md 11 row 6).
TEST_P(EngineIoV3, StaysWithTheRevisionOfItsFirstRequest) {
  start();
  const std::string sid = engine.open_session();
  WebSocketPeer peer(engine.connect(sid));
  EXPECT_EQ(peer.open("/engine.io/?EIO=4&transport=websocket&sid=" + sid).status, 101);
  peer.say("5");
  peer.say_binary("\x04\x01");
  EXPECT_EQ(peer.hear(), "binary:\x04\x01");
  EXPECT_EQ(Peer(engine.connect(sid)).get(path("EIO=4&transport=polling&sid=" + sid)).status, 400);
}

TEST_P(EngineIoV3, EndsWithoutPings) {
  start({{.ping_interval = 60ms, .ping_timeout = 40ms}});
  WebSocketPeer peer = engine.open_websocket();
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "ping timeout");
}

// ---- polling by scripts

TEST_P(EngineIoV3, AnswersScripts) {
  start();
  Engine script{server, "/engine.io/", GetParam(), "3&b64=1&j=7"};
  Peer peer(server.port);
  const Answer open = peer.get(script.target("polling"));
  EXPECT_EQ(open.field("content-type"), "text/javascript; charset=UTF-8");
  EXPECT_TRUE(open.body.starts_with("___eio[7](\"118:0{\\\"sid\\\":\\\"")) << open.body;
  EXPECT_TRUE(open.body.ends_with("}\");")) << open.body;
  const std::string sid = open.body.substr(open.body.find("sid\\\":\\\"") + 8, 20);
  const std::string target = "/engine.io/?EIO=3&b64=1&j=7&transport=polling&sid=" + sid;
  const auto post = [&](std::string_view form) {
    return peer.post(target, form, "Content-Type: application/x-www-form-urlencoded\r\n");
  };
  EXPECT_EQ(post("d=5%3A4a%5Cn%22b4%3A4%5C%5Cnc&other=x").body, "ok");
  EXPECT_EQ(peer.get(target).body, "___eio[7](\"5:4a\\n\\\"b4:4\\\\nc\");");
  EXPECT_EQ(post("nothing=here").body, "ok");
  EXPECT_EQ(post("d=6%3Ab4AQID").body, "ok");
  EXPECT_EQ(peer.get(target).body, "___eio[7](\"6:b4AQID\");");
}

TEST_P(EngineIoV3, IsRefusedUnlessAllowed) {
  server.server.engineio("/engine.io/", {});
  server.start();
  Peer peer(server.port);
  EXPECT_EQ(peer.get(engine.target("polling")).body,
            R"({"code":5,"message":"Unsupported protocol version"})");
  // Revision 4 knows no scripts, which any site could read (CORS does not hold them).
  EXPECT_TRUE(peer.get(path("EIO=4&transport=polling&j=0")).body.starts_with("0{"));
}

}  // namespace
}  // namespace naru::test
