// Events and acknowledgements both ways (socketio.md 3.2).
#include "support/socketio_peer.hpp"

#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace naru::test {
namespace {

class SocketIoAck : public ::testing::Test {
 protected:
  Namespace& root() { return io().root(); }
  SocketIo& io(SocketIoOptions options = {}) {
    if (io_ == nullptr) io_ = &server.server.socketio("/socket.io/", std::move(options));
    return *io_;
  }
  // Notes how an acknowledgement ended.
  auto note() {
    return [this](Result<std::string> answer) {
      if (answer) return journal.note("answer " + *answer);
      journal.note(answer.error().code == Errc::timed_out      ? "timed out"
                   : answer.error().code == Errc::disconnected ? "disconnected"
                   : answer.error().code == Errc::too_many     ? "too many"
                                                               : "other");
    };
  }

  Journal journal;
  TestServer server;

 private:
  SocketIo* io_ = nullptr;
};

TEST_F(SocketIoAck, IsTheReturnValueOfAHandler) {
  root().on("add", [](Socket&, int a, int b) { return a + b; });
  root().on("nothing", [](Socket&) {});
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(427["add",2,3])");
  EXPECT_EQ(peer.hear(), "437[5]");
  peer.say(R"(42["add",2,3])");   // asks for no answer
  peer.say(R"(428["nothing"])");  // gives none
  peer.say(R"(429["unknown"])");
  peer.say(R"(4210["add",40,2])");
  EXPECT_EQ(peer.hear(), "4310[42]");
}

TEST_F(SocketIoAck, CountsOnlyOnce) {
  root().on("twice", [](Socket&, Ack ack) {
    ack("first", 1);
    ack("second");
  });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(421["twice"])");
  peer.say(R"(422["twice"])");
  EXPECT_EQ(peer.hear(), R"(431["first",1])");
  EXPECT_EQ(peer.hear(), R"(432["first",1])");
}

TEST_F(SocketIoAck, MayComeFromAnotherThreadOrTooLate) {
  std::promise<Ack> asked;
  std::promise<Ack> asked_too_late;
  root().on("ask", [&](Socket&, Ack ack) { asked.set_value(ack); });
  root().on("late", [&](Socket&, Ack ack) { asked_too_late.set_value(ack); });
  root().on_disconnect([&](Socket&, std::string_view) { journal.note("gone"); });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(425["ask"])");
  asked.get_future().get()("from outside", binary(as_bytes("\x01")).bytes());
  EXPECT_EQ(peer.hear(), R"(461-5["from outside",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(peer.hear(), "binary:\x01");
  peer.say(R"(426["late"])");
  const Ack late = asked_too_late.get_future().get();
  peer.say("41");
  EXPECT_EQ(journal.next(), "gone");
  late("x");
  peer.join();
}

TEST_F(SocketIoAck, EchoesBinary) {  // socketio.md 12 row 12
  root().on("message-with-ack", [](Socket&, Arguments all, Ack ack) { ack(all); });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  peer.say(
      R"(452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  peer.say_binary("\x01\x02\x03");
  peer.say_binary("\x04");
  EXPECT_EQ(peer.hear(), R"(462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  EXPECT_EQ(peer.hear(), "binary:\x01\x02\x03");
  EXPECT_EQ(peer.hear(), "binary:\x04");
}

TEST_F(SocketIoAck, DropsAndCountsArgumentsThatDoNotFit) {
  root().on("add", [](Socket&, int a, int b) { return a + b; });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  for (const char* bad : {R"(421["add",1])", R"(422["add","1",2])", R"(423["add",1.5,2])",
                          R"(424["add",99999999999,2])", R"(425["add"])"}) {
    peer.say(bad);
  }
  peer.say(R"(426["add",1,2,"more is ignored"])");
  EXPECT_EQ(peer.hear(), "436[3]");
  EXPECT_EQ(server.server.stats().violations, 5U);
}

// ---- ours

TEST_F(SocketIoAck, GivesTheClientsAnswer) {
  root().on_connect([this](Socket& socket) {
    socket.emit_with_ack("a", 1, note());
    socket.emit_with_ack("b", note());
  });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  EXPECT_EQ(peer.hear(), R"(420["a",1])");
  EXPECT_EQ(peer.hear(), R"(421["b"])");
  peer.say(R"(431["to b"])");
  peer.say(R"(4399["to nobody"])");
  peer.say(R"(430["to a","more"])");
  peer.say(R"(430["again"])");
  EXPECT_EQ(journal.next(), "answer to b");
  EXPECT_EQ(journal.next(), "answer to a");
  peer.say(R"(42["done"])");
  EXPECT_TRUE(journal.empty());
}

TEST_F(SocketIoAck, TellsOfAnAnswerThatDoesNotFit) {
  root().on_connect([this](Socket& socket) { socket.emit_with_ack("a", note()); });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  peer.say("430[7]");
  EXPECT_EQ(journal.next(), "other");
}

TEST_F(SocketIoAck, TimesOut) {
  io({.ack_timeout = 30ms});
  root().on_connect([this](Socket& socket) {
    socket.timeout(20ms).emit_with_ack("a", note());
    socket.emit_with_ack("b", note());
  });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  EXPECT_EQ(journal.next(), "timed out");
  EXPECT_EQ(journal.next(), "timed out");
  peer.say(R"(430["late"])");
  peer.say("41");
  peer.join();
  EXPECT_TRUE(journal.empty());
}

TEST_F(SocketIoAck, FailsWhenTheSocketLeaves) {
  root().on_connect([this](Socket& socket) { socket.emit_with_ack("a", note()); });
  root().on_disconnect([this](Socket& socket, std::string_view) {
    socket.emit_with_ack("b", note());
    journal.note("left");
  });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  peer.say("41");
  EXPECT_EQ(journal.next(), "disconnected");
  EXPECT_EQ(journal.next(), "disconnected");
  EXPECT_EQ(journal.next(), "left");
}

TEST_F(SocketIoAck, HasALimit) {
  io({.pending_acks = 2});
  root().on_connect([this](Socket& socket) {
    for (int i = 0; i < 3; ++i) socket.emit_with_ack("a", note());
  });
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  EXPECT_EQ(journal.next(), "too many");
}

// Wherever user code throws, its session is closed and the loop goes on.
TEST_F(SocketIoAck, ClosesTheSessionWhoseCallbackThrows) {
  Namespace& nsp = root();
  nsp.on("answer", [](Socket& socket) {
    socket.emit_with_ack("a", [](Result<int>) { throw std::runtime_error("a callback"); });
  });
  nsp.on("time out", [](Socket& socket) {
    socket.timeout(1ms).emit_with_ack("a", [](Result<int>) { throw std::runtime_error("late"); });
  });
  nsp.on("leave", [](Socket& socket) {
    socket.emit_with_ack("a", [](Result<int>) { throw std::runtime_error("gone"); });
    socket.disconnect();
  });
  nsp.on("task", [](Socket& socket) {
    std::thread([ref = socket.ref()] {
      ref.with([](Socket&) { throw std::runtime_error("a task"); });
    }).join();
  });
  nsp.on("int", [](Socket&) { throw 1; });
  server.start();
  for (const char* event : {"answer", "time out", "leave", "task", "int"}) {
    SCOPED_TRACE(event);
    SocketIoPeer peer(server);
    peer.join();
    peer.say(R"(42[")" + std::string(event) + R"("])");
    if (std::string_view(event) == "answer") peer.say("430[1]");
    EXPECT_NE(server.log.next().find("event=handler_failed"), std::string::npos);
    if (std::string_view(event) != "leave") {
      EXPECT_EQ(peer.hear_until("close"), "close 1005");
    }
  }
  SocketIoPeer alive(server);
  alive.join();
}

TEST_F(SocketIoAck, HasNoReservedNames) {
  root().on("emit", [this](Socket& socket, std::string name) {
    try {
      socket.emit(name);
    } catch (const std::invalid_argument&) {
      journal.note("refused");
    }
    EXPECT_THROW(socket.nsp().emit(name), std::invalid_argument);
    EXPECT_THROW(socket.ref().emit(name), std::invalid_argument);
    EXPECT_THROW(socket.emit_with_ack(name, [](Result<int>) {}), std::invalid_argument);
  });
  for (const char* name : {"connect", "connect_error", "disconnect", "disconnecting"}) {
    EXPECT_THROW(root().on(name, [](Socket&) {}), std::invalid_argument);
  }
  server.start();
  SocketIoPeer peer(server);
  peer.join();
  for (const char* name : {"connect", "connect_error", "disconnect", "disconnecting", "newListener",
                           "removeListener"}) {
    peer.say(R"(42["emit",")" + std::string(name) + R"("])");
    EXPECT_EQ(journal.next(), "refused");
  }
}

}  // namespace
}  // namespace naru::test
