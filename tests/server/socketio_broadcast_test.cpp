// Rooms and broadcasts over four loops, references, slow consumers.
#include "support/socketio_peer.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace naru::test {
namespace {

class SocketIoBroadcast : public ::testing::TestWithParam<unsigned> {
 protected:
  SocketIoBroadcast() {
    Namespace& nsp = server.server.socketio().root();
    root = &nsp;
    nsp.on("join", [](Socket& socket, std::string room) {
      socket.join(room);
      return socket.rooms().size();
    });
    nsp.on("leave", [](Socket& socket, std::string room) {
      socket.leave(room);
      return socket.rooms().size();
    });
    nsp.on("to", [](Socket& socket, std::string room, int n) { socket.to(room).emit("n", n); });
    nsp.on("others", [](Socket& socket, int n) { socket.broadcast().emit("n", n); });
    nsp.on("all", [](Socket& socket, int n) { socket.nsp().emit("n", n); });
    nsp.on("but",
           [](Socket& socket, std::string room, int n) { socket.nsp().except(room).emit("n", n); });
    nsp.on("union", [](Socket& socket) { socket.nsp().to("a").to("b").except("c").emit("n", 0); });
    nsp.on("ref", [this](Socket& socket) { ref.set_value(socket.ref()); });
    nsp.on("binary", [](Socket& socket) {
      socket.nsp().emit("bytes", binary(as_bytes("\x01\x02")).bytes());
    });
  }
  // So many clients; with one loop or four, wherever they land.
  void open(int count) {
    server.start();
    for (int i = 0; i < count; ++i) {
      peers.emplace_back(server);
      ids.push_back(peers.back().join());
    }
  }
  void join(int peer, std::string_view room) { ask(peer, "join", room); }
  void ask(int peer, std::string_view event, std::string_view room) {
    at(peer).say(R"(421[")" + std::string(event) + R"(",")" + std::string(room) + R"("])");
    EXPECT_TRUE(at(peer).hear().starts_with("431["));
  }
  SocketIoPeer& at(int peer) { return peers[static_cast<std::size_t>(peer)]; }
  static std::string n(int number) { return R"(42["n",)" + std::to_string(number) + "]"; }
  // Everybody hears this next: nothing else came before.
  void expect_all_hear_only(int number) {
    at(0).say(R"(42["all",)" + std::to_string(number) + "]");
    for (SocketIoPeer& peer : peers) EXPECT_EQ(peer.hear(), n(number));
  }

  TestServer server{GetParam()};
  Namespace* root = nullptr;
  std::vector<SocketIoPeer> peers;
  std::vector<std::string> ids;
  std::promise<SocketRef> ref;
};
INSTANTIATE_TEST_SUITE_P(Loops, SocketIoBroadcast, ::testing::Values(1U, 4U));

TEST_P(SocketIoBroadcast, ReachesEverybodyInOrder) {
  open(24);
  for (int i = 0; i < 200; ++i) at(3).say(R"(42["all",)" + std::to_string(i) + "]");
  for (SocketIoPeer& peer : peers) {
    for (int i = 0; i < 200; ++i) ASSERT_EQ(peer.hear(), n(i));
  }
}

TEST_P(SocketIoBroadcast, LeavesItsSenderOut) {
  open(12);
  at(5).say(R"(42["others",7])");
  for (int i = 0; i < 12; ++i) {
    if (i == 5) continue;
    EXPECT_EQ(at(i).hear(), n(7));
  }
  expect_all_hear_only(8);
}

TEST_P(SocketIoBroadcast, ReachesARoom) {
  open(12);
  for (const int i : {1, 4, 9}) join(i, "lobby");
  at(4).say(R"(42["to","lobby",1])");
  for (const int i : {1, 9}) EXPECT_EQ(at(i).hear(), n(1));
  expect_all_hear_only(2);
  ask(9, "leave", "lobby");
  at(4).say(R"(42["to","lobby",3])");
  EXPECT_EQ(at(1).hear(), n(3));
  expect_all_hear_only(4);
}

TEST_P(SocketIoBroadcast, ReachesOneByItsId) {
  open(8);
  at(0).say(R"(42["to",")" + ids[6] + R"(",5])");
  EXPECT_EQ(at(6).hear(), n(5));
  at(0).say(R"(42["but",")" + ids[6] + R"(",6])");
  for (const int i : {0, 1, 2, 3, 4, 5, 7}) EXPECT_EQ(at(i).hear(), n(6));
  expect_all_hear_only(7);
}

TEST_P(SocketIoBroadcast, UnitesRoomsAndReachesEachOnce) {
  open(8);
  for (const int i : {0, 1, 2, 3}) join(i, "a");
  for (const int i : {2, 3, 4, 5}) join(i, "b");
  for (const int i : {3, 5, 6}) join(i, "c");
  at(7).say(R"(42["union"])");
  for (const int i : {0, 1, 2, 4}) EXPECT_EQ(at(i).hear(), n(0));
  expect_all_hear_only(1);
}

TEST_P(SocketIoBroadcast, KeepsBinaryTogether) {
  open(8);
  for (int i = 0; i < 50; ++i) at(i % 8).say(i % 2 == 0 ? R"(42["binary"])" : R"(42["all",1])");
  for (SocketIoPeer& peer : peers) {
    for (int i = 0; i < 50; ++i) {
      const std::string heard = peer.hear();
      if (heard == n(1)) continue;
      ASSERT_EQ(heard, R"(451-["bytes",{"_placeholder":true,"num":0}])");
      ASSERT_EQ(peer.hear(), "binary:\x01\x02");
    }
  }
}

TEST_P(SocketIoBroadcast, ReachesPollingSessionsToo) {
  open(2);
  Engine engine(server, "/socket.io/");
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, "40").body, "ok");
  EXPECT_TRUE(engine.poll(sid).body.starts_with("40{"));
  root->emit("n", 1);
  EXPECT_EQ(at(0).hear(), n(1));
  EXPECT_EQ(at(1).hear(), n(1));
  EXPECT_EQ(engine.poll(sid).body, n(1));
}

TEST_P(SocketIoBroadcast, GoesOnWhilePeersComeAndGo) {
  open(4);
  std::atomic<bool> done = false;
  std::thread emitter([&] {
    for (int i = 0; i < 500; ++i) root->to("lobby").emit("n", i);
    done = true;
  });
  while (!done) {
    SocketIoPeer peer(server);
    peer.join();
    peer.say(R"(42["join","lobby"])");
    peer.reset();
  }
  emitter.join();
  expect_all_hear_only(1);
}

// ---- references

TEST_P(SocketIoBroadcast, ReachesASocketByItsReference) {
  open(4);
  at(2).say(R"(42["ref"])");
  const SocketRef socket = ref.get_future().get();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([socket] {
      for (int i = 0; i < 100; ++i) socket.emit("n", 1);
    });
  }
  for (int i = 0; i < 400; ++i) ASSERT_EQ(at(2).hear(), n(1));
  for (std::thread& thread : threads) thread.join();
  socket.with([](Socket& found) { found.emit("id", found.id()); });
  EXPECT_EQ(at(2).hear(), R"(42["id",")" + ids[2] + R"("])");
  expect_all_hear_only(2);
  socket.disconnect();
  EXPECT_EQ(at(2).hear(), "41");
  socket.emit("n", 3);  // it has gone
  socket.with([](Socket&) { ADD_FAILURE() << "found"; });
  at(2).join();
  SocketRef().emit("n", 3);
}

// What a turn publishes goes out together; nobody can tell.
TEST(SocketIoTurn, BroadcastsKeepTheirPlaceAmongWhatIsSent) {
  for (const bool recovery : {false, true}) {
    TestServer server(1);
    SocketIoOptions options;
    options.recovery.enabled = recovery;
    Namespace& nsp = server.server.socketio("/socket.io/", options).root();
    nsp.on("go", [&](Socket& socket) {
      nsp.emit("n", 1);
      nsp.to("room").emit("n", 2);
      nsp.emit("n", 3);
      socket.emit("n", 4);
      nsp.emit("bytes", binary(as_bytes("5")).bytes());
      nsp.emit("n", 6);
      socket.join("room");
      nsp.to("room").emit("n", 7);
      socket.leave("room");
      nsp.to("room").emit("n", 8);
      nsp.emit("n", 9);
      return 10;
    });
    nsp.on("leave", [&](Socket& socket) {
      nsp.emit("n", 11);
      nsp.emit("n", 12);
      socket.disconnect();
    });
    server.start();
    SocketIoPeer other(server);
    other.join();
    SocketIoPeer peer(server);
    peer.join();
    const auto n = [](int i) { return "42[\"n\"," + std::to_string(i); };
    const std::string bytes = "451-[\"bytes\",{\"_placeholder\":true,\"num\":0}";
    peer.say("421[\"go\"]");
    for (const std::string& expected : {n(1), n(3), n(4), bytes, std::string("binary:5"), n(6),
                                        n(7), n(9), std::string("431[10]")}) {
      const std::string heard = peer.hear();
      EXPECT_TRUE(heard.starts_with(expected)) << heard << " for " << expected;
    }
    peer.say("42[\"leave\"]");
    for (const std::string& expected : {n(11), n(12), std::string("41")}) {
      const std::string heard = peer.hear();
      EXPECT_TRUE(heard.starts_with(expected)) << heard << " for " << expected;
    }
    for (const std::string& expected :
         {n(1), n(3), bytes, std::string("binary:5"), n(6), n(9), n(11), n(12)}) {
      const std::string heard = other.hear();
      EXPECT_TRUE(heard.starts_with(expected)) << heard << " for " << expected;
    }
  }
}

TEST(SocketRef, OutlivesItsServer) {
  std::promise<SocketRef> opened;
  SocketRef ref;
  {
    TestServer server(1, 20ms);
    server.server.socketio().root().on_connect(
        [&](Socket& socket) { opened.set_value(socket.ref()); });
    server.start();
    SocketIoPeer peer(server);
    peer.join();
    ref = opened.get_future().get();
    peer.reset();
  }
  ref.emit("x");
  ref.disconnect();
  ref.with([](Socket&) { ADD_FAILURE() << "found"; });
}

// ---- peers that do not read

class SocketIoSlowConsumer : public ::testing::Test {
 protected:
  SocketIoSlowConsumer() {
    Namespace& root = server.server.socketio("/socket.io/", {{.limit = 1'000'000}}).root();
    root.on("flood", [this](Socket& socket, bool droppable) {
      const std::string large(50'000, 'x');
      const auto over = [&] {
        return droppable ? server.server.stats().dropped >= 10
                         : server.server.stats().slow_closed > 0;
      };
      while (!over()) {
        droppable ? socket.nsp().droppable().emit("x", large) : socket.nsp().emit("x", large);
      }
      socket.droppable().emit("x");
      journal.note("flooded");
    });
    root.on_disconnect([this](Socket&, std::string_view why) { journal.note(std::string(why)); });
    server.start();
  }
  Journal journal;
  TestServer server;
};

TEST_F(SocketIoSlowConsumer, IsClosedAboveTheLimit) {
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(42["flood",false])");
  EXPECT_EQ(journal.next(), "flooded");
  EXPECT_EQ(journal.next(), "transport close");
}

TEST_F(SocketIoSlowConsumer, IsClosedOnPollingWhileOthersGetTheirs) {
  Engine engine(server, "/socket.io/");
  for (int i = 0; i < 3; ++i) {  // who leaves within a broadcast moves others in its list
    EXPECT_EQ(engine.post(engine.open_session(), "40").body, "ok");
  }
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, "40").body, "ok");
  EXPECT_EQ(engine.post(sid, R"(42["flood",false])").body, "ok");
  EXPECT_EQ(journal.next(), "flooded");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(journal.next(), "transport error");
  EXPECT_EQ(engine.poll(sid).status, 400);
  EXPECT_EQ(server.server.stats().slow_closed, 4U);
}

TEST_F(SocketIoSlowConsumer, MissesWhatIsDroppable) {
  SocketIoPeer peer(server);
  peer.join();
  peer.say(R"(42["flood",true])");
  EXPECT_EQ(journal.next(), "flooded");
  peer.say("41");
  EXPECT_EQ(journal.next(), "client namespace disconnect");
  EXPECT_EQ(server.server.stats().slow_closed, 0U);
}

}  // namespace
}  // namespace naru::test
