// Joining and leaving namespaces, and the rules of socketio.md 2.4 and 3.3.
#include "support/socketio_peer.hpp"

#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

class SocketIoNamespace : public ::testing::Test {
 protected:
  void start(SocketIoOptions options = {}) {
    SocketIo& io = server.server.socketio("/socket.io/", std::move(options));
    for (const char* name : {"/", "/chat", "/closed"}) {
      Namespace& nsp = io.of(name);
      nsp.on_disconnecting([this](Socket& socket, std::string_view) {
        if (socket.rooms().size() > 1) journal.note("in " + socket.rooms()[1]);
      });
      nsp.on_disconnect([this](Socket& socket, std::string_view reason) {
        EXPECT_EQ(socket.rooms().size(), 1U);
        EXPECT_EQ(socket.emit("late"), SendOutcome::closed);
        journal.note(socket.nsp().name() + " " + std::string(reason));
      });
      nsp.on("leave", [](Socket& socket) { socket.disconnect(); });
      nsp.on("close", [](Socket& socket) { socket.disconnect(Socket::Disconnect::connection); });
      nsp.on("join", [](Socket& socket, std::string room) { socket.join(room); });
      nsp.on("echo", [](Socket& socket, Arguments all) { socket.emit("echo", all); });
      nsp.on("throw", [](Socket&) { throw std::runtime_error("a handler"); });
    }
    io.of("/closed").use([](Socket& socket) -> std::optional<Refusal> {
      socket.emit("early");
      socket.join("members");
      socket.join("guests");
      socket.leave("guests");
      if (json_cast<std::map<std::string, int>>(socket.auth()).has_value()) return std::nullopt;
      return Refusal{.message = "no", .data_json = R"({"code":7})"};
    });
    server.start();
  }
  void expect_closed(SocketIoPeer& peer) { EXPECT_EQ(peer.hear_until("close"), "close 1005"); }

  Journal journal;
  TestServer server;
};

TEST_F(SocketIoNamespace, IsJoinedByConnect) {
  start();
  SocketIoPeer peer(server);
  const std::string root = peer.join();
  const std::string chat = peer.join("/chat", R"({"token":"x"})");
  EXPECT_EQ(root.size(), 20U);
  EXPECT_NE(root, chat);
  peer.say(R"(42["echo",1])");
  EXPECT_EQ(peer.hear(), R"(42["echo",1])");
  peer.say(R"(42/chat,["echo",2])");
  EXPECT_EQ(peer.hear(), R"(42/chat,["echo",2])");
}

TEST_F(SocketIoNamespace, IsRefusedWhenItDoesNotExist) {
  start();
  SocketIoPeer peer(server);
  peer.say("40/random,");
  EXPECT_EQ(peer.hear(), R"(44/random,{"message":"Invalid namespace"})");
  peer.join();
}

TEST_F(SocketIoNamespace, IsRefusedByItsMiddleware) {
  start();
  SocketIoPeer peer(server);
  peer.say(R"(40/closed,{"who":"me"})");
  EXPECT_EQ(peer.hear_until("44"), R"(44/closed,{"message":"no","data":{"code":7}})");
  peer.join();
}

// The Admin UI depends on what a middleware sends before CONNECT (socketio.md 3.1).
TEST_F(SocketIoNamespace, SendsWhatAMiddlewareEmitsFirst) {
  start();
  SocketIoPeer peer(server);
  peer.say(R"(40/closed,{"pin":1})");
  EXPECT_EQ(peer.hear(), R"(42/closed,["early"])");
  EXPECT_TRUE(peer.hear().starts_with(R"(40/closed,{"sid":)"));
  // The room that it joined there is its own now.
  peer.say("41/closed,");
  EXPECT_EQ(journal.next(), "in members");
}

TEST_F(SocketIoNamespace, RefusesMoreThanTheLimit) {
  start({.namespaces = 1});
  SocketIoPeer peer(server);
  peer.join();
  peer.say("40/chat,");
  EXPECT_TRUE(peer.hear().starts_with("44/chat,{\"message\":"));
}

// ---- violations of rule 7

TEST_F(SocketIoNamespace, EndsTheConnectionByAViolation) {
  start();
  for (const char* bad :
       {"40", "44", R"(44{"message":"x"})", R"(42/chat,["x"])", R"(43/chat,1["x"])", "41/chat,",
        "4abc", "42{}", R"(42abc["x"])", "4", "47", R"(42["connect"])", "42[]",
        R"(42[{"toString":1}])", R"(450-["x"]x)", R"(4511-["x"])",
        R"(451-["x",{"_placeholder":true,"num":"splice"}])", "43[1]", "40[1]"}) {
    SCOPED_TRACE(bad);
    SocketIoPeer peer(server);
    peer.join();
    peer.say(bad);
    if (std::string_view(bad).starts_with("451-")) peer.say_binary("x");  // CVE-2022-2421
    expect_closed(peer);
    EXPECT_EQ(journal.next(), "/ forced close");
  }
}

TEST_F(SocketIoNamespace, EndsTheConnectionByAPacketBeforeConnect) {
  start();
  SocketIoPeer peer(server);
  peer.say(R"(42["x"])");
  expect_closed(peer);
  SocketIoPeer binary(server);
  binary.say_binary("x");
  expect_closed(binary);
}

TEST_F(SocketIoNamespace, EndsTheConnectionByTextAmongAttachments) {
  start();
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(451-["x",{"_placeholder":true,"num":0}])");
  peer.say(R"(42["y"])");
  expect_closed(peer);
}

TEST_F(SocketIoNamespace, EndsAConnectionThatJoinsNothing) {
  start({.connect_timeout = 30ms});
  SocketIoPeer peer(server);
  expect_closed(peer);
  Engine engine(server, "/socket.io/");
  const std::string sid = engine.open_session();
  const std::string body = engine.poll(sid).body;
  EXPECT_TRUE(body == "1" || body ==
                                 "6\x1e"
                                 "1")
      << body;  // it may have come too late
  EXPECT_EQ(engine.poll(sid).status, 400);
}

TEST_F(SocketIoNamespace, EndsAConnectionWhoseAttachmentsDoNotCome) {  // GHSA-55mf-67qm-4wpg
  start({.attachment_timeout = 30ms});
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  peer.say_binary("one");
  expect_closed(peer);
  EXPECT_EQ(journal.next(), "/ forced close");
}

TEST_F(SocketIoNamespace, LimitsAttachments) {  // CVE-2026-33151
  start({.attachments = 2});
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  peer.say_binary("a");
  peer.say_binary("b");
  EXPECT_TRUE(peer.hear().starts_with("452-[\"echo\","));
  EXPECT_EQ(peer.hear(), "binary:a");
  EXPECT_EQ(peer.hear(), "binary:b");
  peer.say(R"(453-["echo"])");
  expect_closed(peer);
}

// ---- leaving

TEST_F(SocketIoNamespace, IsLeftByTheClient) {
  start();
  SocketIoPeer peer(server);
  peer.join();
  peer.join("/chat");
  peer.say(R"(42["join","lobby"])");
  peer.say("41");
  EXPECT_EQ(journal.next(), "in lobby");
  EXPECT_EQ(journal.next(), "/ client namespace disconnect");
  peer.say(R"(42/chat,["echo"])");
  EXPECT_EQ(peer.hear(), R"(42/chat,["echo"])");
  peer.join();  // and joined again
}

// A packet may cross our DISCONNECT on the way (socketio.md 11 row 18).
TEST_F(SocketIoNamespace, IsLeftByTheServer) {
  start();
  SocketIoPeer peer(server);
  peer.join();
  peer.send(text_frame(R"(42["leave"])") + text_frame(R"(42["echo"])") + text_frame("431[1]") +
            text_frame("41"));
  EXPECT_EQ(peer.hear(), "41");
  EXPECT_EQ(journal.next(), "/ server namespace disconnect");
  peer.join("/chat");
  peer.join();
}

TEST_F(SocketIoNamespace, EndsWithItsConnection) {
  start();
  const auto join_both = [&](SocketIoPeer& peer) {
    peer.join();
    peer.join("/chat");
  };
  const auto expect_both = [&](std::string_view reason) {
    EXPECT_EQ(journal.next(), "/chat " + std::string(reason));
    EXPECT_EQ(journal.next(), "/ " + std::string(reason));
  };
  SocketIoPeer by_us(server);
  join_both(by_us);
  by_us.say(R"(42["close"])");
  EXPECT_EQ(by_us.hear(), "41/chat,");
  EXPECT_EQ(by_us.hear(), "41");
  expect_closed(by_us);
  expect_both("server namespace disconnect");
  SocketIoPeer closing(server);
  join_both(closing);
  closing.say_close();
  expect_both("transport close");
  SocketIoPeer failing(server);
  join_both(failing);
  failing.send(raw_frame(0x83, ""));
  expect_both("transport error");
  SocketIoPeer garbled(server);
  join_both(garbled);
  garbled.say("x");
  expect_both("parse error");
  SocketIoPeer throwing(server);
  join_both(throwing);
  throwing.say(R"(42["throw"])");
  expect_both("forced close");
  EXPECT_NE(server.log.next().find("event=handler_failed"), std::string::npos);
}

TEST_F(SocketIoNamespace, EndsByThePingTimeout) {
  start({{.ping_interval = 20ms, .ping_timeout = 20ms}});
  SocketIoPeer peer(server);
  peer.join();
  EXPECT_EQ(journal.next(), "/ ping timeout");
}

TEST_F(SocketIoNamespace, EndsBehindWhatWasQueuedForAPoll) {
  start();
  Engine engine(server, "/socket.io/");
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, "40").body, "ok");
  EXPECT_TRUE(engine.poll(sid).body.starts_with("40{"));
  EXPECT_EQ(engine
                .post(sid,
                      "42[\"echo\",1]\x1e"
                      "42[\"close\"]\x1e"
                      "42[\"echo\",2]")
                .body,
            "ok");
  EXPECT_EQ(engine.poll(sid).body,
            "42[\"echo\",1]\x1e"
            "41\x1e"
            "1");
  EXPECT_EQ(journal.next(), "/ server namespace disconnect");
  EXPECT_EQ(engine.poll(sid).status, 400);
}

}  // namespace
}  // namespace naru::test
