// The broker from end to end, by WebSocket, TCP, TLS and SockJS, with one loop and with four.
// stomp.md sections 5, 6, 11, 15.
#include "stomp_world.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace naru::test {
namespace {

struct StompCase {
  StompWay way;
  unsigned loops;
};
std::string case_name(const ::testing::TestParamInfo<StompCase>& info) {
  constexpr const char* kWayNames[] = {"WebSocket", "Tcp", "Tls", "SockJs", "Polling"};
  return kWayNames[static_cast<int>(info.param.way)] + std::to_string(info.param.loops);
}

class StompBrokerTest : public ::testing::TestWithParam<StompCase> {
 protected:
  StompWorld world{GetParam().loops};
  StompPeer peer() { return world.peer(GetParam().way); }
  // Connected by 1.2.
  StompPeer connected() {
    StompPeer made = peer();
    EXPECT_EQ(made.connect(), "connected 1.2");
    return made;
  }
};
INSTANTIATE_TEST_SUITE_P(Stomp, StompBrokerTest,
                         ::testing::Values(StompCase{StompWay::websocket, 1},
                                           StompCase{StompWay::websocket, 4},
                                           StompCase{StompWay::tcp, 1}, StompCase{StompWay::tcp, 4},
                                           StompCase{StompWay::tls, 1},
                                           StompCase{StompWay::sockjs, 4},
                                           StompCase{StompWay::polling, 4}),
                         case_name);

TEST_P(StompBrokerTest, PublishesToAllSubscribersOfATopic) {
  world.start();
  std::vector<StompPeer> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(connected());
    peers.back().subscribe("s" + std::to_string(i), "/topic/prices");
  }
  peers[0].publish("/topic/prices", "42",
                   "content-type:text/x\nf:o\\co\\n bar\\r \\\\\nreceipt:r\n");
  for (int i = 0; i < 8; ++i) {
    std::string heard = peers[static_cast<std::size_t>(i)].hear();
    if (heard == "receipt r") heard = peers[static_cast<std::size_t>(i)].hear();
    EXPECT_EQ(heard, "s" + std::to_string(i) + ": 42");
    StompPeer& each = peers[static_cast<std::size_t>(i)];
    EXPECT_EQ(each.header("destination"), "/topic/prices");
    EXPECT_EQ(each.header("content-type"), "text/x");
    EXPECT_EQ(each.header("f"), "o:o\n bar\r \\");
    EXPECT_EQ(each.header("content-length"), "2");
    EXPECT_EQ(each.frame().find("receipt"), std::nullopt);
    EXPECT_EQ(each.frame().find("ack"), std::nullopt);
  }
}

TEST_P(StompBrokerTest, KeepsTheOrderOfOneSender) {
  world.start();
  StompPeer listener = connected();
  listener.subscribe("a", "/topic/t");
  listener.subscribe("q", "/queue/q");
  StompPeer sender = connected();
  for (int i = 0; i < 200; ++i) {
    sender.publish("/topic/t", std::to_string(i));
    sender.publish("/queue/q", std::to_string(i));
  }
  int topic = 0;
  int queue = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string heard = listener.hear();
    int& next = heard[0] == 'a' ? topic : queue;
    ASSERT_EQ(heard.substr(1), ": " + std::to_string(next++));
  }
}

TEST_P(StompBrokerTest, GivesOneMessageForEachSubscription) {
  world.start();
  StompPeer one = connected();
  one.subscribe("a", "/topic/x.y");
  one.subscribe("b", "/topic/x.*");
  one.subscribe("c", "/exchange/amq.topic/#");
  one.subscribe("d", "/topic/z");
  one.publish("/topic/x.y", "1");
  std::vector<std::string> heard{one.hear(), one.hear(), one.hear()};
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (std::vector<std::string>{"a: 1", "b: 1", "c: 1"}));
  one.say("UNSUBSCRIBE\nid:a\nreceipt:u\n\n");
  EXPECT_EQ(one.hear(), "receipt u");
  one.publish("/exchange/amq.topic/x.q", "2");
  heard = {one.hear(), one.hear()};
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (std::vector<std::string>{"b: 2", "c: 2"}));
  EXPECT_EQ(one.header("destination"), "/topic/x.q");
}

TEST_P(StompBrokerTest, KeepsAQueueUntilSomebodyTakesIt) {
  world.start();
  StompPeer sender = connected();
  for (const auto* body : {"1", "2", "3"}) sender.publish("/queue/jobs", body, "receipt:r\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sender.hear(), "receipt r");
  StompPeer worker = connected();
  worker.subscribe("w", "/queue/jobs");  // the receipt comes first
  for (const auto* body : {"1", "2", "3"}) EXPECT_EQ(worker.hear(), "w: " + std::string(body));
  EXPECT_EQ(worker.header("destination"), "/queue/jobs");
  StompPeer late = connected();
  late.subscribe("l", "/queue/jobs");
  worker.say("DISCONNECT\nreceipt:bye\n\n");
  EXPECT_EQ(worker.hear(), "receipt bye");
  sender.publish("/queue/jobs", "4");
  EXPECT_EQ(late.hear(), "l: 4");  // and none of those that were taken
}

TEST_P(StompBrokerTest, SharesAQueueAmongItsConsumers) {
  world.start();
  StompPeer one = connected();
  StompPeer two = connected();
  one.subscribe("1", "/queue/jobs", "ack:client-individual\nprefetch-count:1\n");
  two.subscribe("2", "/queue/jobs", "ack:client-individual\nprefetch-count:1\n");
  StompPeer sender = connected();
  for (const auto* body : {"a", "b", "c"}) sender.publish("/queue/jobs", body);
  const std::string first = one.hear();
  EXPECT_NE(first.substr(3), two.hear().substr(3));
  one.say("ACK\nid:" + one.header("ack") + "\n\n");
  EXPECT_EQ(one.hear(), "1: c");
}

TEST_P(StompBrokerTest, RedeliversWhatWasNotAcknowledged) {
  world.start();
  StompPeer one = connected();
  one.subscribe("1", "/queue/jobs", "ack:client\n");
  StompPeer sender = connected();
  for (const auto* body : {"a", "b", "c"}) sender.publish("/queue/jobs", body);
  EXPECT_EQ(one.hear(), "1: a");
  EXPECT_EQ(one.hear(), "1: b");
  const std::string second = one.header("ack");
  EXPECT_EQ(one.hear(), "1: c");
  one.say("ACK\nid:" + second + "\nreceipt:r\n\n");  // and the first
  EXPECT_EQ(one.hear(), "receipt r");
  one.say("NACK\nid:" + one.header("nothing") + one.header("ack") + "\n\n");
  EXPECT_EQ(one.hear(), "error no such message to acknowledge");  // header() was the receipt's
  StompPeer two = connected();
  two.subscribe("2", "/queue/jobs", "ack:client\n");
  EXPECT_EQ(two.hear(), "2: c again");
  two.say("NACK\nid:" + two.header("ack") + "\n\n");
  EXPECT_EQ(two.hear(), "2: c again");
  two.leave();
  StompPeer three = connected();
  three.subscribe("3", "/queue/jobs", "ack:client\n");
  EXPECT_EQ(three.hear(), "3: c again");
  three.say("ACK\nid:" + three.header("ack") + "\nreceipt:r\n\n");
  EXPECT_EQ(three.hear(), "receipt r");
  three.say("DISCONNECT\nreceipt:bye\n\n");
  EXPECT_EQ(three.hear(), "receipt bye");
  StompPeer four = connected();
  four.subscribe("4", "/queue/jobs");
  sender.publish("/queue/jobs", "d");
  EXPECT_EQ(four.hear(), "4: d");
}

TEST_P(StompBrokerTest, CommitsAndAbortsTransactions) {
  world.start();
  StompPeer one = connected();
  one.subscribe("t", "/topic/t");
  one.subscribe("q", "/queue/q", "ack:client-individual\n");
  one.say("BEGIN\ntransaction:x\n\n");
  one.publish("/topic/t", "aborted", "transaction:x\n");
  one.say("ABORT\ntransaction:x\nreceipt:r\n\n");
  EXPECT_EQ(one.hear(), "receipt r");
  one.say("BEGIN\ntransaction:x\n\n");
  one.publish("/topic/t", "1", "transaction:x\nreceipt:kept\n");
  EXPECT_EQ(one.hear(), "receipt kept");
  one.publish("/topic/t", "2", "transaction:x\n");
  one.publish("/topic/t", "outside");
  EXPECT_EQ(one.hear(), "t: outside");
  one.say("COMMIT\ntransaction:x\n\n");
  EXPECT_EQ(one.hear(), "t: 1");
  EXPECT_EQ(one.header("transaction"), "");
  EXPECT_EQ(one.hear(), "t: 2");
  one.publish("/queue/q", "job");
  EXPECT_EQ(one.hear(), "q: job");
  const std::string id = one.header("ack");
  one.say("BEGIN\ntransaction:y\n\n");
  one.say("ACK\nid:" + id + "\ntransaction:y\n\n");
  one.publish("/queue/q", "next", "transaction:y\n");
  one.say("COMMIT\ntransaction:y\nreceipt:r\n\n");
  std::vector<std::string> heard{one.hear(), one.hear()};
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (std::vector<std::string>{"q: next", "receipt r"}));
}

TEST_P(StompBrokerTest, DropsATransactionWithItsConnection) {
  world.start();
  StompPeer listener = connected();
  listener.subscribe("t", "/topic/t");
  StompPeer sender = connected();
  sender.say("BEGIN\ntransaction:x\n\n");
  sender.publish("/topic/t", "lost", "transaction:x\n");
  sender.say("DISCONNECT\nreceipt:bye\n\n");
  EXPECT_EQ(sender.hear(), "receipt bye");
  EXPECT_EQ(sender.hear(), "end");
  StompPeer other = connected();
  other.publish("/topic/t", "sent");
  EXPECT_EQ(listener.hear(), "t: sent");
}

TEST_P(StompBrokerTest, AnswersThroughTemporaryQueues) {
  world.start();
  StompPeer server = connected();
  server.subscribe("s", "/queue/service");
  StompPeer client = connected();
  client.publish("/queue/service", "question", "reply-to:/temp-queue/mine\n");
  EXPECT_EQ(server.hear(), "s: question");
  const std::string reply_to = server.header("reply-to");
  EXPECT_TRUE(reply_to.starts_with("/reply-queue/")) << reply_to;
  server.publish(reply_to, "answer");
  EXPECT_EQ(client.hear(), "/temp-queue/mine: answer");
  // Nobody else may listen there.
  server.say("SUBSCRIBE\nid:x\ndestination:" + reply_to + "\n\n");
  EXPECT_EQ(server.hear(), "error a temporary queue is for reply-to only");
  StompPeer late = connected();
  client.say("DISCONNECT\nreceipt:bye\n\n");
  EXPECT_EQ(client.hear(), "receipt bye");
  late.publish(reply_to, "too late");
  EXPECT_EQ(late.hear(), "error no such queue");
}

TEST_P(StompBrokerTest, ReachesAllSessionsOfAUser) {
  StompOptions options;
  options.authorize = [](stomp::Connect& connect) {
    connect.user = "user-" + std::string(connect.login);
    return true;
  };
  world.start(std::move(options));
  StompPeer ann = peer();
  EXPECT_EQ(ann.connect("login:ann\n"), "connected 1.2");
  EXPECT_EQ(ann.header("user-name"), "user-ann");
  StompPeer too = peer();
  EXPECT_EQ(too.connect("login:ann\n"), "connected 1.2");
  StompPeer bob = peer();
  EXPECT_EQ(bob.connect("login:bob\n"), "connected 1.2");
  for (StompPeer* each : {&ann, &too, &bob}) each->subscribe("u", "/user/queue/news");
  bob.subscribe("all", "/topic/#");  // no way to hear them
  bob.publish("/user/user-ann/queue/news", "hello ann");
  EXPECT_EQ(ann.hear(), "u: hello ann");
  EXPECT_EQ(ann.header("destination"), "/user/queue/news");
  EXPECT_EQ(too.hear(), "u: hello ann");
  ann.publish("/user/user-bob/queue/news", "hello bob");
  EXPECT_EQ(bob.hear(), "u: hello bob");
}

TEST_P(StompBrokerTest, SelectsByHeaders) {
  world.start();
  StompPeer one = connected();
  one.subscribe("t", "/topic/t", "selector:color = 'red'\n");
  one.subscribe("q", "/queue/q", "selector:price > 10\n");
  one.publish("/topic/t", "no", "color:blue\n");
  one.publish("/topic/t", "yes", "color:red\n");
  EXPECT_EQ(one.hear(), "t: yes");
  one.publish("/queue/q", "cheap", "price:9\n");
  one.publish("/queue/q", "dear", "price:11\n");
  EXPECT_EQ(one.hear(), "q: dear");
  one.say("SUBSCRIBE\nid:x\ndestination:/topic/t\nselector:T(java.lang.Runtime)\n\n");
  EXPECT_EQ(one.hear(), "error malformed selector");
}

TEST_P(StompBrokerTest, CarriesAnyBytes) {
  world.start();
  StompPeer one = connected();
  one.subscribe("t", "/topic/t");
  one.subscribe("q", "/queue/q");
  std::string body;
  for (int i = 0; i < 300'000; ++i) body += static_cast<char>(i * 7 % 251);
  const std::string length = "content-length:" + std::to_string(body.size()) + "\n";
  if (GetParam().way == StompWay::websocket || by_sockjs(GetParam().way)) {
    // What is no text does not travel as text.
    body.assign(300'000, 'x');
    body[5] = '\0';
  }
  one.publish("/topic/t", body, length);
  EXPECT_EQ(one.hear(), "t: " + body);
  one.publish("/queue/q", body, length);
  EXPECT_EQ(one.hear(), "q: " + body);
}

TEST_P(StompBrokerTest, MeetsOtherProtocolsInTopics) {
  world.start();
  StompPeer one = connected();
  one.subscribe("t", "/topic/prices");
  const Topic prices = world.server.server.topic("prices");
  prices.publish(json_message("{\"a\":1}"), {.event = "tick", .headers = {{"h", "v"}}});
  EXPECT_EQ(one.hear(), "t: {\"a\":1}");
  EXPECT_EQ(one.header("content-type"), "application/json");
  EXPECT_EQ(one.header("event"), "tick");
  EXPECT_EQ(one.header("h"), "v");
  prices.publish(text("plain"));
  EXPECT_EQ(one.hear(), "t: plain");
  EXPECT_EQ(one.header("content-type"), "text/plain");
  prices.publish(binary(as_bytes("\xff\x00z")));
  EXPECT_EQ(one.hear(), by_sockjs(GetParam().way) ? "t: /w==" : "t: \xff");
  EXPECT_EQ(one.header("content-type"), "application/octet-stream");
}

TEST_P(StompBrokerTest, ReplaysWhatWasMissed) {
  world.server.server.topics("kept.", {.history = {.count = 5}});
  world.start();
  StompPeer one = connected();
  one.subscribe("a", "/topic/kept.t");
  EXPECT_EQ(one.header("offset"), "0");
  EXPECT_EQ(one.frame().find("recovered"), std::nullopt);
  const std::string epoch = one.header("epoch");
  for (const char* body : {"1", "2", "3"}) one.publish("/topic/kept.t", body);
  for (const char* body : {"1", "2", "3"}) EXPECT_EQ(one.hear(), "a: " + std::string(body));
  EXPECT_EQ(one.header("offset"), "3");
  EXPECT_EQ(one.header("epoch"), epoch);
  StompPeer late = connected();
  late.subscribe("b", "/topic/kept.t", "offset:1\nepoch:" + epoch + "\n");
  EXPECT_EQ(late.header("recovered"), "true");
  EXPECT_EQ(late.header("offset"), "1");
  EXPECT_EQ(late.hear(), "b: 2");
  EXPECT_EQ(late.hear(), "b: 3");
  one.publish("/topic/kept.t", "4", "kind:x\n");
  EXPECT_EQ(late.hear(), "b: 4");
  EXPECT_EQ(one.hear(), "a: 4");
  // The receipt is not needed.
  late.say("SUBSCRIBE\nid:c\ndestination:/topic/kept.t\nselector:kind = 'x'\noffset:0\nepoch:" +
           epoch + "\n\n");
  EXPECT_EQ(late.hear(), "c: 4");
}

TEST_P(StompBrokerTest, SaysWhenItCannotReplay) {
  world.server.server.topics("kept.", {.history = {.count = 2}});
  StompOptions options;
  options.high_watermark = 5000;
  options.limit = 20'000;  // a quarter of it may be replayed
  world.start(std::move(options));
  const auto join = [this](const std::string& topic, const std::string& place = {}) {
    StompPeer peer = connected();
    peer.subscribe("s", topic, place);
    return peer;
  };
  const auto told = [](const StompPeer& peer) {
    return peer.header("recovered") + peer.header("offset");
  };
  StompPeer one = join("/topic/kept.big");
  const std::string epoch = "\nepoch:" + one.header("epoch") + "\n";
  EXPECT_EQ(told(join("/topic/kept.big", "offset:0\nepoch:other\n")), "false0");
  EXPECT_EQ(told(join("/topic/kept.big", "offset:1" + epoch)), "false0");
  EXPECT_EQ(told(join("/topic/kept.other", "offset:0" + epoch)), "false0");
  EXPECT_EQ(told(join("/topic/big", "offset:0" + epoch)), "false");
  EXPECT_EQ(told(join("/topic/kept.#", "offset:0" + epoch)), "false");
  const auto publish = [&one](std::size_t bytes) {
    one.publish("/topic/kept.big", std::string(bytes, 'x'));
    EXPECT_EQ(one.hear().size(), bytes + 3);
  };
  publish(3000);
  publish(2000);
  publish(2000);
  EXPECT_EQ(told(join("/topic/kept.big", "offset:0" + epoch)), "false3");  // the first has gone
  StompPeer late = join("/topic/kept.big", "offset:1" + epoch);
  EXPECT_EQ(told(late), "true1");
  EXPECT_EQ(late.hear().size(), 2003U);
  EXPECT_EQ(late.header("offset"), "2");
  EXPECT_EQ(late.hear().size(), 2003U);
  publish(3000);
  EXPECT_EQ(late.hear().size(), 3003U);
  EXPECT_EQ(told(join("/topic/kept.big", "offset:2" + epoch)), "false4");  // too much
  EXPECT_EQ(told(join("/topic/kept.big", "offset:3" + epoch)), "true3");
  EXPECT_EQ(told(join("/topic/kept.big", "offset:4" + epoch)), "true4");
  for (const char* place :
       {"offset:1\n", "epoch:x\n", "offset:x\nepoch:x\n", "offset:\nepoch:x\n",
        "offset:-1\nepoch:x\n", "offset:1x\nepoch:x\n", "offset:99999999999999999999\nepoch:x\n"}) {
    StompPeer wrong = connected();
    wrong.say("SUBSCRIBE\nid:a\ndestination:/topic/kept.t\n" + std::string(place) + "\n");
    EXPECT_EQ(wrong.hear(), "error malformed offset") << place;
  }
}

// Whatever comes while somebody joins comes once, in its place.
TEST_P(StompBrokerTest, LosesNothingBetweenReplayAndWhatComes) {
  constexpr int kMessages = 300;
  world.server.server.topics("kept.", {.history = {.count = kMessages}});
  world.start();
  StompPeer reader = connected();
  reader.subscribe("s", "/topic/kept.t");
  const std::string epoch = reader.header("epoch");
  std::thread writing([this] {
    StompPeer writer = connected();
    for (int i = 1; i <= kMessages; ++i) writer.publish("/topic/kept.t", std::to_string(i));
    writer.settle();
  });
  int heard = 0;
  const auto hear = [&] {
    const std::string what = reader.hear();
    if (what.starts_with("receipt")) return false;
    EXPECT_EQ(what, "s: " + std::to_string(heard + 1));
    heard = std::stoi(reader.header("offset"));
    return true;
  };
  while (heard < kMessages && !HasFailure()) {
    for (int i = 0; i < 10 && heard < kMessages; ++i) hear();
    reader.say("UNSUBSCRIBE\nid:s\nreceipt:u\n\n");
    while (hear() && !HasFailure()) {
    }
    reader.subscribe("s", "/topic/kept.t",
                     "offset:" + std::to_string(heard) + "\nepoch:" + epoch + "\n");
    EXPECT_EQ(reader.header("recovered"), "true");
  }
  writing.join();
  EXPECT_EQ(heard, kMessages);
}

TEST_P(StompBrokerTest, HearsQueueMessagesFromTheServer) {
  Stomp& broker = world.start();
  StompPeer one = connected();
  one.subscribe("q", "/queue/jobs");
  broker.send("jobs", text("work"), {{"kind", "hard"}});
  EXPECT_EQ(one.hear(), "q: work");
  EXPECT_EQ(one.header("kind"), "hard");
}

TEST_P(StompBrokerTest, SpeaksOldVersions) {
  world.start();
  StompPeer one = peer();
  one.say("CONNECT\nlogin: guest \n\n");
  EXPECT_EQ(one.hear(), "connected ");
  one.say("SUBSCRIBE\ndestination: /queue/q\nack: client\n\n");
  one.publish("/queue/q", "old");
  EXPECT_EQ(one.hear(), ": old");
  EXPECT_EQ(one.frame().find("ack"), std::nullopt);
  one.say("ACK\nmessage-id:" + one.header("message-id") + "\nreceipt:r\n\n");
  EXPECT_EQ(one.hear(), "receipt r");
  StompPeer two = peer();
  EXPECT_EQ(two.connect({}, "1.0,1.1"), "connected 1.1");
  two.subscribe("b", "/topic/t", "ack:client\n");
  two.publish("/topic/t", "newer");
  EXPECT_EQ(two.hear(), "b: newer");
  two.say("NACK\nsubscription:b\nmessage-id:" + two.header("message-id") + "\nreceipt:r\n\n");
  EXPECT_EQ(two.hear(), "receipt r");
}

}  // namespace
}  // namespace naru::test
