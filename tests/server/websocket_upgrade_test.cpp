// What on_upgrade may do with a handshake (websocket.md 1).
#include "support/test_server.hpp"

#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

class WebSocketUpgrade : public ::testing::Test {
 protected:
  void start(std::function<void(Upgrade&)> on_upgrade, WebSocketOptions options = {}) {
    options.on_upgrade = std::move(on_upgrade);
    server.server.websocket("/ws", std::move(options));
    server.start();
  }
  Answer open(std::string_view fields = {}) {
    return WebSocketPeer(server.port).open("/ws", fields);
  }
  // Whether a call of the hook throws std::invalid_argument; the handshake goes on.
  template <class Call>
  static bool refused(Call call) {
    try {
      call();
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  }

  TestServer server;
};

TEST_F(WebSocketUpgrade, RefusesWithAStatus) {
  start([](Upgrade& upgrade) {
    EXPECT_FALSE(upgrade.refused());
    if (upgrade.request().header("AUTHORIZATION") == "Bearer ok") return;
    upgrade.refuse(401, {}, {{"WWW-Authenticate", "Bearer"}});
    EXPECT_TRUE(upgrade.refused());
  });
  EXPECT_EQ(open("Authorization: Bearer ok\r\n").status, 101);
  WebSocketPeer peer(server.port);
  const Answer answer = peer.open("/ws");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.field("www-authenticate"), "Bearer");
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_EQ(answer.body, "Unauthorized");
  EXPECT_TRUE(peer.ended());
}

TEST_F(WebSocketUpgrade, RefusesWithABodyAndHeaders) {
  start([](Upgrade& upgrade) {
    upgrade.add_header("X-Never", "sent");
    upgrade.refuse(503, R"({"retry":5})",
                   {{"Content-Type", "application/json"}, {"Retry-After", "5"}});
  });
  const Answer answer = open();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, R"({"retry":5})");
  EXPECT_EQ(answer.field("content-type"), "application/json");
  EXPECT_EQ(answer.field("retry-after"), "5");
  EXPECT_EQ(answer.field("x-never"), "");
  EXPECT_EQ(answer.head.find("text/plain"), std::string::npos) << "one Content-Type";
}

TEST_F(WebSocketUpgrade, MayRedirect) {
  start([](Upgrade& upgrade) { upgrade.refuse(307, {}, {{"Location", "ws://other/ws"}}); });
  const Answer answer = open();
  EXPECT_EQ(answer.status, 307);
  EXPECT_EQ(answer.field("location"), "ws://other/ws");
}

TEST_F(WebSocketUpgrade, AnswersAnExceptionWith500) {
  start([](Upgrade& upgrade) {
    if (upgrade.request().header("x-throw") == "1") throw std::runtime_error("a policy");
    if (upgrade.request().header("x-throw") == "2") throw 2;
  });
  EXPECT_EQ(open("X-Throw: 1\r\n").status, 500);
  EXPECT_NE(server.log.next().find("a policy"), std::string::npos);
  EXPECT_EQ(open("X-Throw: 2\r\n").status, 500);
  EXPECT_EQ(open().status, 101);
}

TEST_F(WebSocketUpgrade, IsNotAskedAboutWhatIsNoHandshake) {
  bool asked = false;
  start([&](Upgrade&) { asked = true; });
  EXPECT_EQ(open("Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(open("Sec-WebSocket-Key: again\r\n").status, 400);
  EXPECT_EQ(Peer(server.port).get("/ws").status, 426);
  server.server.stop();
  EXPECT_FALSE(asked);
}

TEST_F(WebSocketUpgrade, AddsHeadersToTheAnswer) {
  start([](Upgrade& upgrade) {
    upgrade.add_header("Set-Cookie", "a=1");
    upgrade.add_header("Set-Cookie", "b=2");
    upgrade.add_header("X-Tab", "a\tb");
  });
  const Answer answer = open();
  EXPECT_EQ(answer.status, 101);
  EXPECT_NE(answer.head.find("\r\nSet-Cookie: a=1\r\n"), std::string::npos);
  EXPECT_NE(answer.head.find("\r\nSet-Cookie: b=2\r\n"), std::string::npos);
  EXPECT_EQ(answer.field("x-tab"), "a\tb");
}

TEST_F(WebSocketUpgrade, RefusesHeadersThatAreNone) {  // undici CVE-2026-1527
  start([](Upgrade& upgrade) {
    for (const char* value : {"a\r\nX-Evil: 1", "a\nb", "a\rb", "\x01"}) {
      EXPECT_TRUE(refused([&] { upgrade.add_header("X-A", value); })) << value;
      EXPECT_TRUE(refused([&] { upgrade.refuse(403, {}, {{"X-A", value}}); })) << value;
    }
    EXPECT_TRUE(refused([&] { upgrade.add_header("X-A", std::string_view("\0", 1)); }));
    for (const char* name : {"", "X A", "X:A", "X\r\nA", "Connection", "upgrade", "Content-Length",
                             "transfer-encoding", "Sec-WebSocket-Accept", "sec-websocket-x"}) {
      EXPECT_TRUE(refused([&] { upgrade.add_header(name, "x"); })) << name;
    }
    for (const int status : {0, 99, 101, 200, 299, 600}) {
      EXPECT_TRUE(refused([&] { upgrade.refuse(status); })) << status;
    }
    EXPECT_FALSE(upgrade.refused());
  });
  const Answer answer = open();
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.head.find("X-"), std::string::npos);
}

TEST_F(WebSocketUpgrade, ChoosesAmongTheSubprotocolsThatBothSpeak) {
  start(
      [](Upgrade& upgrade) {
        const std::string wanted(upgrade.request().header("x-wanted"));
        EXPECT_EQ(upgrade.subprotocols(), (std::vector<std::string_view>{"v3", "v1"}));
        EXPECT_EQ(upgrade.subprotocol(), "v3");
        EXPECT_TRUE(refused([&] { upgrade.choose_subprotocol("v2"); })) << "not offered";
        EXPECT_TRUE(refused([&] { upgrade.choose_subprotocol("v0"); })) << "not ours";
        if (wanted == "none") {
          upgrade.choose_subprotocol({});
        } else if (!wanted.empty()) {
          upgrade.choose_subprotocol(wanted);
        }
      },
      {.on_open = [](WebSocket& ws) { ws.send(text(ws.subprotocol())); },
       .subprotocols = {"v3", "v2", "v1"}});
  const auto chosen = [&](std::string_view fields) {
    WebSocketPeer peer(server.port);
    const Answer answer = peer.open("/ws",
                                    "Sec-WebSocket-Protocol: v0, v1\r\n"
                                    "Sec-WebSocket-Protocol: v3\r\n" +
                                        std::string(fields));
    EXPECT_EQ(answer.status, 101);
    EXPECT_EQ(peer.hear(), answer.field("sec-websocket-protocol"));
    return answer.field("sec-websocket-protocol");
  };
  EXPECT_EQ(chosen({}), "v3");
  EXPECT_EQ(chosen("X-Wanted: v1\r\n"), "v1");
  EXPECT_EQ(chosen("X-Wanted: none\r\n"), "");
}

TEST_F(WebSocketUpgrade, AttachesDataThatOutlivesTheHandshake) {
  struct User {
    std::string name;
  };
  start(
      [](Upgrade& upgrade) {
        upgrade.data() = User{std::string(upgrade.request().header("x-user"))};
      },
      {.on_open = [](WebSocket& ws) { ws.send(text(std::any_cast<User&>(ws.data()).name)); },
       .on_message =
           [](WebSocket& ws, Message) {
             EXPECT_EQ(ws.request().path, "");
             EXPECT_EQ(ws.request().headers.size(), 0U);
             ws.send(text(std::any_cast<User&>(ws.data()).name));
           }});
  WebSocketPeer peer(server.port, "/ws", "X-User: mina\r\n");
  EXPECT_EQ(peer.hear(), "mina");
  peer.say("who?");
  EXPECT_EQ(peer.hear(), "mina");
}

TEST_F(WebSocketUpgrade, KeepsTheRequestWhenTold) {
  start([](Upgrade&) {},
        {.on_message = [](WebSocket& ws, Message) { ws.send(text(ws.request().header("x-user"))); },
         .keep_request = true});
  WebSocketPeer peer(server.port, "/ws", "X-User: mina\r\n");
  peer.say("who?");
  EXPECT_EQ(peer.hear(), "mina");
}

}  // namespace
}  // namespace naru::test
