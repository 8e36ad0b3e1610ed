#include "naru/coroutine.hpp"

#include "client/echo_server.hpp"
#include "client/raw_server.hpp"
#include "support/journal.hpp"
#include "support/threads.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

namespace naru {
namespace {

using test::EchoServer;
using test::Journal;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;
using namespace std::string_literals;

std::string in_words(const Result<void>& done) {
  return done ? "done" : std::string(done.error().text);
}

// A Socket.IO server of one connection: joins, then does `more`.
auto joining(std::function<void(Talk&)> more) {
  return [more = std::move(more)](Talk& talk) {
    talk.accept();
    talk.say(0x81, R"(0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000})");
    talk.read_frame();  // "40"
    talk.say(0x81, R"(40{"sid":"S"})");
    more(talk);
    talk.read_to_end();
  };
}
ClientOptions by_websocket() {
  ClientOptions options;
  options.transports = {ClientTransport::websocket};
  options.reconnection = false;
  options.close_timeout = 100ms;
  return options;
}

Task adds(ClientSocket socket, Journal& journal) {
  journal.note(in_words(co_await connected(socket)));
  const std::thread::id loop = std::this_thread::get_id();
  const Result<int> sum = co_await call<int>(socket, "add", 2, 3);
  journal.note(sum ? std::to_string(*sum) : std::string(sum.error().text));
  EXPECT_EQ(std::this_thread::get_id(), loop);
  const Result<std::string> late = co_await call<std::string>(socket.timeout(10ms), "say", "x");
  journal.note(late ? *late : std::string(late.error().text));
  EXPECT_EQ(std::this_thread::get_id(), loop);
}

TEST(Coroutine, WaitsForAConnectionAndForAnswers) {
  Journal journal;
  const RawServer server(joining([&](Talk& talk) {
    EXPECT_EQ(talk.read_frame().payload, R"(421["add",2,3])");
    talk.say(0x81, "431[5]");
    EXPECT_EQ(talk.read_frame().payload, R"(422["say","x"])");
  }));
  Client client(server.url(), by_websocket());
  adds(client.socket(), journal);
  client.start();
  EXPECT_EQ(journal.next(), "done");
  EXPECT_EQ(journal.next(), "5");
  EXPECT_EQ(journal.next(), "operation has timed out");
}

TEST(Coroutine, HearsThatTheNamespaceWasRefused) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    talk.accept();
    talk.say(0x81, R"(0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000})");
    talk.read_frame();
    talk.say(0x81, R"(44{"message":"no"})");
    talk.read_to_end();
  });
  Client client(server.url(), by_websocket());
  [](ClientSocket socket, Journal& notes) -> Task {
    notes.note(in_words(co_await connected(socket)));
  }(client.socket(), journal);
  client.run();
  EXPECT_EQ(journal.next(), "the server has refused");
}

// Notes its end, wherever it waits.
Task waits(ClientSocket socket, std::shared_ptr<int> alive, Journal& journal) {
  const auto kept = alive;
  const Result<int> never = co_await call<int>(socket, "never");
  journal.note(never ? "?" : "told");
  const Result<int> late = co_await call<int>(socket, "late");  // its client has gone
  journal.note(late ? "?" : "told again");
}

TEST(Coroutine, GoesOnWithAnErrorWhenItsClientGoes) {
  enum class How { unused, polled, on_a_thread };
  for (const How how : {How::unused, How::polled, How::on_a_thread}) {
    Journal journal;
    Journal asked;
    const auto alive = std::make_shared<int>();
    const RawServer server(joining([&](Talk& talk) { asked.note(talk.read_frame().payload); }));
    {
      Client client(server.url(), by_websocket());
      waits(client.socket(), alive, journal);
      if (how == How::on_a_thread) client.start();
      while (how == How::polled && asked.empty()) EXPECT_TRUE(client.poll(1ms));
      if (how != How::unused) {
        EXPECT_EQ(asked.next(), R"(421["never"])");
      }
    }
    EXPECT_EQ(journal.next(), "told");
    EXPECT_EQ(journal.next(), "told again");
    EXPECT_EQ(alive.use_count(), 1) << "a coroutine is left";
  }
}

TEST(Coroutine, MayDestroyItsClient) {
  const test::EndOfThreads threads;
  Journal journal;
  const RawServer server(joining([](Talk&) {}));
  auto client = std::make_unique<Client>(server.url(), by_websocket());
  [](std::unique_ptr<Client>& mine, Journal& notes) -> Task {
    const ClientSocket socket = mine->socket();
    notes.note(in_words(co_await connected(socket)));
    mine.reset();
    const Result<int> late = co_await call<int>(socket, "late");
    notes.note(late ? "?" : "told");
  }(client, journal);
  client->start();
  EXPECT_EQ(journal.next(), "done");
  EXPECT_EQ(journal.next(), "told");
}

TEST(Coroutine, SendsAcknowledgesAndCommits) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    const auto confirm = [&](std::string_view receipt) {
      talk.send("RECEIPT\nreceipt-id:" + std::string(receipt) + "\n\n\0"s);
    };
    talk.read_through("\0"s);
    talk.send("CONNECTED\nversion:1.2\n\n\0"s);
    EXPECT_EQ(talk.read_through("\0"s),
              "SEND\ndestination:/a\nreceipt:1\nk:v\ncontent-length:2\n\nhi\0"s);
    confirm("1");
    EXPECT_EQ(talk.read_through("\0"s), "BEGIN\ntransaction:naru-1\n\n\0"s);
    EXPECT_EQ(talk.read_through("\0"s), "COMMIT\ntransaction:naru-1\nreceipt:2\n\n\0"s);
    confirm("2");
    EXPECT_TRUE(talk.read_through("\0"s).starts_with("SEND\ndestination:/b\nreceipt:3\n"));
    talk.end();
    talk.read_to_end();
  });
  StompClientOptions options;
  options.heartbeat_send = options.heartbeat_receive = 0ms;
  options.reconnect.enabled = false;
  StompClient client("stomp://127.0.0.1:" + std::to_string(server.port), options);
  [](StompClient& mine, Journal& notes) -> Task {
    notes.note(in_words(co_await connected(mine)));
    const Headers headers{{"k", "v"}};  // g++ 12 knows no braces beneath co_await
    notes.note(in_words(co_await send(mine, "/a", "hi", headers)));
    notes.note(in_words(co_await commit(mine.begin())));
    notes.note(in_words(co_await send(mine, "/b", "lost")));
    notes.note(in_words(co_await send(mine, "/c", "there is none")));
  }(client, journal);
  client.run();
  for (const std::string_view line :
       {"done", "done", "done", "the connection has ended", "not connected"}) {
    EXPECT_EQ(journal.next(), line);
  }
}

// What fails at once must not be built up on the stack.
TEST(Coroutine, GoesOnWhereItIsWhenNothingIsToBeWaitedFor) {
  StompClient client("stomp://127.0.0.1:1");
  int failures = 0;
  [](StompClient& mine, int& count) -> Task {
    while (count < 100'000) {
      const Result<void> done = co_await send(mine, "/a", "x");
      if (!done) ++count;
    }
  }(client, failures);
  EXPECT_EQ(failures, 100'000);
}

TEST(Coroutine, WaitsForWebSocketsAndSessions) {
  const EchoServer server;
  const RawServer sessions([](Talk& talk) {
    talk.accept();
    talk.say(0x81, "o");
    talk.hear_close();
  });
  Journal journal;
  const auto once_open = [](auto& client, Journal& notes) -> Task {
    notes.note(in_words(co_await connected(client)));
    client.close();
    notes.note(in_words(co_await connected(client)));
  };
  WebSocketClient websocket(server.url());
  once_open(websocket, journal);
  websocket.run();
  SockJsClient session(sessions.url());
  once_open(session, journal);
  session.run();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(journal.next(), "done");
    EXPECT_EQ(journal.next(), "there is no connection, and will be none");
  }
}

// From threads that are not the loop's: the answer may come before the call has returned.
TEST(Coroutine, BeginsOnAnyThread) {
  constexpr int kCalls = 200;
  Journal journal;
  const RawServer server(joining([](Talk& talk) {
    for (int i = 0; i < kCalls; ++i) {
      const std::string asked = talk.read_frame().payload;  // 42<id>["n"]
      talk.say(0x81, "43" + asked.substr(2, asked.find('[') - 2) + "[1]");
    }
  }));
  Client client(server.url(), by_websocket());
  const ClientSocket socket = client.socket();
  socket.on_connect([&](ClientSocket&) { journal.note("connected"); });
  client.start();
  EXPECT_EQ(journal.next(), "connected");
  for (int i = 0; i < kCalls; ++i) {
    [](ClientSocket mine, Journal& notes) -> Task {
      const Result<int> one = co_await call<int>(mine, "n");
      notes.note(one ? "one" : std::string(one.error().text));
    }(socket, journal);
  }
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(journal.next(), "one");
}

}  // namespace
}  // namespace naru
