// Questions to many, and what is done to many: broadcasts with acknowledgements, fetch_sockets,
// sockets_join and their kin (socketio.md 3.4).
#include "support/socketio_peer.hpp"

#include <algorithm>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

namespace naru::test {
namespace {

struct Way2 {
  unsigned loops;
  bool recovery;  // everything goes by the log then
};

class SocketIoRequests : public ::testing::TestWithParam<Way2> {
 protected:
  SocketIoRequests() {
    SocketIoOptions options;
    options.recovery.enabled = GetParam().recovery;
    io = &server.server.socketio("/socket.io/", options);
    root = &io->root();
    root->on("ping", [](Socket&, int n) { return n; });
    root->on("join", [](Socket& socket, std::string room) {
      socket.join(room);
      return 0;
    });
    root->on("rooms", [](Socket& socket) { return socket.rooms().size(); });
    root->on_disconnect([this](Socket&, std::string_view why) { journal.note(std::string(why)); });
  }
  void open(int count) {
    server.start();
    for (int i = 0; i < count; ++i) {
      peers.emplace_back(server);
      ids.push_back(peers.back().join());
    }
  }
  SocketIoPeer& at(int i) { return peers[static_cast<std::size_t>(i)]; }
  const std::string& id(int i) { return ids[static_cast<std::size_t>(i)]; }
  void join(int i, const std::string& room) {
    at(i).say(R"(421["join",")" + room + "\"]");
    EXPECT_EQ(at(i).hear(), "431[0]");
  }
  // The ack id of the next event "ask".
  static std::string asked(SocketIoPeer& peer) {
    const std::string heard = peer.hear_until("42");
    return heard.substr(2, heard.find('[') - 2);
  }
  template <class T>
  Answers<T> wait(std::future<Answers<T>> answers) {
    EXPECT_EQ(answers.wait_for(10s), std::future_status::ready);
    return answers.get();
  }

  Journal journal;
  TestServer server{GetParam().loops};
  SocketIo* io = nullptr;
  Namespace* root = nullptr;
  std::vector<SocketIoPeer> peers;
  std::vector<std::string> ids;
};
INSTANTIATE_TEST_SUITE_P(Ways, SocketIoRequests,
                         ::testing::Values(Way2{1, false}, Way2{4, false}, Way2{4, true}),
                         [](const auto& way) {
                           return std::to_string(way.param.loops) + "Loops" +
                                  (way.param.recovery ? "Recovery" : "");
                         });

// What a callback is given, for the test's thread.
template <class T>
auto promise_of(std::future<Answers<T>>& future) {
  auto promise = std::make_shared<std::promise<Answers<T>>>();
  future = promise->get_future();
  return [promise](Answers<T> answers) { promise->set_value(std::move(answers)); };
}

TEST_P(SocketIoRequests, AsksARoom) {
  open(6);
  for (const int i : {0, 2, 5}) join(i, "room");
  std::future<Answers<std::string>> answers;
  root->to("room").emit_with_ack("ask", 1, promise_of(answers));
  for (const int i : {0, 2, 5}) {
    at(i).say("43" + asked(at(i)) + "[\"" + std::to_string(i) + "\"]");
  }
  const auto all = wait(std::move(answers));
  EXPECT_TRUE(all.complete());
  ASSERT_EQ(all.given.size(), 3U);
  for (const auto& answer : all.given) EXPECT_EQ(answer.id, id(std::stoi(answer.value)));
}

TEST_P(SocketIoRequests, GivesWhatThereIsWhenTheTimeIsUp) {
  open(4);
  std::future<Answers<int>> answers;
  root->timeout(400ms).emit_with_ack("ask", promise_of(answers));
  at(0).say("43" + asked(at(0)) + "[7]");
  at(1).say("43" + asked(at(1)) + "[\"no number\"]");
  asked(at(2));
  at(2).say("41");
  const auto all = wait(std::move(answers));
  ASSERT_EQ(all.given.size(), 1U);
  EXPECT_EQ(all.given[0].id, id(0));
  EXPECT_EQ(all.given[0].value, 7);
  EXPECT_EQ(all.missing.size(), 3U);
  EXPECT_FALSE(all.complete());
}

// Node answers at once with an error there (socketio.md 11 row 13).
TEST_P(SocketIoRequests, HasADefaultDeadlineForMany) {
  open(1);
  std::future<Answers<int>> answers;
  root->emit_with_ack("ask", promise_of(answers));
  const std::string ack = asked(at(0));
  at(0).say(R"(421["ping",1])");
  EXPECT_EQ(at(0).hear(), "431[1]");
  at(0).say("43" + ack + "[1]");
  EXPECT_TRUE(wait(std::move(answers)).complete());
}

TEST_P(SocketIoRequests, AsksNobody) {
  open(1);
  std::future<Answers<int>> answers;
  root->to("nowhere").emit_with_ack("ask", promise_of(answers));
  const auto all = wait(std::move(answers));
  EXPECT_TRUE(all.complete() && all.given.empty());
  // Other servers: there are none.
  root->server_side_emit("hello", 1);
  root->server_side_emit_with_ack("hello", promise_of(answers));
  EXPECT_TRUE(wait(std::move(answers)).complete());
  EXPECT_THROW(root->server_side_emit("connection"), std::invalid_argument);
}

TEST_P(SocketIoRequests, FetchesSockets) {
  root->on("data", [](Socket& socket, int n) {
    socket.data<int>() = n;
    return n;
  });
  open(6);
  for (const int i : {1, 4}) join(i, "room");
  at(4).say(R"(421["data",44])");
  EXPECT_EQ(at(4).hear(), "431[44]");
  std::promise<std::vector<RemoteSocket>> promise;
  root->to("room").fetch_sockets(
      [&](std::vector<RemoteSocket> all) { promise.set_value(std::move(all)); });
  std::vector<RemoteSocket> all = promise.get_future().get();
  ASSERT_EQ(all.size(), 2U);
  if (all[0].id() != id(4)) std::swap(all[0], all[1]);
  EXPECT_EQ(all[0].rooms(), (std::vector<std::string>{id(4), "room"}));
  EXPECT_EQ(*all[0].data<int>(), 44);
  EXPECT_EQ(all[0].data_json().text, "44");
  EXPECT_EQ(all[0].request().header("host"), "test");
  EXPECT_EQ(all[1].data<int>(), nullptr);
  EXPECT_EQ(all[1].data_json().text, "null");
  all[0].emit("to you", 1);
  EXPECT_TRUE(at(4).hear().starts_with(R"(42["to you",1)"));
  all[0].leave("room");
  all[0].join("other");
  all[0].emit("n", 2);
  EXPECT_TRUE(at(4).hear().starts_with(R"(42["n",2)"));
  root->to("room").emit("n", 3);
  root->to("other").emit("n", 4);
  EXPECT_TRUE(at(4).hear().starts_with(R"(42["n",4)"));
  EXPECT_TRUE(at(1).hear().starts_with(R"(42["n",3)"));
  all[1].disconnect();
  EXPECT_EQ(at(1).hear(), "41");
  EXPECT_EQ(root->socket_count(), 5U);
}

TEST_P(SocketIoRequests, MovesSocketsInOrderWithWhatIsSent) {
  open(8);
  for (const int i : {0, 1, 2, 3}) join(i, "a");
  for (int round = 0; round < 50; ++round) {
    root->to("a").except(id(3)).sockets_join("b");
    root->to("b").emit("n", 1);
    root->sockets_leave("b");
    root->to("b").emit("n", 2);
  }
  root->emit("end");
  for (int i = 0; i < 8; ++i) {
    int heard = 0;
    std::string text = at(i).hear();
    for (; !text.starts_with(R"(42["end")"); text = at(i).hear()) {
      ASSERT_TRUE(text.starts_with(R"(42["n",1)")) << text;
      ++heard;
    }
    EXPECT_EQ(heard, i < 3 ? 50 : 0);
  }
}

TEST_P(SocketIoRequests, CountsRooms) {
  open(4);
  for (const int i : {0, 1, 2}) join(i, "three");
  join(3, "one");
  std::promise<std::vector<Namespace::Room>> promise;
  root->fetch_rooms([&](std::vector<Namespace::Room> rooms) { promise.set_value(rooms); });
  const auto rooms = promise.get_future().get();
  ASSERT_EQ(rooms.size(), 2U);
  EXPECT_EQ(rooms[0].name, "one");
  EXPECT_EQ(rooms[0].sockets, 1U);
  EXPECT_EQ(rooms[1].name, "three");
  EXPECT_EQ(rooms[1].sockets, 3U);
}

TEST_P(SocketIoRequests, DisconnectsSockets) {
  open(6);
  for (const int i : {0, 1}) join(i, "room");
  root->to("room").disconnect_sockets();
  for (const int i : {0, 1}) {
    EXPECT_EQ(at(i).hear(), "41");
    EXPECT_EQ(journal.next(), "server namespace disconnect");
  }
  root->disconnect_sockets(Socket::Disconnect::connection);
  for (const int i : {2, 3, 4, 5}) {
    EXPECT_EQ(at(i).hear(), "41");
    EXPECT_EQ(at(i).hear(), "close 1005");
    EXPECT_EQ(journal.next(), "server namespace disconnect");
  }
}

// Clients come back by themselves when no DISCONNECT was sent (socketio.md 3.3).
TEST_P(SocketIoRequests, ClosesInOrder) {
  open(4);
  io->close();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(at(i).hear(), "close 1001");
    EXPECT_EQ(journal.next(), "server shutting down");
  }
  EXPECT_EQ(Peer(server.port).get("/socket.io/?EIO=4&transport=polling").status, 503);
}

}  // namespace
}  // namespace naru::test
