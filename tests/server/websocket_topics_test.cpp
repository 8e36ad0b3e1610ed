// Topics of plain WebSockets: who gets a publication, and what is said about it.
#include "support/test_server.hpp"

#include <future>
#include <string>
#include <thread>
#include <vector>

namespace naru::test {
namespace {

// A peer says "+topic" to subscribe, "-topic" to unsubscribe, "!topic" to publish "from a peer" to
// all but itself, "?topic" to publish from its handler; each is noted once it is done.
class Topics : public ::testing::Test {
 protected:
  explicit Topics(unsigned loops = 1) : server(loops) {}

  void start() {
    server.server.websocket("/ws", {.on_message = [this](WebSocket& ws, Message message) {
                              const std::string_view topic = message.data.substr(1);
                              obey(ws, message.data[0], topic);
                              journal.note("done");
                            }});
    server.start();
  }
  void obey(WebSocket& ws, char what, std::string_view topic) {
    if (what == '+') ws.subscribe(topic);
    if (what == '-') ws.unsubscribe(topic);
    if (what == '!') ws.publish(topic, text("from a peer"));
    if (what == '?') {
      const auto thread = std::this_thread::get_id();
      server.server.topic(topic).publish(
          text("from a handler"), {.on_done = [this, thread](const PublishOutcome& outcome) {
            journal.note(std::this_thread::get_id() == thread ? "told here" : "told elsewhere");
            journal.note(said(outcome));
          }});
    }
  }
  void tell(WebSocketPeer& peer, std::string_view order) {
    peer.say(order);
    EXPECT_EQ(journal.next(), "done");
  }
  // Publishes from the test's thread, and waits for the outcome.
  std::string publish(std::string_view topic, std::string_view message) {
    std::promise<std::string> outcome;
    server.server.topic(topic).publish(
        text(message),
        {.on_done = [&outcome](const PublishOutcome& sum) { outcome.set_value(said(sum)); }});
    return outcome.get_future().get();
  }
  // The next messages of a peer, one after the other.
  static std::string heard(WebSocketPeer& peer, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += peer.hear() + " ";
    return all;
  }
  static std::string said(const PublishOutcome& outcome) {
    EXPECT_EQ(outcome.receivers(),
              outcome.sent + outcome.blocked + outcome.dropped + outcome.closed);
    return std::to_string(outcome.sent) + " " + std::to_string(outcome.blocked) + " " +
           std::to_string(outcome.dropped) + " " + std::to_string(outcome.closed);
  }

  Journal journal;
  TestServer server;
};

class TopicsOnFourLoops : public Topics {
 protected:
  TopicsOnFourLoops() : Topics(4) {}
};

TEST_F(TopicsOnFourLoops, ReachSubscribersInOrder) {
  start();
  std::vector<WebSocketPeer> peers;
  for (int i = 0; i < 32; ++i) {
    peers.emplace_back(server.port, "/ws");
    tell(peers.back(), "+news");
  }
  const Topic news = server.server.topic("news");
  for (int i = 0; i < 200; ++i) news.publish(text(std::to_string(i)));
  for (WebSocketPeer& peer : peers) {
    for (int i = 0; i < 200; ++i) ASSERT_EQ(peer.hear(), std::to_string(i));
  }
  tell(peers[1], "-news");
  news.publish(binary(as_bytes("last")));
  EXPECT_EQ(peers[0].hear(), "binary:last");
  EXPECT_EQ(peers[2].hear(), "binary:last");
  peers[1].say_close();
  EXPECT_EQ(peers[1].hear(), "close 1000");
}

TEST_F(TopicsOnFourLoops, SayWhatBecameOfAPublicationOnAllLoops) {
  start();
  EXPECT_EQ(publish("news", "to nobody"), "0 0 0 0");
  std::vector<WebSocketPeer> peers;
  for (int i = 0; i < 20; ++i) {
    peers.emplace_back(server.port, "/ws");
    tell(peers.back(), "+news");
  }
  EXPECT_EQ(publish("news", "hello"), "20 0 0 0");
  peers[0].say("?news");
  EXPECT_EQ(journal.next(), "done");  // publish() has returned
  EXPECT_EQ(journal.next(), "told here");
  EXPECT_EQ(journal.next(), "20 0 0 0");
  for (WebSocketPeer& peer : peers) {
    EXPECT_EQ(peer.hear(), "hello");
    EXPECT_EQ(peer.hear(), "from a handler");
  }
}

TEST_F(TopicsOnFourLoops, PassByTheOneThatPublishes) {
  start();
  std::vector<WebSocketPeer> peers;
  for (int i = 0; i < 20; ++i) {
    peers.emplace_back(server.port, "/ws");
    tell(peers.back(), "+news");
  }
  tell(peers[0], "!news");
  EXPECT_EQ(publish("news", "to all"), "20 0 0 0");
  EXPECT_EQ(peers[0].hear(), "to all");
  for (std::size_t i = 1; i < peers.size(); ++i) {
    EXPECT_EQ(peers[i].hear_until("from"), "from a peer");
  }
}

TEST_F(Topics, TakeAPrefixForEveryTopicThatBeginsSo) {
  start();
  WebSocketPeer prices(server.port, "/ws");
  WebSocketPeer eur(server.port, "/ws");
  WebSocketPeer all(server.port, "/ws");
  tell(prices, "+prices/*");
  tell(eur, "+prices/eur");
  tell(all, "+*");
  EXPECT_EQ(publish("prices/eur", "1.1"), "3 0 0 0");
  EXPECT_EQ(publish("prices/usd", "1.0"), "2 0 0 0");
  EXPECT_EQ(publish("news", "x"), "1 0 0 0");
  EXPECT_EQ(heard(prices, 2), "1.1 1.0 ");
  EXPECT_EQ(heard(eur, 1), "1.1 ");
  EXPECT_EQ(heard(all, 3), "1.1 1.0 x ");
}

TEST_F(Topics, ReachASubscriberOnceHoweverManyOfItsSubscriptionsFit) {
  start();
  WebSocketPeer peer(server.port, "/ws");
  for (const char* order : {"+a/b", "+a/*", "+*", "+a/b", "+a/b*"}) tell(peer, order);
  EXPECT_EQ(publish("a/b", "once"), "1 0 0 0");
  tell(peer, "-a/b");
  EXPECT_EQ(publish("a/b", "once"), "1 0 0 0");
  for (const char* order : {"-a/*", "-*", "-a/b*", "-never"}) tell(peer, order);
  EXPECT_EQ(publish("a/b", "not at all"), "0 0 0 0");
  EXPECT_EQ(heard(peer, 2), "once once ");
}

// uWebSockets CVE-2020-36406: a tree of topics was walked by recursion.
TEST_F(Topics, MayHaveNamesOfAHundredThousandLevels) {
  start();
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "a/";
  WebSocketPeer peer(server.port, "/ws");
  tell(peer, "+" + deep);
  tell(peer, "+" + deep + "*");
  EXPECT_EQ(publish(deep, "deep"), "1 0 0 0");
  EXPECT_EQ(publish(deep + "b", "deeper"), "1 0 0 0");
  EXPECT_EQ(heard(peer, 2), "deep deeper ");
  tell(peer, "-" + deep);
  tell(peer, "-" + deep + "*");
  EXPECT_EQ(publish(deep, "nobody"), "0 0 0 0");
}

TEST_F(Topics, LetAPeerGo) {
  start();
  {
    WebSocketPeer peer(server.port, "/ws");
    tell(peer, "+a");
    peer.say_close();
    EXPECT_EQ(peer.hear(), "close 1000");
  }
  EXPECT_EQ(publish("a", "x"), "0 0 0 0");
}

// What one turn publishes goes out together; nobody can tell.
TEST(TopicsOfATurn, KeepTheirPlaceAmongWhatIsSent) {
  Journal journal;
  TestServer server(1);
  server.server.websocket("/ws", {.on_open = [](WebSocket& ws) { ws.subscribe("news"); },
                                  .on_message =
                                      [&](WebSocket& ws, Message message) {
                                        const Topic news = server.server.topic("news");
                                        news.publish(text("1"));
                                        news.publish(text("2"));
                                        ws.send(text("3"));
                                        news.publish(binary(as_bytes("4")));
                                        ws.ping("5");
                                        news.publish(text("6"));
                                        news.publish(text("7"));
                                        ws.unsubscribe("news");
                                        news.publish(text("not for me"));
                                        if (message.data == "close") ws.close(4000, "bye");
                                        journal.note("done");
                                      }});
  server.start();
  WebSocketPeer other(server.port, "/ws");
  WebSocketPeer peer(server.port, "/ws");
  peer.say("close");
  EXPECT_EQ(journal.next(), "done");
  for (const char* expected : {"1", "2", "3", "binary:4", "ping:5", "6", "7", "close 4000"}) {
    EXPECT_EQ(peer.hear(), expected);
  }
  for (const char* expected : {"1", "2", "binary:4", "6", "7", "not for me"}) {
    EXPECT_EQ(other.hear(), expected);
  }
}

TEST(TopicsOfATurn, TellEachItsOutcome) {
  Journal journal;
  TestServer server(1);
  server.server.websocket("/ws", {.on_open = [](WebSocket& ws) { ws.subscribe("news"); },
                                  .on_message =
                                      [&](WebSocket& ws, Message) {
                                        const Topic news = server.server.topic("news");
                                        for (int i = 0; i < 200; ++i) {
                                          news.publish(
                                              text(std::to_string(i)),
                                              {.on_done = [&](const PublishOutcome& outcome) {
                                                journal.note(std::to_string(outcome.sent));
                                              }});
                                        }
                                        ws.publish("news", text("last"));
                                      }});
  server.start();
  WebSocketPeer other(server.port, "/ws");
  WebSocketPeer peer(server.port, "/ws");
  peer.say("go");
  for (int i = 0; i < 200; ++i) ASSERT_EQ(journal.next(), "2");
  for (int i = 0; i < 200; ++i) ASSERT_EQ(other.hear(), std::to_string(i));
  EXPECT_EQ(other.hear(), "last");
}

TEST_F(Topics, CatchWhatTheOneToBeToldThrows) {
  start();
  WebSocketPeer peer(server.port, "/ws");
  tell(peer, "+a");
  server.server.topic("a").publish(
      text("x"), {.on_done = [](const PublishOutcome&) { throw std::runtime_error("on_done"); }});
  EXPECT_EQ(peer.hear(), "x");
  EXPECT_NE(server.log.next().find("on_done"), std::string::npos);
  EXPECT_EQ(publish("a", "y"), "1 0 0 0");
}

// A handler of one server publishes to another one: that one's loops are not where it is.
TEST_F(Topics, AreReachedFromAnotherServer) {
  start();
  WebSocketPeer subscriber(server.port, "/ws");
  tell(subscriber, "+a");
  TestServer other;
  other.server.websocket("/ws", {.on_message = [this](WebSocket&, Message message) {
                           server.server.topic("a").publish(
                               message, {.on_done = [this](const PublishOutcome& outcome) {
                                 journal.note(said(outcome));
                               }});
                         }});
  other.start();
  WebSocketPeer publisher(other.port, "/ws");
  publisher.say("hello");
  EXPECT_EQ(subscriber.hear(), "hello");
  EXPECT_EQ(journal.next(), "1 0 0 0");
}

TEST(Topic, DoesNothingOnceItsServerHasGone) {
  std::optional<Topic> topic;
  {
    Server server({.loops = 1});
    topic = server.topic("a");
  }
  topic->publish(text("x"), {.on_done = [](const PublishOutcome&) { FAIL(); }});
}

}  // namespace
}  // namespace naru::test
