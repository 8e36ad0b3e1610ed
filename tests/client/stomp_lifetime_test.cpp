// Ends of STOMP clients, from wherever they come, and calls from other threads.
#include "client/raw_server.hpp"
#include "naru/stomp_client.hpp"
#include "support/journal.hpp"
#include "support/threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
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
using namespace std::string_literals;

void greet(Talk& talk) {
  talk.read_through("\0"s);
  talk.send("CONNECTED\nversion:1.2\n\n\0"s);
}
void be_silent(Talk& talk) {
  talk.read_to_end();
}
void never_part(Talk& talk) {
  greet(talk);
  talk.read_to_end();
}

std::string tcp(const RawServer& server) {
  return "stomp://127.0.0.1:" + std::to_string(server.port);
}

StompClientOptions quick() {
  StompClientOptions options;
  options.reconnect = {.enabled = true, .first_delay = 0ms, .min_delay = 0ms};
  options.close_timeout = 30ms;
  return options;
}

TEST(StompLifetime, MayGoWithoutAStart) {
  const StompClient client("stomp://127.0.0.1:1");
  EXPECT_FALSE(client.connected());
}

TEST(StompLifetime, MayGoWhileConnecting) {
  const RawServer server({be_silent, be_silent});
  for (const std::string& url : {tcp(server), "ws" + tcp(server).substr(5)}) {
    const int before = server.accepted;
    StompClient client(url, quick());
    client.start();
    while (server.accepted == before) std::this_thread::yield();
  }
}

TEST(StompLifetime, IsClosedBeforeItHasStarted) {
  StompClient client("stomp://127.0.0.1:1", quick());
  client.close();
  EXPECT_EQ(client.run(), 0);
  EXPECT_FALSE(client.poll(0ms));
}

TEST(StompLifetime, DoesNotWaitForeverForTheBroker) {
  const RawServer by_tcp(never_part);
  const RawServer by_websocket([](Talk& talk) {
    talk.accept();
    talk.read_frame();
    talk.say(0x81, "CONNECTED\nversion:1.2\n\n\0"s);
    talk.read_to_end();
  });
  for (const std::string& url : {tcp(by_tcp), by_websocket.url()}) {
    Journal journal;
    StompClientOptions options = quick();
    options.on_connect = [](StompClient& client) { client.close(); };
    options.on_disconnect = [&](StompClient&, std::string_view why) {
      journal.note(std::string(why));
    };
    StompClient client(url, options);
    EXPECT_EQ(client.run(), 0);
    EXPECT_EQ(journal.next(), "closed");
  }
}

TEST(StompLifetime, IsDestroyedByItsOwnHandler) {
  const test::EndOfThreads threads;
  Journal journal;
  const RawServer server(never_part);
  std::unique_ptr<StompClient> client;
  StompClientOptions options = quick();
  options.on_connect = [&](StompClient&) {
    client.reset();
    journal.note("destroyed");
  };
  options.on_disconnect = [&](StompClient&, std::string_view) { journal.note("told a dead one"); };
  client = std::make_unique<StompClient>(tcp(server), options);
  client->start();
  EXPECT_EQ(journal.next(), "destroyed");
  EXPECT_TRUE(journal.empty());
}

TEST(StompLifetime, RethrowsWhatAHandlerThrows) {
  const RawServer server(never_part);
  StompClientOptions options = quick();
  options.on_connect = [](StompClient&) { throw std::runtime_error("mine"); };
  StompClient client(tcp(server), options);
  client.start();
  EXPECT_THROW(client.wait(), std::runtime_error);
}

TEST(StompLifetime, IsTurnedByTheCaller) {
  const RawServer server([](Talk& talk) {
    greet(talk);
    talk.send("MESSAGE\nsubscription:1\nmessage-id:1\n\nhi\0"s);
    talk.read_to_end();
  });
  StompClient client(tcp(server), quick());
  std::string heard;
  client.subscribe("/a", [&](const StompMessage& message) { heard = message.body(); });
  while (heard.empty()) EXPECT_TRUE(client.poll(10s));
  EXPECT_EQ(heard, "hi");
  client.close();
  while (client.poll(10s)) {
  }
}

// Handles are of use on any thread, also when their client has gone: then nothing happens.
TEST(StompLifetime, HandlesOutliveTheirClient) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    greet(talk);
    talk.send("MESSAGE\nsubscription:1\nmessage-id:1\nack:1\n\nhi\0"s);
    talk.read_to_end();
  });
  auto client = std::make_unique<StompClient>(tcp(server), quick());
  std::optional<StompDelivery> delivery;
  std::optional<StompTransaction> work;
  const StompSubscription subscription = client->subscribe("/a", [&](const StompMessage& message) {
    delivery = message.delivery();
    work = client->begin();
    journal.note("heard");
  });
  client->start();
  EXPECT_EQ(journal.next(), "heard");
  EXPECT_EQ(delivery->ack(), SendOutcome::sent) << "from this thread";
  client.reset();
  EXPECT_EQ(delivery->ack(), SendOutcome::closed);
  EXPECT_EQ(work->send("/b", "x"), SendOutcome::closed);
  EXPECT_EQ(work->ack(*delivery), SendOutcome::closed);
  EXPECT_EQ(work->commit(), SendOutcome::closed);
  subscription.unsubscribe();
}

// Threads send, subscribe and unsubscribe while connections break beneath them: what was taken is
// answered once each, whatever happens.
TEST(StompLifetime, AnswersEveryReceiptThatThreadsWaitFor) {
  const RawServer::Script breaking = [](Talk& talk) {
    greet(talk);
    for (int i = 0; i < 20; ++i) {
      const std::string frame = talk.read_through("\0"s);
      const std::size_t at = frame.find("\nreceipt:");
      if (at == std::string::npos) continue;
      const std::size_t end = frame.find('\n', at + 9);
      talk.send("RECEIPT\nreceipt-id:" + frame.substr(at + 9, end - at - 9) + "\n\n\0"s);
    }
  };
  const RawServer server(std::vector<RawServer::Script>(5, breaking));
  StompClientOptions options = quick();
  options.reconnect.attempts = 5;
  options.reconnect.stable_after = 0ms;
  std::atomic<int> connects{0};
  options.on_connect = [&](StompClient&) { ++connects; };
  std::atomic<int> taken{0};
  std::atomic<int> answered{0};
  std::atomic<bool> stop{false};
  {
    StompClient client(tcp(server), options);
    client.start();
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (!stop) {
          const SendOutcome outcome =
              client.send("/a", "x", {.on_receipt = [&](const Result<void>&) { ++answered; }});
          if (outcome == SendOutcome::sent || outcome == SendOutcome::blocked) ++taken;
          const StompSubscription brief = client.subscribe("/b", [](const StompMessage&) {});
          client.begin().abort();
          brief.unsubscribe();
          std::this_thread::yield();
        }
      });
    }
    while (connects < 5) std::this_thread::yield();
    client.close();
    client.wait();
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_GT(taken, 0);
  EXPECT_EQ(taken, answered);
}

}  // namespace
}  // namespace naru
