// Rows of the advisories that a whole server must withstand and that no other file here names.
#include "support/socketio_peer.hpp"

#include <set>
#include <string>

namespace naru::test {
namespace {

class Advisories : public ::testing::Test {
 protected:
  Advisories() {
    Namespace& root = server.server.socketio().root();
    root.on("echo", [](Socket& socket, Arguments all) { socket.emit("echo", all); });
    server.start();
  }
  void expect_alive() {
    SocketIoPeer peer(server);
    peer.join();
    peer.say(R"(42["echo"])");
    EXPECT_EQ(peer.hear(), R"(42["echo"])");
  }
  TestServer server;
};

// 108 random bits: no two ids agree in their random part, nor in its first or last half.
TEST_F(Advisories, Cve2017_16031_SidsAreRandom) {
  std::set<std::string> first;
  std::set<std::string> last;
  for (int i = 0; i < 200; ++i) {
    const std::string sid = Engine(server, "/socket.io/").open_session();
    ASSERT_EQ(sid.size(), 20U);
    first.insert(sid.substr(2, 9));
    last.insert(sid.substr(11));
  }
  EXPECT_EQ(first.size(), 200U);
  EXPECT_EQ(last.size(), 200U);
}

TEST_F(Advisories, Cve2024_38355_MalformedPacketsEndOnlyTheirConnection) {
  for (const char* bad : {"4", "42", "42[", "42]", "4\xc3\xa9", "499999[]", "42/", "42/,[]", "41{}",
                          "451-", "4511111111111111111111-[]", "43", "430", "44", "45-[\"x\"]"}) {
    SocketIoPeer peer(server);
    peer.join();
    peer.say(bad);
    peer.reset();
  }
  expect_alive();
}

TEST_F(Advisories, Cve2020_36049_LargePacketsAreReadOnce) {
  for (const std::string& bad :
       {"42" + std::string(990'000, '1'), "42/" + std::string(990'000, 'a'),
        "42[" + std::string(990'000, ','), "42" + std::string(990'000, '[')}) {
    SocketIoPeer peer(server);
    peer.join();
    peer.say(bad);
    EXPECT_EQ(peer.hear_until("close"), "close 1005");
  }
  expect_alive();
}

TEST_F(Advisories, Cve2020_36048_ManySmallPacketsAreBounded) {
  Engine engine(server, "/socket.io/");
  std::string body = "3";
  while (body.size() < 990'000)
    body +=
        "\x1e"
        "3";
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, body).status, 400);
  EXPECT_EQ(engine.poll(sid).status, 400);
  expect_alive();
}

// A binary packet without attachments holds nothing (own finding 1).
TEST_F(Advisories, Own1_NoAttachmentsLeaveNoWaitingState) {
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(450-["echo"])");
  peer.say(R"(42["echo"])");
  EXPECT_EQ(peer.hear(), R"(42["echo"])");
  EXPECT_EQ(peer.hear(), R"(42["echo"])");
}

TEST_F(Advisories, Own2_TwoQuickConnectsMakeNoTwoSockets) {
  SocketIoPeer peer(server);
  peer.send(text_frame("40") + text_frame("40"));
  EXPECT_TRUE(peer.hear().starts_with("40{"));
  EXPECT_EQ(peer.hear(), "close 1005");
}

TEST_F(Advisories, Own5_TheOriginOfWebSocketsIsChecked) {
  WebSocketPeer peer(server.port);
  EXPECT_EQ(
      peer.open("/socket.io/?EIO=4&transport=websocket", "Origin: http://evil.example\r\n").status,
      403);
}

TEST_F(Advisories, Aiohttp_CVE_2026_69243_NoBodyOnAnUpgrade) {
  WebSocketPeer peer(server.port);
  peer.send(upgrade_request("/socket.io/?EIO=4&transport=websocket", "Content-Length: 5\r\n") +
            "hello");
  EXPECT_EQ(peer.answer().status, 400);
  EXPECT_TRUE(peer.ended());
}

}  // namespace
}  // namespace naru::test
