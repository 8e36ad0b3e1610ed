// What a whole client cannot be made to meet: names that hang, and timeouts of every phase.

#include "client/dialer.hpp"

#include "client/raw_server.hpp"
#include "io/world.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

namespace naru::client {
namespace {

using namespace std::chrono_literals;
using io::testing::turn_until;
using test::RawServer;
using test::Talk;

// One attempt on a loop that the test turns.
class Attempt final : public Dialer::User {
 public:
  explicit Attempt(WebSocketClientOptions options = {}, io::Resolver::Lookup lookup = io::look_up)
      : options_(std::move(options)),
        settings_{.options = options_,
                  .offer = {},
                  .tls = nullptr,
                  .environment = [](const char*) { return nullptr; },
                  .lookup = std::move(lookup)},
        dialer(loop, settings_, random_, *this) {}

  // "open", or the phase and the text of the error.
  std::string dial(const std::string& url) {
    outcome.clear();
    dialer.dial(*parse_url(url));
    EXPECT_EQ(outcome, "") << "told from within";
    EXPECT_TRUE(turn_until(loop, [this] { return !outcome.empty(); }));
    return outcome;
  }

  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake&,
                                               const http::ReceivedResponse&) override {
    outcome = "open";
    return std::make_unique<io::testing::Witness>(std::make_shared<io::testing::Seen>());
  }
  void on_dial_failed(const ConnectFailure& failure) override {
    outcome = std::string(to_string(failure.phase)) + ": " + std::string(failure.error.text);
  }

  io::Loop loop;
  std::string outcome;

 private:
  WebSocketClientOptions options_;
  DialSettings settings_;
  SeededRandom random_{1};

 public:
  Dialer dialer;
};

// Ends when the client does.
void be_silent(Talk& talk) {
  talk.read_to_end();
}

TEST(Dialer, TriesEveryAddressOfAName) {
  RawServer server([](Talk& talk) {
    talk.accept();
    talk.read_to_end();
  });
  Attempt attempt({}, [](const std::string& host) -> Result<io::Addresses> {
    EXPECT_EQ(host, "many.test");
    return io::Addresses{*io::parse_address("127.0.0.9"), *io::parse_address("::1"),
                         *io::parse_address("127.0.0.1")};
  });
  EXPECT_EQ(attempt.dial("ws://many.test:" + std::to_string(server.port)), "open");
}

TEST(Dialer, LimitsTheTimeOfANamesResolution) {
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
  };
  const auto gate = std::make_shared<Gate>();
  Attempt attempt({.timeouts = {.resolve = 30ms}},
                  [gate](const std::string&) -> Result<io::Addresses> {
                    std::unique_lock lock(gate->mutex);
                    gate->changed.wait(lock, [&] { return gate->open; });
                    return io::Addresses{};
                  });
  EXPECT_EQ(attempt.dial("ws://slow.test/"), "resolve: the name was not resolved in time");
  const std::lock_guard lock(gate->mutex);
  gate->open = true;
  gate->changed.notify_all();
}

TEST(Dialer, TellsNamesThatAreNotFound) {
  Attempt attempt({}, [](const std::string&) -> Result<io::Addresses> {
    return Error{Errc::io, "the name was not found"};
  });
  EXPECT_EQ(attempt.dial("ws://nowhere.test/"), "resolve: the name was not found");
  Attempt empty({}, [](const std::string&) -> Result<io::Addresses> { return io::Addresses{}; });
  EXPECT_EQ(empty.dial("ws://nowhere.test/"), "resolve: the name has no address");
}

TEST(Dialer, TellsRefusedConnections) {
  std::uint16_t port = 0;
  {
    port = RawServer(be_silent).port;
  }
  Attempt attempt;
  EXPECT_EQ(attempt.dial("ws://127.0.0.1:" + std::to_string(port)), "connect: cannot connect");
}

TEST(Dialer, LimitsTheTimeOfTheProxy) {
  const RawServer proxy(be_silent);
  Attempt attempt({.proxy = {.url = "http://127.0.0.1:" + std::to_string(proxy.port)},
                   .timeouts = {.proxy = 30ms}});
  EXPECT_EQ(attempt.dial("wss://192.0.2.1/"), "proxy: no answer in time");
}

TEST(Dialer, LimitsTheTimeOfTls) {
  const RawServer server(be_silent);
  Attempt attempt({.timeouts = {.tls = 30ms}});
  EXPECT_EQ(attempt.dial("wss://127.0.0.1:" + std::to_string(server.port)),
            "tls: no answer in time");
}

TEST(Dialer, LimitsTheTimeOfTheHandshake) {
  const RawServer server([](Talk& talk) {
    talk.send("HTTP/1.1 101 Switching Prot");  // and not a byte more
    talk.read_to_end();
  });
  Attempt attempt({.timeouts = {.handshake = 30ms}});
  EXPECT_EQ(attempt.dial(server.url()), "handshake: no answer in time");
}

TEST(Dialer, TellsPeersThatLeave) {
  const RawServer server({[](Talk& talk) { talk.read_head(); }, [](Talk&) {}});
  Attempt attempt;
  EXPECT_EQ(attempt.dial(server.url()), "handshake: the peer left before it answered");
  EXPECT_TRUE(attempt.dial(server.url()).starts_with("handshake: "));
}

TEST(Dialer, LeavesNothingBehindWhenItIsCancelled) {
  RawServer server({be_silent, be_silent});
  Attempt attempt;
  attempt.dialer.dial(*parse_url(server.url()));
  ASSERT_TRUE(turn_until(attempt.loop, [&] { return server.accepted == 1; }));
  attempt.dialer.cancel();
  attempt.dialer.dial(*parse_url("ws://localhost:" + std::to_string(server.port)));
  attempt.dialer.cancel();
  io::testing::settle(attempt.loop);
  EXPECT_EQ(attempt.outcome, "");
  EXPECT_TRUE(attempt.loop.streams().empty());
}

}  // namespace
}  // namespace naru::client
