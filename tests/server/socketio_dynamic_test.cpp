// Namespaces made by patterns and functions (socketio.md 3.1), and middlewares that answer later.
#include "server/socketio_server.hpp"
#include "support/socketio_peer.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace naru::test {
namespace {

TEST(NamespacePattern, TakesAnyRunForAStar) {
  using server::matches_pattern;
  EXPECT_TRUE(matches_pattern("/orders/*", "/orders/17"));
  EXPECT_TRUE(matches_pattern("/orders/*", "/orders/"));
  EXPECT_TRUE(matches_pattern("*", "/"));
  EXPECT_TRUE(matches_pattern("/a*b*c", "/a-b-b-c"));
  EXPECT_TRUE(matches_pattern("/a*b", "/abab"));
  EXPECT_FALSE(matches_pattern("/orders/*", "/orders"));
  EXPECT_FALSE(matches_pattern("/a*b", "/aba"));
  EXPECT_FALSE(matches_pattern("/a", "/ab"));
  EXPECT_FALSE(matches_pattern("", "/"));
  // No stars multiply: linear where a backtracking matcher is exponential.
  EXPECT_FALSE(matches_pattern("/*a*a*a*a*a*a*a*a*a*a*b", "/" + std::string(50'000, 'a')));
}

class SocketIoDynamic : public ::testing::TestWithParam<unsigned> {
 protected:
  void set_up(Namespace& nsp) {
    nsp.use([](Socket& socket) -> std::optional<Refusal> {
      if (socket.auth().text.find("no") == std::string_view::npos) return std::nullopt;
      return Refusal{.message = "no"};
    });
    nsp.on("name", [](Socket& socket) { return socket.nsp().name(); });
    nsp.on("all", [](Socket& socket, int n) { socket.nsp().emit("n", n); });
    nsp.on_disconnect(
        [this](Socket& socket, std::string_view) { journal.note("left " + socket.nsp().name()); });
  }
  static std::string ask_name(SocketIoPeer& peer, const std::string& nsp) {
    peer.say("42" + nsp + R"(,0["name"])");
    return peer.hear_until("43" + nsp);
  }
  bool exists(SocketIo& io, const std::string& name) {
    try {
      return io.of(name).name() == name;
    } catch (const std::logic_error&) {
      return false;
    }
  }

  Journal journal;
  TestServer server{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Loops, SocketIoDynamic, ::testing::Values(1U, 4U));

TEST_P(SocketIoDynamic, MakesNamespacesForThoseWhoCome) {
  SocketIoOptions options;
  options.on_new_namespace = [this](Namespace& nsp) { journal.note("new " + nsp.name()); };
  SocketIo& io = server.server.socketio("/socket.io/", options);
  Namespace& orders = io.of(NamespacePattern{"/orders/*"});
  set_up(orders);
  Namespace& by_function = io.of([](std::string_view name, JsonView auth) {
    if (name == "/throws") throw std::runtime_error("a predicate");
    return name.starts_with("/f") && auth.text.find("key") != std::string_view::npos;
  });
  set_up(by_function);
  server.start();
  SocketIoPeer a(server);
  SocketIoPeer b(server);
  a.join("/orders/1");
  EXPECT_EQ(journal.next(), "new /orders/1");
  b.join("/orders/1");
  b.join("/orders/2");
  EXPECT_EQ(journal.next(), "new /orders/2");
  EXPECT_EQ(ask_name(a, "/orders/1"), R"(43/orders/1,0["/orders/1"])");
  EXPECT_EQ(ask_name(b, "/orders/2"), R"(43/orders/2,0["/orders/2"])");
  a.say(R"(40/f1,)");
  EXPECT_EQ(a.hear(), R"(44/f1,{"message":"Invalid namespace"})");
  a.say(R"(40/throws,)");
  EXPECT_EQ(a.hear(), R"(44/throws,{"message":"Invalid namespace"})");
  a.join("/f1", R"({"key":1})");
  a.say(R"(40/orders/3,{"no":1})");
  EXPECT_EQ(a.hear_until("44"), R"(44/orders/3,{"message":"no"})");
  // To all of one pattern.
  orders.emit("n", 1);
  EXPECT_EQ(a.hear_until("42"), R"(42/orders/1,["n",1])");
  EXPECT_EQ(b.hear_until("42").substr(0, 9), "42/orders");
  EXPECT_EQ(b.hear_until("42").substr(0, 9), "42/orders");
  EXPECT_EQ(orders.socket_count(), 3U);
  EXPECT_THROW(orders.fetch_sockets([](const std::vector<RemoteSocket>&) {}), std::logic_error);
  io.of("/orders/1").emit("n", 2);
  EXPECT_EQ(a.hear_until("42"), R"(42/orders/1,["n",2])");
  EXPECT_THROW(io.of("/unknown"), std::logic_error);
  EXPECT_THROW(io.of("/orders/1").on("late", [](Socket&) {}), std::logic_error);
}

TEST_P(SocketIoDynamic, KeepsEmptyOnesUnlessToldOtherwise) {
  for (const bool cleanup : {false, true}) {
    SCOPED_TRACE(cleanup);
    TestServer own{GetParam()};
    SocketIoOptions options;
    options.cleanup_empty_namespaces = cleanup;
    SocketIo& io = own.server.socketio("/socket.io/", options);
    std::atomic<bool> allowed{true};
    set_up(io.of([&](std::string_view, JsonView) { return allowed.load(); }));
    own.start();
    SocketIoPeer peer(own);
    peer.join("/a");
    peer.join("/b");
    peer.say("41/a,");
    while (journal.next() != "left /a") {
    }
    peer.join("/c");  // behind the leaving
    allowed = false;
    EXPECT_EQ(exists(io, "/a"), !cleanup);
    EXPECT_TRUE(exists(io, "/b"));
    own.server.stop();  // before the peer goes, and "/b" with it: we have looked at that one
  }
}

TEST_P(SocketIoDynamic, HasALimit) {
  SocketIoOptions options;
  options.dynamic_namespaces = 2;
  set_up(server.server.socketio("/socket.io/", options).of(NamespacePattern{"/*"}));
  server.start();
  SocketIoPeer peer(server);
  peer.join("/a");
  peer.join("/b");
  peer.say("40/c,");
  EXPECT_EQ(peer.hear(), R"(44/c,{"message":"Invalid namespace"})");
}

TEST_P(SocketIoDynamic, ComesAndGoesUnderLoad) {
  SocketIoOptions options;
  options.cleanup_empty_namespaces = true;
  Namespace& all = server.server.socketio("/socket.io/", options).of(NamespacePattern{"/*"});
  set_up(all);
  server.start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      SocketIoPeer peer(server);
      for (int i = 0; i < 60; ++i) {
        const std::string nsp = "/n" + std::to_string((i + t) % 3);
        peer.join(nsp);
        peer.say("42" + nsp + R"(,["all",1])");
        peer.hear_until("42" + nsp);
        peer.say("41" + nsp + ",");
      }
    });
  }
  for (int i = 0; i < 200; ++i) all.emit("x");
  for (std::thread& thread : threads) thread.join();
}

// ---- middlewares that answer later

TEST_P(SocketIoDynamic, WaitsForItsMiddlewares) {
  std::promise<Next> asked;
  SocketIoOptions options;
  options.middleware_timeout = 10s;
  Namespace& root = server.server.socketio("/socket.io/", options).root();
  root.use_async([](Socket&, const Next& next) { next(); });
  root.use_async([&](Socket& socket, Next next) {
    if (socket.auth().text == "{}") return next();
    asked.set_value(next);
  });
  root.use([this](Socket&) -> std::optional<Refusal> {
    journal.note("third");
    return std::nullopt;
  });
  root.on_connect([this](Socket&) { journal.note("connected"); });
  server.start();
  SocketIoPeer now(server);
  now.join();
  EXPECT_EQ(journal.next(), "third");
  EXPECT_EQ(journal.next(), "connected");
  SocketIoPeer later(server);
  later.say(R"(40{"later":1})");
  const Next next = asked.get_future().get();
  root.emit("not for it");
  EXPECT_TRUE(journal.empty());
  std::thread([&] {
    next();
    next(Refusal{.message = "too late"});
  }).join();
  EXPECT_TRUE(later.hear().starts_with("40{"));
  EXPECT_EQ(journal.next(), "third");
  EXPECT_EQ(journal.next(), "connected");
}

TEST_P(SocketIoDynamic, RefusesByAMiddlewareThatAnswersLater) {
  Namespace& root = server.server.socketio().root();
  root.use_async([](Socket&, Next next) {
    std::thread([next] { next(Refusal{.message = "no", .data_json = "[1]"}); }).detach();
  });
  server.start();
  SocketIoPeer peer(server);
  peer.say("40");
  EXPECT_EQ(peer.hear(), R"(44{"message":"no","data":[1]})");
}

TEST_P(SocketIoDynamic, GivesMiddlewaresATimeLimit) {
  SocketIoOptions options;
  options.middleware_timeout = 20ms;
  SocketIo& io = server.server.socketio("/socket.io/", options);
  io.root().use_async([](Socket&, const Next&) {});
  io.of("/throws").use_async([](Socket&, const Next&) { throw std::runtime_error("x"); });
  io.of("/open");
  server.start();
  SocketIoPeer peer(server);
  peer.say("40");
  EXPECT_EQ(peer.hear(), R"(44{"message":"timed out"})");
  peer.say("40/throws,");
  EXPECT_EQ(peer.hear(), R"(44/throws,{"message":"internal error"})");
  peer.join("/open");
}

// Two quick CONNECTs make two sockets in Node (socketio.md 11 row 3).
TEST_P(SocketIoDynamic, TakesASecondConnectForAViolation) {
  Namespace& root = server.server.socketio().root();
  root.use_async([](Socket&, const Next&) {});
  server.start();
  SocketIoPeer twice(server);
  twice.send(text_frame("40") + text_frame("40"));
  EXPECT_EQ(twice.hear(), "close 1005");
  SocketIoPeer early(server);  // not connected yet
  early.send(text_frame("40") + text_frame(R"(42["x"])"));
  EXPECT_EQ(early.hear(), "close 1005");
}

}  // namespace
}  // namespace naru::test
