// Connection state recovery (socketio.md 4), on one loop and over four.
#include "support/socketio_peer.hpp"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace naru::test {
namespace {

// What a client keeps of its session.
struct Kept {
  std::string sid;
  std::string pid;
  std::string offset;

  std::string auth() const {
    std::string text = R"({"pid":")" + pid + '"';
    if (!offset.empty()) text += R"(,"offset":")" + offset + '"';
    return text + "}";
  }
};

std::string field(const std::string& text, const std::string& name) {
  const auto at = text.find("\"" + name + "\":\"");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return text.substr(from, text.find('"', from) - from);
}

class SocketIoRecovery : public ::testing::TestWithParam<unsigned> {
 protected:
  void start(RecoveryOptions recovery = {}, SocketIoOptions options = {}) {
    recovery.enabled = true;
    options.recovery = recovery;
    io = &server.server.socketio("/socket.io/", options);
    root = &io->root();
    root->use([this](Socket& socket) -> std::optional<Refusal> {
      journal.note(socket.recovered() ? "middleware of a recovered" : "middleware");
      return std::nullopt;
    });
    root->on_connect([this](Socket& socket) {
      journal.note(std::string(socket.recovered() ? "recovered " : "fresh ") +
                   std::to_string(socket.data<int>()));
    });
    root->on_disconnect(
        [this](Socket&, std::string_view reason) { journal.note(std::string(reason)); });
    root->on("join", [](Socket& socket, std::string room) {
      socket.join(room);
      socket.data<int>() = 7;
      return socket.rooms().size();
    });
    root->on("leave room", [](Socket& socket, std::string room) {
      socket.leave(room);
      return true;
    });
    root->on("rooms", [](Socket& socket) { return socket.rooms(); });
    root->on("me", [](Socket& socket, int n) { socket.emit("n", n); });
    root->on("ref", [this](Socket& socket) { ref.set_value(socket.ref()); });
    root->on("disconnect me", [](Socket& socket) { socket.disconnect(); });
    server.start();
  }

  Kept connect(SocketIoPeer& peer, const std::string& auth = {}) {
    peer.say("40" + auth);
    const std::string heard = peer.hear_until("40");
    return {field(heard, "sid"), field(heard, "pid"), {}};
  }
  // Comes back by `kept`; true when the session goes on.
  bool recover(SocketIoPeer& peer, const Kept& kept) {
    const Kept now = connect(peer, kept.auth());
    return now.pid == kept.pid && now.sid == kept.sid;
  }
  // The next event "n": its number; its offset is kept.
  int hear_number(SocketIoPeer& peer, Kept& kept) {
    const std::string heard = peer.hear_until(R"(42["n",)");
    if (!heard.starts_with("42")) return -1;
    const auto comma = heard.find(',', 7);
    EXPECT_NE(comma, std::string::npos) << heard;
    kept.offset = heard.substr(comma + 2, heard.size() - comma - 4);
    return std::stoi(heard.substr(7));
  }
  void ask(SocketIoPeer& peer, const std::string& question, const std::string& answer) {
    peer.say("420" + question);
    EXPECT_EQ(peer.hear_until("430"), "430" + answer);
  }
  void expect_notes(std::initializer_list<const char*> notes) {
    for (const char* note : notes) EXPECT_EQ(journal.next(), note);
  }

  Journal journal;
  std::promise<SocketRef> ref;
  TestServer server{GetParam()};
  SocketIo* io = nullptr;
  Namespace* root = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Loops, SocketIoRecovery, ::testing::Values(1U, 4U));

TEST_P(SocketIoRecovery, GivesBackIdRoomsDataAndWhatWasMissed) {
  start();
  Kept kept;
  {
    SocketIoPeer peer(server);
    kept = connect(peer);
    EXPECT_EQ(kept.pid.size(), 20U);
    EXPECT_NE(kept.pid, kept.sid);
    expect_notes({"middleware", "fresh 0"});
    ask(peer, R"(["join","lobby"])", "[2]");
    root->to("lobby").emit("n", 1);
    EXPECT_EQ(hear_number(peer, kept), 1);
    EXPECT_FALSE(kept.offset.empty());
    peer.reset();
  }
  expect_notes({"transport close"});
  root->emit("n", 2);
  root->to("lobby").emit("n", 3);
  root->to("elsewhere").emit("n", 99);
  root->to("lobby").except("lobby").emit("n", 99);
  root->except(kept.sid).emit("n", 99);
  root->to("lobby").droppable().emit("n", 99);
  root->to(kept.sid).emit("n", 4, binary(as_bytes("\x01")).bytes());
  SocketIoPeer peer(server);
  ASSERT_TRUE(recover(peer, kept));
  expect_notes({"recovered 7"});
  EXPECT_EQ(hear_number(peer, kept), 2);
  EXPECT_EQ(hear_number(peer, kept), 3);
  EXPECT_TRUE(peer.hear().starts_with(R"(451-["n",4,{"_placeholder":true,"num":0},")"));
  EXPECT_EQ(peer.hear(), "binary:\x01");
  ask(peer, R"(["rooms"])", R"([[")" + kept.sid + R"(","lobby"]])");
  root->to("lobby").emit("n", 5);
  EXPECT_EQ(hear_number(peer, kept), 5);
}

TEST_P(SocketIoRecovery, BeginsWithTheFirstPacket) {
  start();
  Kept kept;
  {
    SocketIoPeer peer(server);
    kept = connect(peer);
    root->emit("n", 1);  // on its way when the connection breaks: never seen
    peer.reset();
  }
  expect_notes({"middleware", "fresh 0", "transport close"});
  root->emit("n", 2);
  SocketIoPeer peer(server);
  ASSERT_TRUE(recover(peer, kept));
  EXPECT_EQ(hear_number(peer, kept), 1);
  EXPECT_EQ(hear_number(peer, kept), 2);
}

TEST_P(SocketIoRecovery, EmitsToOneSocketAreRecoveredToo) {
  start();
  Kept kept;
  SocketRef socket;
  {
    SocketIoPeer peer(server);
    kept = connect(peer);
    peer.say(R"(42["ref"])");
    socket = ref.get_future().get();
    peer.say(R"(42["me",1])");
    EXPECT_EQ(hear_number(peer, kept), 1);
    peer.reset();
  }
  expect_notes({"middleware", "fresh 0", "transport close"});
  socket.emit("n", 2);
  SocketIoPeer peer(server);
  ASSERT_TRUE(recover(peer, kept));
  EXPECT_EQ(hear_number(peer, kept), 2);
  socket.emit("n", 3);  // wherever it is now
  EXPECT_EQ(hear_number(peer, kept), 3);
  socket.with([](Socket& here) { here.emit("n", 4); });
  EXPECT_EQ(hear_number(peer, kept), 4);
}

// The client notices its broken connection long before the server does.
TEST_P(SocketIoRecovery, TakesOverFromAConnectionThatSeemsAlive) {
  start();
  SocketIoPeer dead(server);
  Kept kept = connect(dead);
  root->emit("n", 1);
  EXPECT_EQ(hear_number(dead, kept), 1);
  root->emit("n", 2);  // lost on the way
  SocketIoPeer peer(server);
  ASSERT_TRUE(recover(peer, kept));
  EXPECT_EQ(hear_number(peer, kept), 2);
  root->emit("n", 3);
  EXPECT_EQ(hear_number(peer, kept), 3);
  EXPECT_EQ(dead.hear_until("close"), "close 1005");
  expect_notes({"middleware", "fresh 0", "transport close", "recovered 0"});
}

TEST_P(SocketIoRecovery, LastOfManyQuickReconnectionsHasTheSession) {
  start();
  SocketIoPeer first(server);
  Kept kept = connect(first);
  root->emit("n", 1);
  EXPECT_EQ(hear_number(first, kept), 1);
  root->emit("n", 2);
  std::vector<SocketIoPeer> quick;
  for (int i = 0; i < 8; ++i) quick.emplace_back(server);
  for (SocketIoPeer& peer : quick) peer.say("40" + kept.auth());
  // Each is either given the session, or overtaken by one that the server saw later; whoever is
  // overtaken is closed.
  std::vector<SocketIoPeer*> given;
  for (SocketIoPeer& peer : quick) {
    if (!peer.hear().starts_with("close")) given.push_back(&peer);
  }
  for (int heard = 0; heard != 3;) {
    SocketIoPeer last(server);
    if (!recover(last, kept)) {
      ASSERT_EQ(last.hear(), "end");
      continue;
    }
    if (hear_number(last, kept) != 2) continue;
    root->emit("n", 3);
    heard = hear_number(last, kept);
    for (SocketIoPeer* peer : given) EXPECT_TRUE(peer->hear_until("close").starts_with("close"));
  }
}

// A recovered session is recovered again, from where its client is, not from where it was.
TEST_P(SocketIoRecovery, WorksAgainAndAgain) {
  start();
  SocketIoPeer first(server);
  Kept kept = connect(first);
  ask(first, R"(["join","lobby"])", "[2]");
  first.reset();
  for (int i = 0; i < 20; ++i) {
    root->to("lobby").emit("n", 2 * i);
    SocketIoPeer peer(server);
    ASSERT_TRUE(recover(peer, kept));
    EXPECT_EQ(hear_number(peer, kept), 2 * i);
    root->to("lobby").emit("n", 2 * i + 1);
    EXPECT_EQ(hear_number(peer, kept), 2 * i + 1);
    peer.reset();
  }
}

// The answer to CONNECT may have been lost: then nothing of it counts.
TEST_P(SocketIoRecovery, RepeatsARecoveryThatBroke) {
  start();
  SocketIoPeer first(server);
  Kept kept = connect(first);
  root->emit("n", 1);
  EXPECT_EQ(hear_number(first, kept), 1);
  root->emit("n", 2);
  for (int i = 0; i < 5; ++i) {
    SocketIoPeer peer(server);
    peer.say("40" + kept.auth());
    peer.reset();
  }
  SocketIoPeer peer(server);
  ASSERT_TRUE(recover(peer, kept));
  EXPECT_EQ(hear_number(peer, kept), 2);
}

TEST_P(SocketIoRecovery, KnowsWhenASocketWasInARoom) {
  start();
  SocketIoPeer first(server);
  Kept kept = connect(first);
  root->to("lobby").emit("n", 1);  // not yet
  ask(first, R"(["join","lobby"])", "[2]");
  root->to("lobby").emit("n", 2);
  ask(first, R"(["leave room","lobby"])", "[true]");
  root->to("lobby").emit("n", 3);  // no more
  root->emit("n", 4);
  SocketIoPeer peer(server);
  ASSERT_TRUE(recover(peer, kept));  // as if nothing had reached it
  EXPECT_EQ(hear_number(peer, kept), 2);
  EXPECT_EQ(hear_number(peer, kept), 4);
}

TEST_P(SocketIoRecovery, LosesNothingUnderBroadcastsOfManyThreads) {
  start();
  constexpr int kThreads = 3;
  constexpr int kEach = 400;
  SocketIoPeer first(server);
  Kept kept = connect(first);
  first.reset();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) root->emit("n", t * kEach + i);
    });
  }
  std::vector<int> next(kThreads, 0);
  int heard = 0;
  while (heard < kThreads * kEach) {
    SocketIoPeer peer(server);
    ASSERT_TRUE(recover(peer, kept));
    for (int i = 0; i < 37 && heard < kThreads * kEach; ++i, ++heard) {
      const int n = hear_number(peer, kept);
      ASSERT_GE(n, 0);
      const auto from = static_cast<std::size_t>(n / kEach);
      ASSERT_EQ(n % kEach, next[from]++);  // each once, in its thread's order
    }
    peer.reset();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(SocketIoRecovery, IsNotForThoseWhoLeft) {
  start();
  SocketIoPeer left(server);
  const Kept by_client = connect(left);
  left.say("41");
  SocketIoPeer kicked(server);
  const Kept by_server = connect(kicked);
  kicked.say(R"(42["disconnect me"])");
  EXPECT_EQ(kicked.hear_until("41"), "41");
  SocketIoPeer garbled(server);
  const Kept by_fault = connect(garbled);
  garbled.say("x");  // no Engine.IO packet
  garbled.hear_until("close");
  for (const Kept& kept : {by_client, by_server, by_fault}) {
    SocketIoPeer peer(server);
    EXPECT_FALSE(recover(peer, kept));
  }
}

// A fresh session follows, without any error.
TEST_P(SocketIoRecovery, RefusesWhatItCannotKnow) {
  start();
  SocketIoPeer first(server);
  Kept kept = connect(first);
  root->emit("n", 1);
  EXPECT_EQ(hear_number(first, kept), 1);
  first.reset();
  Kept other = kept;
  other.pid = std::string(20, 'x');
  SocketIoPeer nobody(server);
  EXPECT_FALSE(recover(nobody, other));
  for (const char* offset : {"1", "a text that came last", "zzzz____________", ""}) {
    SCOPED_TRACE(offset);
    SocketIoPeer fresh(server);
    Kept bad = connect(fresh);
    fresh.reset();
    bad.offset = *offset == '\0' ? kept.offset.substr(0, 4) : offset;
    SocketIoPeer peer(server);
    EXPECT_FALSE(recover(peer, bad));
  }
  // Of an older session of the same client: as good as none.
  SocketIoPeer fresh(server);
  Kept later = connect(fresh);
  later.offset = kept.offset;
  root->emit("n", 2);
  SocketIoPeer peer(server);
  EXPECT_TRUE(recover(peer, later));
  EXPECT_EQ(hear_number(peer, later), 2);
}

TEST_P(SocketIoRecovery, HasATimeLimit) {
  start({.max_disconnection_duration = 1ms});
  SocketIoPeer first(server);
  Kept kept = connect(first);
  first.reset();
  expect_notes({"middleware", "fresh 0", "transport close"});
  for (;;) {  // time passes
    SocketIoPeer peer(server);
    if (!recover(peer, kept)) break;
    peer.reset();
  }
}

TEST_P(SocketIoRecovery, HasALimitOfBytesAndPackets) {  // socketio.md 11 row 11
  start({.log_bytes = 20'000, .log_packets = 50});
  const auto comes_back_after = [&](int events, const std::string& text) {
    SocketIoPeer first(server);
    Kept kept = connect(first);
    root->emit("n", 0);
    EXPECT_EQ(hear_number(first, kept), 0);
    first.reset();
    for (int i = 0; i < events; ++i) root->emit("n", i, text);
    std::promise<void> delivered;  // what a loop has still to deliver stays, whatever the limits
    root->fetch_rooms([&](const std::vector<Namespace::Room>&) { delivered.set_value(); });
    delivered.get_future().wait();
    SocketIoPeer peer(server);
    return recover(peer, kept);
  };
  EXPECT_TRUE(comes_back_after(40, ""));
  EXPECT_FALSE(comes_back_after(60, ""));
  EXPECT_TRUE(comes_back_after(3, std::string(5000, 'x')));
  EXPECT_FALSE(comes_back_after(5, std::string(5000, 'x')));
}

TEST_P(SocketIoRecovery, RunsMiddlewaresWhenAskedTo) {
  start({.skip_middlewares = false});
  SocketIoPeer first(server);
  Kept kept = connect(first);
  first.reset();
  expect_notes({"middleware", "fresh 0", "transport close"});
  SocketIoPeer peer(server);
  ASSERT_TRUE(recover(peer, kept));
  expect_notes({"middleware of a recovered", "recovered 0"});
}

TEST_P(SocketIoRecovery, LetsNoTextPassForAnOffset) {
  start();
  SocketIoPeer peer(server);
  Kept kept = connect(peer);
  root->droppable().emit("n", 1, "a text");
  std::string heard = peer.hear_until(R"(42["n",1)");
  EXPECT_TRUE(heard.starts_with(R"(42["n",1,"a text",")")) << heard;
  kept.offset = heard.substr(heard.rfind(',') + 2);
  kept.offset.resize(kept.offset.size() - 2);
  root->droppable().emit("n", 2);
  EXPECT_EQ(peer.hear(), R"(42["n",2])");
  root->emit_with_ack("ask", "a text", [](const Answers<int>&) {});
  EXPECT_EQ(peer.hear(), R"(424294967296["ask","a text"])");
  SocketIoPeer again(server);
  EXPECT_TRUE(recover(again, kept));
}

}  // namespace
}  // namespace naru::test
