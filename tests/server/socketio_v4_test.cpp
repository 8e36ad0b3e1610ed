// Socket.IO 4 on Engine.IO 3 (socketio.md 2.5).
#include "support/socketio_peer.hpp"

#include <string>

namespace naru::test {
namespace {

class SocketIoV4 : public ::testing::Test {
 protected:
  void add(Namespace& nsp) {
    nsp.use([](Socket& socket) -> std::optional<Refusal> {
      if (socket.request().query.find("refuse=message") != std::string::npos) {
        return Refusal{.message = "not \"you\""};
      }
      if (socket.request().query.find("refuse=data") != std::string::npos) {
        return Refusal{.message = "not you", .data_json = R"({"why":1})"};
      }
      return std::nullopt;
    });
    nsp.on_connect([&nsp, this](Socket& socket) {
      journal.note(nsp.name() + " " + socket.id());
      socket.join("room");
      socket.emit("auth", socket.auth());
    });
    nsp.on_disconnect(
        [this](Socket&, std::string_view reason) { journal.note("left " + std::string(reason)); });
    nsp.on("echo", [](Socket& socket, Arguments all) { socket.emit("back", all); });
    nsp.on("ack", [](Socket&, Arguments all, const Ack& ack) { ack(all); });
    nsp.on("leave", [](Socket& socket) { socket.disconnect(); });
    nsp.on("room", [&nsp](Socket&, Arguments all) { nsp.to("room").emit("all", all); });
    nsp.on("to", [&nsp](Socket&, const std::string& id) { nsp.to(id).emit("private"); });
  }
  void start() {
    SocketIo& io = server.server.socketio("/socket.io/", {.transport = {.allow_eio3 = true}});
    add(io.root());
    add(io.of("/chat"));
    server.start();
  }
  // A client of revision 4, joined to "/" by the server.
  WebSocketPeer join(std::string& own, const std::string& more = {}) {
    WebSocketPeer peer(server.port, "/socket.io/?EIO=3&transport=websocket" + more);
    own = sid_of(peer.hear());
    EXPECT_EQ(peer.hear(), "40");
    EXPECT_EQ(journal.next(), "/ " + own);
    EXPECT_EQ(peer.hear(), "42[\"auth\",{}]");
    return peer;
  }

  Journal journal;
  TestServer server{2};
  std::string sid;
};

TEST_F(SocketIoV4, JoinsTheRootByItself) {
  start();
  WebSocketPeer peer = join(sid);
  peer.say("42[\"echo\",1,\"é\"]");
  EXPECT_EQ(peer.hear(), "42[\"back\",1,\"é\"]");
  peer.say("427[\"ack\",2]");
  EXPECT_EQ(peer.hear(), "437[2]");
}

TEST_F(SocketIoV4, SaysSoOverPolling) {
  start();
  Engine engine(server, "/socket.io/", {1, false}, "3&b64=1");
  Peer peer(server.port);
  const std::string id = sid_of(peer.get(engine.target("polling")).body);
  EXPECT_EQ(peer.get(engine.target("polling", id)).body, "2:4013:42[\"auth\",{}]");
  EXPECT_EQ(peer.post(engine.target("polling", id), "15:42[\"echo\",\"é\"]").status, 400);
  EXPECT_EQ(journal.next(), "/ " + id);
  EXPECT_EQ(journal.next(), "left parse error");
}

TEST_F(SocketIoV4, JoinsOtherNamespacesWithAQuery) {
  start();
  WebSocketPeer peer = join(sid);
  peer.say("40/chat?token=a%20b&x=2&x=3,");
  EXPECT_EQ(peer.hear(), "40/chat,");
  EXPECT_EQ(journal.next(), "/chat /chat#" + sid);
  EXPECT_EQ(peer.hear(), R"(42/chat,["auth",{"token":"a b","x":"3"}])");
  peer.say("42/chat,[\"echo\",1]");
  EXPECT_EQ(peer.hear(), "42/chat,[\"back\",1]");
  peer.say("41/chat,");
  EXPECT_EQ(journal.next(), "left client namespace disconnect");
  peer.say("42[\"echo\",2]");
  EXPECT_EQ(peer.hear(), "42[\"back\",2]");
  peer.say("40/chat");  // without a comma, and once more
  EXPECT_EQ(peer.hear(), "40/chat,");
  EXPECT_EQ(peer.hear(), R"(42/chat,["auth",{}])");
}

TEST_F(SocketIoV4, RefusesWithDataOrTheMessage) {
  start();
  WebSocketPeer text(server.port, "/socket.io/?EIO=3&transport=websocket&refuse=message");
  text.hear();
  EXPECT_EQ(text.hear(), R"(44"not \"you\"")");
  WebSocketPeer data(server.port, "/socket.io/?EIO=3&transport=websocket&refuse=data");
  data.hear();
  EXPECT_EQ(data.hear(), R"(44{"why":1})");
  WebSocketPeer peer = join(sid);
  peer.say("40/nowhere,");
  EXPECT_EQ(peer.hear(), R"(44/nowhere,{"message":"Invalid namespace"})");
}

TEST_F(SocketIoV4, EndsAConnectionThatJoinsTheRootAgain) {
  start();
  WebSocketPeer peer = join(sid);
  peer.say("40");
  EXPECT_EQ(peer.hear(), "close 1005");
  EXPECT_EQ(journal.next(), "left forced close");
}

TEST_F(SocketIoV4, LeavesByTheServersWish) {
  start();
  WebSocketPeer peer = join(sid);
  peer.say("42[\"leave\"]");
  EXPECT_EQ(peer.hear(), "41");
  EXPECT_EQ(journal.next(), "left server namespace disconnect");
}

TEST_F(SocketIoV4, TakesAttachments) {
  start();
  WebSocketPeer peer = join(sid);
  peer.say("451-[\"echo\",{\"_placeholder\":true,\"num\":0}]");
  peer.say_binary("\x04\x01\x02");
  EXPECT_EQ(peer.hear(), "451-[\"back\",{\"_placeholder\":true,\"num\":0}]");
  EXPECT_EQ(peer.hear(), "binary:\x04\x01\x02");
}

// Each way of speaking gets the same event in its own form.
TEST_F(SocketIoV4, SharesRoomsWithClientsOfRevision5) {
  start();
  std::string old_sid;
  WebSocketPeer old = join(old_sid);
  WebSocketPeer old64 = join(sid, "&b64=1");
  SocketIoPeer fresh(server);
  fresh.join();
  EXPECT_EQ(fresh.hear(), "42[\"auth\",{}]");
  Engine engine(server, "/socket.io/", {1, false}, "3&b64=1");
  Peer poller(server.port);
  const std::string id = sid_of(poller.get(engine.target("polling")).body);
  EXPECT_EQ(poller.get(engine.target("polling", id)).body, "2:4013:42[\"auth\",{}]");

  const std::string text = "451-[\"all\",{\"_placeholder\":true,\"num\":0}]";
  fresh.say("451-[\"room\",{\"_placeholder\":true,\"num\":0}]");
  fresh.say_binary("\x01\x02\x03");
  EXPECT_EQ(fresh.hear(), text);
  EXPECT_EQ(fresh.hear(), "binary:\x01\x02\x03");
  EXPECT_EQ(old.hear(), text);
  EXPECT_EQ(old.hear(), "binary:\x04\x01\x02\x03");
  EXPECT_EQ(old64.hear(), text);
  EXPECT_EQ(old64.hear(), "b4AQID");
  EXPECT_EQ(poller.get(engine.target("polling", id)).body,
            std::to_string(text.size()) + ":" + text + "6:b4AQID");

  fresh.say("42[\"to\",\"" + old_sid + "\"]");  // the room of its id
  EXPECT_EQ(old.hear(), "42[\"private\"]");
}

}  // namespace
}  // namespace naru::test
