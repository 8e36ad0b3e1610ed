// Clients on the caller's own loop: nothing but their descriptors says when to call poll().
#include "client/echo_server.hpp"
#include "client/raw_server.hpp"
#include "naru/client.hpp"
#include "naru/sockjs_client.hpp"
#include "naru/stomp_client.hpp"
#include "naru/websocket_client.hpp"
#include "support/journal.hpp"
#include "support/threads.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <type_traits>
#include <unistd.h>
#include <vector>

namespace naru {
namespace {

using test::EchoServer;
using test::Journal;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;
using namespace std::string_literals;

// Waits for the descriptor as long as it takes, and turns the client until its end: so many turns.
template <class Client>
int drive(Client& client) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {}};
  EXPECT_EQ(::epoll_ctl(epoll, EPOLL_CTL_ADD, client.fd(), &event), 0);
  int turns = 0;
  do {
    EXPECT_EQ(::epoll_wait(epoll, &event, 1, 10'000), 1) << "nothing says that it has work";
    ++turns;
  } while (client.poll(0ms) && turns < 1000);
  ::close(epoll);
  return turns;
}

// A connection, a message, an end: each takes a few turns. A loop that spins takes thousands.
constexpr int kFewTurns = 100;

TEST(OwnLoop, TurnsAWebSocketClient) {
  const EchoServer server;
  std::string heard;
  WebSocketClient client(server.url(),
                         {.on_open = [](WebSocketClient& self) { self.send(text("hi")); },
                          .on_message =
                              [&](WebSocketClient& self, Message message) {
                                heard = message.data;
                                self.close();
                              }});
  EXPECT_LT(drive(client), kFewTurns);
  EXPECT_EQ(heard, "hi");
  EXPECT_FALSE(client.is_open());
}

TEST(OwnLoop, TurnsASocketIoClient) {
  const RawServer server([](Talk& talk) {
    talk.accept();
    talk.say(0x81, R"(0{"sid":"e","upgrades":[],"pingInterval":50,"pingTimeout":5000})");
    talk.read_frame();  // "40"
    talk.say(0x81, R"(40{"sid":"S"})");
    talk.say(0x81, R"(42["a","hi"])");
    talk.read_to_end();
  });
  ClientOptions options;
  options.transports = {ClientTransport::websocket};
  Client client(server.url(), options);
  std::string heard;
  client.socket().on("a", [&](const std::string& text) {
    heard = text;
    client.close();
  });
  EXPECT_LT(drive(client), kFewTurns);
  EXPECT_EQ(heard, "hi");
}

TEST(OwnLoop, TurnsAStompClient) {
  const RawServer server([](Talk& talk) {
    talk.read_through("\0"s);
    talk.send("CONNECTED\nversion:1.2\n\n\0MESSAGE\nsubscription:1\nmessage-id:1\n\nhi\0"s);
    talk.read_through("DISCONNECT\nreceipt:1\n\n\0"s);
    talk.send("RECEIPT\nreceipt-id:1\n\n\0"s);
    talk.read_to_end();
  });
  StompClient client("stomp://127.0.0.1:" + std::to_string(server.port));
  std::string heard;
  client.subscribe("/a", [&](const StompMessage& message) {
    heard = message.body();
    client.close();
  });
  EXPECT_LT(drive(client), kFewTurns);
  EXPECT_EQ(heard, "hi");
}

TEST(OwnLoop, TurnsASockJsClient) {
  const RawServer server([](Talk& talk) {
    talk.accept();
    talk.say(0x81, "o");
    talk.say(0x81, R"(a["hi"])");
    talk.hear_close();
  });
  SockJsClientOptions options;
  std::string heard;
  options.on_message = [&](SockJsClient& client, Message message) {
    heard = message.data;
    client.close();
  };
  SockJsClient client(server.url(), options);
  EXPECT_LT(drive(client), kFewTurns);
  EXPECT_EQ(heard, "hi");
}

// Nobody is there: what comes next, timers alone say.
TEST(OwnLoop, TellsWhenItIsTimeToTryAgain) {
  WebSocketClientOptions options;
  int failures = 0;
  options.on_failure = [&](WebSocketClient&, const ConnectFailure&) { ++failures; };
  options.reconnect = {
      .enabled = true, .first_delay = 5ms, .min_delay = 20ms, .max_delay = 20ms, .attempts = 3};
  WebSocketClient client("ws://127.0.0.1:1/", options);
  EXPECT_LT(drive(client), kFewTurns);
  EXPECT_EQ(failures, 4);
}

TEST(OwnLoop, HearsOtherThreads) {
  const EchoServer server;
  int heard = 0;
  WebSocketClient* shared = nullptr;
  std::thread other;
  WebSocketClientOptions options;
  options.on_open = [&](WebSocketClient& self) {
    shared = &self;
    other = std::thread([&] { shared->send(text("from afar")); });
  };
  options.on_message = [&](WebSocketClient&, Message) {
    if (++heard == 1) {
      other.join();
      other = std::thread([&] { shared->close(); });
    }
  };
  WebSocketClient client(server.url(), options);
  EXPECT_LT(drive(client), kFewTurns);
  other.join();
  EXPECT_EQ(heard, 1);
}

// Whoever waits is told, though nobody turns the loop any more.
TEST(OwnLoop, EndsAtOnceWithAClientThatGoes) {
  const RawServer server([](Talk& talk) {
    talk.read_through("\0"s);
    talk.send("CONNECTED\nversion:1.2\n\n\0"s);
    talk.read_to_end();
  });
  std::vector<std::string> told;
  {
    StompClient client("stomp://127.0.0.1:" + std::to_string(server.port));
    client.when_connected([&](const Result<void>& done) {
      told.emplace_back(done ? "connected" : "not");
      StompSendOptions options;
      options.on_receipt = [&](const Result<void>& receipt) {
        told.emplace_back(receipt ? "done" : receipt.error().text);
      };
      EXPECT_EQ(client.send("/a", "hi", options), SendOutcome::sent);
    });
    while (told.empty()) ASSERT_TRUE(client.poll(10s));
  }
  EXPECT_EQ(told, (std::vector<std::string>{"connected", "the connection has ended"}));
}

template <class Client>
class AnyClient : public ::testing::Test {};
using Clients = ::testing::Types<WebSocketClient, StompClient, SockJsClient>;
TYPED_TEST_SUITE(AnyClient, Clients);

// It connects to a port where nobody is; `on_failure` is told so.
template <class Client, class F>
std::unique_ptr<Client> in_vain(F on_failure) {
  using Options =
      std::conditional_t<std::is_same_v<Client, WebSocketClient>, WebSocketClientOptions,
                         std::conditional_t<std::is_same_v<Client, StompClient>, StompClientOptions,
                                            SockJsClientOptions>>;
  Options options;
  options.reconnect.enabled = true;
  options.on_failure = [on_failure](Client&, const ConnectFailure&) { on_failure(); };
  const bool stomp = std::is_same_v<Client, StompClient>;
  return std::make_unique<Client>(stomp ? "stomp://127.0.0.1:1" : "ws://127.0.0.1:1/", options);
}

TYPED_TEST(AnyClient, IsDestroyedByItsHandlerInATurnOfTheCaller) {
  std::unique_ptr<TypeParam> client;
  client = in_vain<TypeParam>([&] { client.reset(); });
  while (client != nullptr) {
    const bool more = client->poll(10s);
    EXPECT_EQ(more, client != nullptr);
  }
}

TYPED_TEST(AnyClient, IsDestroyedByItsHandlerOnItsOwnThread) {
  const test::EndOfThreads threads;
  Journal journal;
  std::unique_ptr<TypeParam> client;
  client = in_vain<TypeParam>([&] {
    client.reset();
    journal.note("gone");
  });
  client->start();
  EXPECT_EQ(journal.next(), "gone");
}

TYPED_TEST(AnyClient, TellsWhoWaitsForAConnectionThatThereWillBeNone) {
  const bool stomp = std::is_same_v<TypeParam, StompClient>;
  TypeParam client(stomp ? "stomp://127.0.0.1:1" : "ws://127.0.0.1:1/");
  std::vector<bool> told;
  const auto note = [&](const Result<void>& done) { told.push_back(done.has_value()); };
  client.when_connected(note);
  client.close();
  client.when_connected(note);
  while (client.poll(10s)) {
  }
  client.when_connected(note);
  EXPECT_EQ(told, std::vector<bool>(3, false));
}

TEST(OwnLoop, ThrowsWhatAHandlerThrows) {
  const EchoServer server;
  WebSocketClient client(server.url(),
                         {.on_open = [](WebSocketClient&) { throw std::runtime_error("mine"); }});
  EXPECT_THROW(drive(client), std::runtime_error);
  while (client.poll(10s)) {
  }
}

}  // namespace
}  // namespace naru
