// The life of naru::Client: threads, and its end from wherever it comes.
#include "naru/client.hpp"

#include "client/raw_server.hpp"
#include "support/journal.hpp"
#include "support/threads.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace naru {
namespace {

using test::Journal;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;

constexpr std::string_view kOpen =
    R"(0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})";

// A Socket.IO server of one connection, which answers CONNECT and then says `more`.
auto joining(std::vector<std::string> more = {}) {
  return [more = std::move(more)](Talk& talk) {
    talk.accept();
    talk.say(0x81, kOpen);
    talk.read_frame();  // "40"
    talk.say(0x81, R"(40{"sid":"S"})");
    for (const std::string& each : more) talk.say(0x81, each);
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

TEST(Client, CallsTypedHandlersAndAnswers) {
  Journal journal;
  const RawServer server(joining(
      {R"(427["add",2,3])", R"(42["say","hi",{"n":1}])", R"(42["say",1])", R"(42["end"])"}));
  Client client(server.url(), by_websocket());
  const ClientSocket socket = client.socket();
  socket.on("add", [](int a, int b) { return a + b; });
  socket.on("say", [&](const std::string& text) { journal.note(text); });
  socket.on("end", [&](ClientSocket& self) {
    journal.note("end of " + self.id());
    self.disconnect();
  });
  socket.on_disconnect(
      [&](ClientSocket&, std::string_view reason) { journal.note(std::string(reason)); });
  EXPECT_EQ(client.run(), 1) << "nobody has closed it";
  EXPECT_EQ(journal.next(), "hi");
  EXPECT_EQ(journal.next(), "end of S");
  EXPECT_EQ(journal.next(), "io client disconnect");
}

TEST(Client, TellsOfAllThatComesAndGoesUntilItIsToldNotTo) {
  Journal journal;
  const RawServer server(joining({R"(42["a",1])", R"(42["b"])", R"(42["end"])"}));
  Client client(server.url(), by_websocket());
  const ClientSocket socket = client.socket();
  const auto note = [&](const std::string& what) {
    return [&journal, what](ClientSocket&, std::string_view event, const Arguments& arguments) {
      journal.note(what + std::string(event) + " " + std::to_string(arguments.size()));
    };
  };
  socket.on_any(note("in: "));
  socket.on_any(note("in too: "));
  socket.on_any_outgoing(note("out: "));
  socket.on("a", [&](ClientSocket& self, int) {
    journal.note("a");
    self.emit("x", Bytes{std::byte{1}}, 2);
    self.off_any();
    self.off_any_outgoing();
    self.emit("y");
  });
  socket.on("end", [&](ClientSocket&) { client.close(); });
  EXPECT_EQ(client.run(), 0);
  std::string lines;
  while (!journal.empty()) lines += journal.next() + "\n";
  EXPECT_EQ(lines, "in: a 1\nin too: a 1\na\nout: x 2\n");
}

TEST(Client, ClosesWithinItsHandlers) {
  const RawServer server(joining());
  Client client(server.url(), by_websocket());
  client.socket().on_connect([&](ClientSocket&) { client.close(); });
  EXPECT_EQ(client.run(), 0);
}

TEST(Client, IsDestroyedByItsOwnHandler) {
  const test::EndOfThreads threads;
  Journal journal;
  const RawServer server(joining());
  auto client = std::make_unique<Client>(server.url(), by_websocket());
  const ClientSocket socket = client->socket();
  socket.on_connect([&](ClientSocket& self) {
    client.reset();
    journal.note("destroyed " + self.nsp());
  });
  client->start();
  EXPECT_EQ(journal.next(), "destroyed /");
  socket.emit("nobody");  // it is gone, or going: harmless
}

TEST(Client, IsDestroyedWhileItConnects) {
  const RawServer server([](Talk& talk) { talk.read_to_end(); });
  Client client(server.url(), by_websocket());
  client.start();
}

TEST(Client, IsDestroyedThoughItsServerNeverAnswersTheClose) {
  Journal journal;
  const RawServer server(joining());
  Client client(server.url(), by_websocket());
  client.socket().on_connect([&](ClientSocket&) { journal.note("connected"); });
  client.start();
  EXPECT_EQ(journal.next(), "connected");
}

TEST(Client, IsDestroyedUnused) {
  const Client never("http://127.0.0.1:1");
}

TEST(Client, RunsOnTheCallersThreadByTurns) {
  const std::thread::id here = std::this_thread::get_id();
  const RawServer server(joining({R"(42["a"])"}));
  Client client(server.url(), by_websocket());
  int heard = 0;
  client.socket().on("a", [&] {
    EXPECT_EQ(std::this_thread::get_id(), here);
    ++heard;
    client.close();
  });
  while (client.poll(1s)) {
  }
  EXPECT_EQ(heard, 1);
}

// Handlers that another thread adds must be there before the answer.
TEST(Client, WaitsForConnectWhereASocketIsMadeBesideItsRunningLoop) {
  Journal journal;
  const RawServer server([&](Talk& talk) {
    talk.accept();
    talk.say(0x81, kOpen);
    talk.read_frame();  // "40"
    talk.say(0x81, R"(40{"sid":"S"})");
    for (int i = 0; i < 2; ++i) journal.note(talk.read_frame().payload);
    talk.say(0x81, R"(44/late,{"message":"no"})");
    talk.read_to_end();
  });
  Client client(server.url(), by_websocket());
  client.socket().on_connect([&](ClientSocket&) { journal.note("connected"); });
  client.start();
  EXPECT_EQ(journal.next(), "connected");
  const ClientSocket late = client.of("/late");
  client.socket().emit("first");
  EXPECT_EQ(journal.next(), R"(42["first"])");
  late.on_connect_error(
      [&](ClientSocket&, const ConnectError& error) { journal.note(error.message); });
  late.connect();
  EXPECT_EQ(journal.next(), "40/late,");
  EXPECT_EQ(journal.next(), "no");
}

TEST(Client, SeveralLiveInOneProcessAndAreUsedByManyThreads) {
  const RawServer one(joining());
  const RawServer two(joining());
  Client a(one.url(), by_websocket());
  Client b(two.url(), by_websocket());
  a.start();
  b.start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 100; ++n) {
        a.socket().emit("n", i, n);
        b.of("/x").emit_with_ack("n", i, [](Result<int>) {});
        static_cast<void>(a.socket().id());
        static_cast<void>(b.of("/x").connected());
      }
    });
  }
  b.of("/x").connect();
  threads.emplace_back([&] { a.close(); });
  for (std::thread& thread : threads) thread.join();
  a.wait();
}

TEST(Client, ToldByAnExceptionClosesAndThrowsIt) {
  const RawServer server(joining());
  Client client(server.url(), by_websocket());
  client.socket().on_connect([](ClientSocket&) { throw std::runtime_error("lost my way"); });
  EXPECT_THROW(client.run(), std::runtime_error);
}

TEST(Client, TellsEverybodyWhoWaitsForAnAnswerAtItsEnd) {
  Journal journal;
  const RawServer server(joining());
  Client client(server.url(), by_websocket());
  const ClientSocket socket = client.socket();
  socket.on_connect([&](ClientSocket& self) {
    self.emit_with_ack("never", [&](Result<int> answer) {
      journal.note(answer ? "?" : std::string(answer.error().text));
    });
    client.close();
  });
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(journal.next(), "socket has been disconnected");
}

TEST(Client, EndsAConnectionThatSaysNonsense) {
  for (const std::string_view nonsense : {"9", "", "4", "4abc", "42{}", "bxx!", "451-[\"a\"]"}) {
    Journal journal;
    std::vector<std::string> more{std::string(nonsense), "42[\"late\"]"};
    const RawServer server(joining(more));
    Client client(server.url(), by_websocket());
    client.socket().on_disconnect(
        [&](ClientSocket&, std::string_view reason) { journal.note(std::string(reason)); });
    EXPECT_EQ(client.run(), 1);
    EXPECT_EQ(journal.next(), "parse error") << nonsense;
  }
}

// A parser of the user's, whose faults are its own.
TEST(Client, ToldByItsParsersExceptionClosesAndThrowsIt) {
  struct Thrower final : PacketParser {
    std::unique_ptr<PacketDecoder> make_decoder() const override {
      return msgpack_parser()->make_decoder();
    }
    void encode(const PacketView&, std::vector<PacketMessage>&) const override {
      throw std::runtime_error("mine");
    }
  };
  const RawServer server([](Talk& talk) {
    talk.accept();
    talk.say(0x81, kOpen);
    talk.read_to_end();
  });
  ClientOptions options = by_websocket();
  options.parser = std::make_shared<const Thrower>();
  Client client(server.url(), options);
  const ClientSocket socket = client.socket();
  EXPECT_THROW(client.run(), std::runtime_error);
}

TEST(Client, RefusesWhatCanNeverWork) {
  EXPECT_THROW(Client("nonsense"), std::invalid_argument);
  EXPECT_THROW(Client("ftp://example.org"), std::invalid_argument);
  EXPECT_THROW(Client("http://example.org", {.headers = {{"a b", "c"}}}), std::invalid_argument);
  EXPECT_THROW(Client("http://example.org", {.transports = {}}), std::invalid_argument);
  EXPECT_THROW(Client("http://example.org", {.auth = "text"}), std::invalid_argument);
  EXPECT_THROW(Client("http://example.org", {.retries = 1}), std::invalid_argument);
  const Client client("http://127.0.0.1:1", {.auto_connect = false});
  EXPECT_THROW(client.socket().emit("connect"), std::invalid_argument);
}

}  // namespace
}  // namespace naru
