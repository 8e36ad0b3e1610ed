// What user code may do wherever it runs: leave, emit, throw. Under ASan nothing may die beneath
// it.
#include "support/socketio_peer.hpp"

#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

using Disconnect = Socket::Disconnect;

// Leaves in the handler kind that the client names by its auth; noted is how it ended.
class SocketIoHandlers : public ::testing::TestWithParam<Disconnect> {
 protected:
  SocketIoHandlers() {
    Namespace& root = server.server.socketio().root();
    const auto leave_if = [](Socket& socket, std::string_view where) {
      const auto auth = json_cast<std::map<std::string, std::string>>(socket.auth());
      if (!auth || auth->at("leave") != where) return;
      socket.join("room");
      socket.disconnect(GetParam());
      socket.disconnect(GetParam());  // once more is nothing
      socket.join("room");
      EXPECT_EQ(socket.emit("late"), SendOutcome::closed);
      socket.nsp().emit("late");
      socket.to("room").emit("late");
      socket.ref().emit("late");
    };
    root.use([=](Socket& socket) -> std::optional<Refusal> {
      leave_if(socket, "middleware");
      return std::nullopt;
    });
    root.on_connect([=](Socket& socket) { leave_if(socket, "connect"); });
    root.on_connect([this](Socket&) { journal.note("second on_connect"); });
    root.on_disconnecting([=](Socket& socket, std::string_view) {
      socket.nsp().except(socket.id()).emit("leaving");
      leave_if(socket, "disconnecting");
    });
    root.on_disconnect([=, this](Socket& socket, std::string_view why) {
      leave_if(socket, "disconnect");
      journal.note(std::string(why));
    });
    root.on("event", [=](Socket& socket, Ack ack) {
      leave_if(socket, "event");
      ack("late");
    });
    root.on("ask", [=](Socket& socket) {
      socket.emit_with_ack("x", [=, &socket](Result<int>) { leave_if(socket, "ack"); });
      socket.timeout(1ms).emit_with_ack("y",
                                        [=, &socket](Result<int>) { leave_if(socket, "timeout"); });
    });
    root.on("task", [=](Socket& socket) {
      socket.ref().with([=](Socket& found) { leave_if(found, "task"); });
    });
    server.start();
  }
  void expect_alive() {
    SocketIoPeer peer(server);
    peer.join({}, R"({"leave":"nowhere"})");
    EXPECT_EQ(journal.next(), "second on_connect");
    peer.reset();
    EXPECT_EQ(journal.next(), "transport close");
  }
  Journal journal;
  TestServer server;
};
INSTANTIATE_TEST_SUITE_P(What, SocketIoHandlers,
                         ::testing::Values(Disconnect::namespace_only, Disconnect::connection));

TEST_P(SocketIoHandlers, MayLeaveInAMiddleware) {
  SocketIoPeer peer(server);
  peer.say(R"(40{"leave":"middleware"})");
  EXPECT_EQ(peer.hear(), "41");
  peer.say(R"(42["event"])");
  if (GetParam() == Disconnect::connection) {
    EXPECT_EQ(peer.hear(), "close 1005");
  }
  peer.reset();
  expect_alive();
}

TEST_P(SocketIoHandlers, MayLeaveOnConnect) {
  SocketIoPeer peer(server);
  peer.say(R"(40{"leave":"connect"})");
  EXPECT_TRUE(peer.hear().starts_with("40{"));
  EXPECT_EQ(peer.hear(), "41");
  EXPECT_EQ(journal.next(), "server namespace disconnect");
  expect_alive();
}

TEST_P(SocketIoHandlers, MayLeaveInEveryOtherHandler) {
  for (const char* where : {"event", "ack", "timeout", "task"}) {
    SCOPED_TRACE(where);
    SocketIoPeer peer(server);
    peer.join({}, R"({"leave":")" + std::string(where) + R"("})");
    EXPECT_EQ(journal.next(), "second on_connect");
    const std::string_view kind(where);
    const char* event = kind == "event" ? "event" : kind == "task" ? "task" : "ask";
    peer.say(R"(421[")" + std::string(event) + R"("])");
    if (kind == "ack") peer.say("430[1]");
    EXPECT_EQ(peer.hear_until("41"), "41");
    if (GetParam() == Disconnect::connection) {
      EXPECT_EQ(peer.hear(), "close 1005");
    }
    EXPECT_EQ(journal.next(), "server namespace disconnect");
  }
  expect_alive();
}

TEST_P(SocketIoHandlers, MayLeaveWhileLeaving) {
  for (const char* where : {"disconnecting", "disconnect"}) {
    for (const bool by_reset : {false, true}) {
      SocketIoPeer peer(server);
      peer.join({}, R"({"leave":")" + std::string(where) + R"("})");
      EXPECT_EQ(journal.next(), "second on_connect");
      by_reset ? peer.reset() : peer.say("41");
      EXPECT_EQ(journal.next(), by_reset ? "transport close" : "client namespace disconnect");
    }
  }
  expect_alive();
}

// What a handler throws ends its own session at most.
TEST(SocketIoExceptions, EndTheirSession) {
  Journal journal;
  TestServer server;
  SocketIo& io = server.server.socketio();
  io.of("/middleware").use([](Socket&) -> std::optional<Refusal> {
    throw std::runtime_error("m");
  });
  io.of("/connect").on_connect([](Socket&) { throw std::runtime_error("c"); });
  io.of("/connect").on_disconnect([&](Socket&, std::string_view why) {
    journal.note(std::string(why));
  });
  io.of("/leaving").on_disconnecting([](Socket&, std::string_view) {
    throw std::runtime_error("d");
  });
  io.of("/leaving").on_disconnect([&](Socket&, std::string_view) { journal.note("left"); });
  server.start();
  SocketIoPeer refused(server);
  refused.say("40/middleware,");
  EXPECT_EQ(refused.hear(), R"(44/middleware,{"message":"internal error"})");
  SocketIoPeer closed(server);
  closed.say("40/connect,");
  EXPECT_EQ(closed.hear_until("close"), "close 1005");
  EXPECT_EQ(journal.next(), "forced close");
  SocketIoPeer leaving(server);
  leaving.join("/leaving");
  leaving.say("41/leaving,");
  EXPECT_EQ(journal.next(), "left");
  leaving.join("/leaving");
}

}  // namespace
}  // namespace naru::test
