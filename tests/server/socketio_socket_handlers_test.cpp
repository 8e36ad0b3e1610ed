// Handlers of one socket, middlewares of events, catch-all listeners, retries (socketio.md 3.2).
#include "support/socketio_peer.hpp"

#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

class SocketIoOwnHandlers : public ::testing::Test {
 protected:
  // One client; `set_up` runs when it connects.
  SocketIoPeer& open(std::function<void(Socket&)> set_up, SocketIoOptions options = {}) {
    root = &server.server.socketio("/socket.io/", std::move(options)).root();
    root->on_connect(std::move(set_up));
    if (before_start) before_start();
    server.start();
    peer = std::make_unique<SocketIoPeer>(server);
    peer->join();
    return *peer;
  }
  void expect_notes(std::initializer_list<const char*> notes) {
    for (const char* note : notes) EXPECT_EQ(journal.next(), note);
  }

  Journal journal;
  TestServer server;
  Namespace* root = nullptr;
  std::function<void()> before_start;
  std::unique_ptr<SocketIoPeer> peer;
};

TEST_F(SocketIoOwnHandlers, AreCalledBehindThoseOfTheNamespace) {
  before_start = [this] {
    root->on("x", [this](Socket&, int n) { journal.note("shared " + std::to_string(n)); });
  };
  SocketIoPeer& p = open([this](Socket& socket) {
    socket.on("x", [this](int n) { journal.note("own " + std::to_string(n)); });
    socket.on("x", [this](Socket& self, int n) {
      journal.note("second " + std::to_string(n));
      self.off("x");
    });
    socket.on("add", [](int a, int b) { return a + b; });
    socket.on("later", [](Ack ack) { ack("done"); });
    EXPECT_THROW(socket.on("disconnect", [] {}), std::invalid_argument);
  });
  p.say(R"(42["x",1])");
  p.say(R"(42["x",2])");
  p.say(R"(421["add",2,3])");
  p.say(R"(422["later"])");
  EXPECT_EQ(p.hear(), "431[5]");
  EXPECT_EQ(p.hear(), R"(432["done"])");
  expect_notes({"shared 1", "own 1", "second 1", "shared 2"});
  EXPECT_TRUE(journal.empty());
}

TEST_F(SocketIoOwnHandlers, MiddlewaresMayDropEvents) {
  before_start = [this] {
    root->use_packets([](Socket&, std::string_view event, const Arguments&) {
      return event == "shut" ? std::optional(Refusal{.message = "by all"}) : std::nullopt;
    });
    root->on("x", [this](Socket&) { journal.note("x"); });
    root->on("shut", [this](Socket&) { journal.note("shut"); });
    root->on("bad", [this](Socket&) { journal.note("bad"); });
    root->on("throw", [this](Socket&) { journal.note("throw"); });
  };
  SocketIoPeer& p = open([this](Socket& socket) {
    socket.use([](Socket&, std::string_view event, const Arguments&) -> std::optional<Refusal> {
      if (event == "throw") throw std::runtime_error("a middleware");
      if (event == "bad") return Refusal{.message = "by me"};
      return std::nullopt;
    });
    socket.on_error(
        [this](Socket&, const Refusal& refusal) { journal.note("error " + refusal.message); });
  });
  for (const char* event : {"shut", "bad", "x", "throw"}) {
    p.say(R"(42[")" + std::string(event) + R"("])");
  }
  expect_notes({"error by all", "error by me", "x"});
  EXPECT_EQ(p.hear(), "close 1005");
  EXPECT_TRUE(journal.empty());
}

TEST_F(SocketIoOwnHandlers, CatchAllSeesBothDirections) {
  const auto note = [this](const char* who) {
    return [this, who](Socket&, std::string_view event, const Arguments& all) {
      journal.note(std::string(who) + " " + std::string(event) + " " + std::to_string(all.size()));
    };
  };
  before_start = [&] {
    root->on_any(note("in"));
    root->on_any_outgoing(note("out"));
    root->on("x", [](Socket& socket) {
      socket.emit("y", 1, 2);
      socket.nsp().emit("z");
    });
  };
  SocketIoPeer& p = open([&](Socket& socket) {
    socket.on_any(note("my in"));
    socket.on_any_outgoing(note("my out"));
  });
  p.say(R"(42["x"])");
  expect_notes({"in x 0", "my in x 0", "out y 2", "my out y 2", "out z 0", "my out z 0"});
  EXPECT_EQ(p.hear(), R"(42["y",1,2])");
  EXPECT_EQ(p.hear(), R"(42["z"])");
}

TEST_F(SocketIoOwnHandlers, HearOfTheEnd) {
  SocketIoPeer& p = open([this](Socket& socket) {
    socket.join("room");
    socket.on_disconnecting([this](Socket& self, std::string_view) {
      journal.note("leaving " + std::to_string(self.rooms().size()));
    });
    socket.on_disconnect([this](Socket& self, std::string_view why) {
      journal.note(std::string(why) + " " + std::to_string(self.rooms().size()));
    });
  });
  p.say("41");
  expect_notes({"leaving 2", "client namespace disconnect 1"});
}

// ---- at least once

TEST_F(SocketIoOwnHandlers, AcknowledgeWhatAClientRetries) {
  before_start = [this] {
    root->on("nothing", [](Socket&) {});
    root->on("mine", [](Socket&) { return 1; });
    root->on("fits", [](Socket&, int) {});
  };
  SocketIoPeer& p =
      open([](Socket& socket) { socket.on("own", [] {}); }, {.acknowledge_always = true});
  p.say(R"(421["nothing"])");
  EXPECT_EQ(p.hear(), "431[]");
  p.say(R"(422["mine"])");
  EXPECT_EQ(p.hear(), "432[1]");
  p.say(R"(423["own"])");
  EXPECT_EQ(p.hear(), "433[]");
  p.say(R"(424["unknown"])");  // whoever retries it will hear nothing
  p.say(R"(425["fits","not"])");
  p.say(R"(426["nothing"])");
  EXPECT_EQ(p.hear(), "436[]");
}

TEST_F(SocketIoOwnHandlers, EmitAgainUntilAcknowledged) {
  SocketIoPeer& p = open([this](Socket& socket) {
    socket.timeout(20ms).retries(3).emit_with_ack("first", 7, [this](Result<std::string> answer) {
      journal.note(answer ? *answer : "failed");
    });
    socket.timeout(10ms).retries(1).emit_with_ack("second", [this](Result<std::string> answer) {
      journal.note(answer ? *answer : "failed");
    });
  });
  EXPECT_EQ(p.hear(), R"(420["first",7])");
  EXPECT_EQ(p.hear(), R"(421["second"])");
  std::string first;
  int seconds = 1;
  while (first.empty()) {
    const std::string heard = p.hear();
    if (heard.find("first") != std::string::npos) first = heard.substr(2, heard.find('[') - 2);
    seconds += heard.find("second") != std::string::npos ? 1 : 0;
  }
  p.say("43" + first + R"(["got it"])");
  std::string notes = journal.next() + "," + journal.next();
  EXPECT_TRUE(notes == "got it,failed" || notes == "failed,got it") << notes;
  EXPECT_LE(seconds, 2);
}

}  // namespace
}  // namespace naru::test
