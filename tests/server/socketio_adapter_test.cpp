// The seam between servers (hub/adapter.hpp): two of them, joined by an adapter of the test's.
#include "hub/adapter.hpp"
#include "server/socketio_server.hpp"
#include "support/socketio_peer.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace naru::test {
namespace {

// Hands everything to the other server's node at once.
class Wire final : public hub::Adapter {
 public:
  using Peer = std::shared_ptr<std::weak_ptr<hub::Node>>;
  explicit Wire(Peer other) : other_(std::move(other)) {}

  void broadcast(const hub::Event& event, const hub::Audience& audience, const hub::Flags& flags,
                 std::shared_ptr<hub::Collector> answers) override {
    node()->broadcast_here(event, audience, flags, std::move(answers));
  }
  void sockets_join(const hub::Audience& audience, const std::vector<std::string>& rooms) override {
    node()->join_here(audience, rooms);
  }
  void sockets_leave(const hub::Audience& audience,
                     const std::vector<std::string>& rooms) override {
    node()->leave_here(audience, rooms);
  }
  void disconnect_sockets(const hub::Audience& audience, bool connection) override {
    node()->disconnect_here(audience, connection);
  }
  void fetch_sockets(const hub::Audience& audience, const hub::Flags&,
                     std::function<void(Result<std::vector<hub::SocketSnapshot>>)> done) override {
    node()->fetch_here(audience, [done](std::vector<hub::SocketSnapshot> all) { done(all); });
  }
  void server_side_emit(const hub::Event& event, const hub::Flags&,
                        std::shared_ptr<hub::Collector> answers) override {
    if (!answers) return node()->receive_here(event, {});
    answers->expect(1);
    node()->receive_here(
        event, [answers](const std::string& json) { answers->answer({}, {"[" + json + "]", {}}); });
  }

 private:
  std::shared_ptr<hub::Node> node() const { return other_->lock(); }
  Peer other_;
};

class SocketIoAdapter : public ::testing::Test {
 protected:
  SocketIoAdapter() {
    const auto a = std::make_shared<std::weak_ptr<hub::Node>>();
    const auto b = std::make_shared<std::weak_ptr<hub::Node>>();
    root_a = join(here, a, b);
    root_b = join(there, b, a);
  }
  static Namespace* join(TestServer& server, const Wire::Peer& own, const Wire::Peer& other) {
    SocketIo& io = server.server.socketio();
    static_cast<server::SocketIoServer&>(io).set_adapters(
        [own, other](const std::shared_ptr<hub::Node>& node) {
          *own = node;
          return std::make_unique<Wire>(other);
        });
    return &io.root();
  }
  template <class T>
  static auto into(std::promise<T>& promise) {
    return [&promise](T value) { promise.set_value(std::move(value)); };
  }

  TestServer here{2};
  TestServer there{2};
  Namespace* root_a = nullptr;
  Namespace* root_b = nullptr;
};

TEST_F(SocketIoAdapter, JoinsTwoServers) {
  root_b->on_server_event("add", [](const Arguments& all, const auto& answer) {
    answer(std::to_string(*json_cast<int>(all[0]) + *json_cast<int>(all[1])));
  });
  root_a->on("to", [](Socket& socket, std::string room) { socket.to(room).emit("n", 1); });
  here.start();
  there.start();
  SocketIoPeer a(here);
  SocketIoPeer b(there);
  const std::string id_a = a.join();
  const std::string id_b = b.join();
  root_a->emit("all", 1);
  EXPECT_EQ(a.hear(), R"(42["all",1])");
  EXPECT_EQ(b.hear(), R"(42["all",1])");
  root_a->local().emit("not there");
  EXPECT_EQ(a.hear(), R"(42["not there"])");
  root_a->sockets_join("room");
  a.say(R"(42["to","room"])");
  EXPECT_EQ(b.hear(), R"(42["n",1])");
  root_b->to(id_a).emit("by id");
  EXPECT_EQ(a.hear(), R"(42["by id"])");

  std::promise<std::vector<RemoteSocket>> sockets;
  root_a->fetch_sockets(into(sockets));
  EXPECT_EQ(sockets.get_future().get().size(), 2U);
  std::promise<Answers<int>> sum;
  root_a->server_side_emit_with_ack("add", 2, 3, into(sum));
  const Answers<int> sums = sum.get_future().get();
  ASSERT_EQ(sums.given.size(), 1U);
  EXPECT_EQ(sums.given[0].value, 5);

  std::promise<Answers<int>> asked;
  root_a->to("room").emit_with_ack("ask", into(asked));
  for (SocketIoPeer* peer : {&a, &b}) {
    const std::string heard = peer->hear();
    peer->say("43" + heard.substr(2, heard.find('[') - 2) + "[7]");
  }
  EXPECT_EQ(asked.get_future().get().given.size(), 2U);

  root_a->sockets_leave("room");
  root_a->to("room").emit("nobody");
  root_b->disconnect_sockets();
  EXPECT_EQ(a.hear(), "41");
  EXPECT_EQ(b.hear(), "41");
}

}  // namespace
}  // namespace naru::test
