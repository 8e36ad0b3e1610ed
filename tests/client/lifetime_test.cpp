// Ends of clients, at every moment and from every handler.

#include "client/client_world.hpp"
#include "client/echo_server.hpp"
#include "client/raw_server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <thread>

namespace naru {
namespace {

using test::EchoServer;
using test::Journal;
using test::noting;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;

void be_silent(Talk& talk) {
  talk.read_to_end();
}

TEST(ClientLifetime, MayGoWithoutAStart) {
  const WebSocketClient client("ws://127.0.0.1:1/");
  EXPECT_FALSE(client.is_open());
}

TEST(ClientLifetime, MayGoWhileConnecting) {
  RawServer server({be_silent, be_silent, be_silent});
  for (const std::string scheme : {"ws", "wss"}) {
    WebSocketClient client(scheme + server.url().substr(2));
    client.start();
    while (server.accepted == 0) std::this_thread::yield();
  }
  WebSocketClient at_once("ws://localhost:" + std::to_string(server.port));
  at_once.start();
}

TEST(ClientLifetime, IsClosedBeforeItHasStarted) {
  Journal journal;
  WebSocketClient client("ws://127.0.0.1:1/", noting(journal));
  client.close();
  client.start();
  client.wait();
  EXPECT_TRUE(journal.empty());
}

TEST(ClientLifetime, SaysGoodbyeWhenItGoes) {
  Journal journal;
  Journal served;
  RawServer server([&](Talk& talk) {
    talk.accept();
    served.note(std::to_string(talk.hear_close()));
  });
  {
    WebSocketClient client(server.url(), noting(journal));
    client.start();
    EXPECT_EQ(journal.next(), "open");
  }
  EXPECT_EQ(journal.next(), "close 1001");
  EXPECT_EQ(served.next(), "1001");
}

TEST(ClientLifetime, DoesNotWaitForeverForTheServersClose) {
  Journal journal;
  RawServer server([](Talk& talk) {
    talk.accept();
    talk.read_to_end();  // never answers
  });
  WebSocketClientOptions options = noting(journal);
  options.close_timeout = 30ms;
  options.on_open = [](WebSocketClient& client) { client.close(); };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "close 1006\n");
}

// A server that neither reads nor closes, with much on its way to it.
TEST(ClientLifetime, DoesNotWaitForeverForAServerThatDoesNotRead) {
  Journal journal;
  Journal done;
  RawServer server([&](Talk& talk) {
    talk.accept();
    done.next();
  });
  WebSocketClientOptions options = noting(journal);
  options.close_timeout = 30ms;
  options.limit = std::size_t{64} << 20U;
  options.on_open = [](WebSocketClient& client) {
    const std::string much(std::size_t{32} << 20U, 'x');
    EXPECT_EQ(client.send(text(much), {.compress = false}), SendOutcome::blocked);
    EXPECT_EQ(client.send(text("droppable"), {.droppable = true}), SendOutcome::dropped);
    client.close();
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "close 1006\n");
  done.note("");
}

TEST(ClientLifetime, GivesUpAServerThatReadsTooSlowly) {
  Journal journal;
  Journal done;
  RawServer server([&](Talk& talk) {
    talk.accept();
    done.next();
  });
  WebSocketClientOptions options = noting(journal);
  options.limit = std::size_t{1} << 20U;
  options.on_open = [&](WebSocketClient& client) {
    const std::string much(std::size_t{64} << 20U, 'x');
    EXPECT_EQ(client.send(text(much), {.compress = false}), SendOutcome::closed);
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "close 1006\n");
  done.note("");
}

TEST(ClientLifetime, TellsWhenWhatWasBlockedHasLeft) {
  Journal journal;
  Journal go_on;
  RawServer server([&](Talk& talk) {
    talk.accept();
    go_on.next();
    talk.read_frame();
    talk.hear_close();
  });
  WebSocketClientOptions options = noting(journal);
  options.limit = std::size_t{64} << 20U;
  options.on_open = [&](WebSocketClient& client) {
    const std::string much(std::size_t{16} << 20U, 'x');
    EXPECT_EQ(client.send(text(much), {.compress = false}), SendOutcome::blocked);
    EXPECT_GT(client.buffered_amount(), 0U);
    go_on.note("");
  };
  options.on_drain = [&](WebSocketClient& client) {
    journal.note("drain");
    EXPECT_EQ(client.buffered_amount(), 0U);
    client.close();
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "drain\nclose 1000\n");
}

TEST(ClientLifetime, MayBeClosedByEveryHandler) {
  using Client = WebSocketClient&;
  const EchoServer server;
  for (const std::string handler : {"open", "message", "part", "pong", "close", "failure"}) {
    Journal journal;
    WebSocketClientOptions options;
    options.reconnect = {.enabled = true, .first_delay = 0ms};
    const auto close_in = [&](std::string_view name, Client client) {
      if (name == handler) client.close();
    };
    options.on_open = [&](Client client) {
      close_in("open", client);
      client.ping();
      client.send(text("x"));
      if (handler == "close") client.close();
    };
    options.on_message = [&](Client client, Message) { close_in("message", client); };
    if (handler == "part") {
      options.on_part = [&](Client client, MessagePart) { close_in("part", client); };
    }
    options.on_pong = [&](Client client, std::string_view) { close_in("pong", client); };
    options.on_close = [&](Client client, std::uint16_t code, std::string_view) {
      journal.note(std::to_string(code));
      close_in("close", client);
      client.send(text("into the void"));
      client.ping();
    };
    options.on_failure = [&](Client client, const ConnectFailure&) {
      journal.note("failure");
      close_in("failure", client);
    };
    const std::string url = handler == "failure" ? "ws://127.0.0.1:1/" : server.url();
    EXPECT_EQ(test::lifetime(url, options, journal), handler == "failure" ? "failure\n" : "1000\n")
        << handler;
  }
}

TEST(ClientLifetime, RethrowsWhatAHandlerThrows) {
  Journal served;
  RawServer server([&](Talk& talk) {
    talk.accept();
    served.note(std::to_string(talk.hear_close()));
  });
  Journal journal;
  WebSocketClientOptions options = noting(journal);
  options.reconnect = {.enabled = true, .first_delay = 0ms};
  options.on_open = [](WebSocketClient&) { throw std::runtime_error("mine"); };
  WebSocketClient client(server.url(), options);
  client.start();
  EXPECT_THROW(client.wait(), std::runtime_error);
  EXPECT_EQ(journal.next(), "close 1011");
  EXPECT_EQ(served.next(), "1011");
}

TEST(ClientLifetime, IsUsedFromManyThreads) {
  const EchoServer server;
  Journal journal;
  WebSocketClient client(server.url(), noting(journal));
  client.start();
  EXPECT_EQ(journal.next(), "open");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) {
        client.send(text("x"));
        client.ping();
        static_cast<void>(client.buffered_amount());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int heard = 0; heard < 400;) {
    const std::string line = journal.next();
    ASSERT_TRUE(line == "x" || line == "pong:") << line;
    heard += line == "x" ? 1 : 0;
  }
}

TEST(ClientLifetime, PingsASilentServer) {
  Journal journal;
  RawServer server([&](Talk& talk) {
    talk.accept();
    EXPECT_EQ(talk.read_frame().first, 0x89U);
    talk.say_close();
    talk.hear_close();
  });
  WebSocketClientOptions options = noting(journal);
  options.ping_interval = 20ms;
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "open\nclose 1000\n");
}

TEST(ClientLifetime, LeavesASilentServer) {
  Journal journal;
  RawServer server([&](Talk& talk) {
    talk.accept();
    talk.read_to_end();
  });
  WebSocketClientOptions options = noting(journal);
  options.idle_timeout = 40ms;
  options.close_timeout = 30ms;
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "open\nclose 1006 idle timeout\n");
}

TEST(ClientLifetime, RunReturnsTheStatusOfMain) {
  const EchoServer server;
  WebSocketClient good(server.url(), {.on_open = [](WebSocketClient& client) { client.close(); }});
  EXPECT_EQ(good.run(), 0);
  WebSocketClient bad("ws://127.0.0.1:1/");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(bad.run(), 1);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(said, "naru: connect: cannot connect (127.0.0.1:1: Connection refused)\n");
}

TEST(ClientLifetime, RunEndsAtASignal) {
  const EchoServer server;
  Journal journal;
  WebSocketClientOptions options = noting(journal);
  options.on_open = [](WebSocketClient&) { ::pthread_kill(::pthread_self(), SIGTERM); };
  WebSocketClient client(server.url(), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(journal.next(), "close 1001");
}

}  // namespace
}  // namespace naru
