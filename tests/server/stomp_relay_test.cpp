// The relay from end to end, with a broker that the test plays. stomp.md section 13.
#include "scripted_broker.hpp"
#include "stomp_world.hpp"

#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace naru::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

class StompRelayTest : public ::testing::Test {
 protected:
  explicit StompRelayTest(unsigned loops = 1) : world(loops) {}

  // Before run().
  StompRelayOptions& relay() { return *options.relay; }
  void start() {
    relay().port = upstream.port();
    relay().heartbeat_send = relay().heartbeat_receive = 1ms;
    relay().reconnect_delay = relay().reconnect_delay_max = 1ms;
    relay().on_available = [this](bool available) { events.note(available ? "up" : "away"); };
    broker = &world.start(options);
  }
  // The server's own connection, which it makes first. It has no heart-beats.
  BrokerSide welcome_system() {
    BrokerSide system = upstream.accept();
    system.welcome();
    EXPECT_EQ(events.next(), "up");
    return system;
  }
  // A client's CONNECT, as the broker hears it, and its answer.
  BrokerSide hand_over(StompPeer& client, std::string_view heartbeat = "0,0") {
    client.say("CONNECT\naccept-version:1.2\nlogin:me\npasscode:mine\n\n");
    BrokerSide side = upstream.accept();
    EXPECT_TRUE(side.welcome(heartbeat).starts_with("CONNECT\n"));
    EXPECT_EQ(client.hear(), "connected 1.2");
    return side;
  }

  StompOptions options{.relay = StompRelayOptions()};
  Journal events;
  ScriptedBroker upstream;
  StompWorld world;
  Stomp* broker = nullptr;
};

struct RelayCase {
  StompWay way;
  unsigned loops;
};
class StompRelayWaysTest : public StompRelayTest, public ::testing::WithParamInterface<RelayCase> {
 protected:
  StompRelayWaysTest() : StompRelayTest(GetParam().loops) {}
};
std::string relay_case_name(const ::testing::TestParamInfo<RelayCase>& tested) {
  constexpr const char* kWays[] = {"WebSocket", "Tcp", "Tls"};
  return kWays[static_cast<int>(tested.param.way)];
}
INSTANTIATE_TEST_SUITE_P(Stomp, StompRelayWaysTest,
                         ::testing::Values(RelayCase{StompWay::websocket, 4},
                                           RelayCase{StompWay::tcp, 1},
                                           RelayCase{StompWay::tls, 4}),
                         relay_case_name);

TEST_P(StompRelayWaysTest, HandsClientsOver) {
  options.heartbeat_send = options.heartbeat_receive = 0ms;
  start();
  BrokerSide system = upstream.accept();
  EXPECT_EQ(system.welcome(),
            "CONNECT\naccept-version:1.0,1.1,1.2\nlogin:guest\npasscode:guest\nheart-beat:1,1\n\n");
  EXPECT_EQ(events.next(), "up");
  EXPECT_TRUE(broker->available());

  StompPeer client = world.peer(GetParam().way);
  client.say("CONNECT\naccept-version:1.1,1.2\nlogin:me\npasscode:mine\nhost:h\n\n");
  BrokerSide side = upstream.accept();
  EXPECT_EQ(side.welcome(),
            "CONNECT\naccept-version:1.1,1.2\nlogin:guest\npasscode:guest\nheart-beat:1,1\n\n");
  EXPECT_EQ(client.hear(), "connected 1.2");
  EXPECT_EQ(client.header("heart-beat"), "0,0");

  client.publish("/queue/a", "hello", "receipt:r\nk:a\\cb\n");
  EXPECT_EQ(side.hear(), "SEND\ndestination:/queue/a\nreceipt:r\nk:a\\cb\n\nhello");
  side.say("RECEIPT\nreceipt-id:r\n\n");
  EXPECT_EQ(client.hear(), "receipt r");
  client.say("SUBSCRIBE\nid:s\ndestination:/topic/x.*\nack:client\n\n");
  EXPECT_EQ(side.hear(), "SUBSCRIBE\nid:s\ndestination:/topic/x.*\nack:client\n\n");
  side.say("MESSAGE\nsubscription:s\nmessage-id:7\nack:T7\ndestination:/topic/x.y\n\nnews");
  EXPECT_EQ(client.hear(), "s: news");
  EXPECT_EQ(client.header("ack"), "T7");
  client.say("DISCONNECT\nreceipt:bye\n\n");
  EXPECT_EQ(side.hear(), "DISCONNECT\nreceipt:bye\n\n");
  side.say("RECEIPT\nreceipt-id:bye\n\n");
  EXPECT_EQ(client.hear(), "receipt bye");
  EXPECT_EQ(client.hear(), "end");
  EXPECT_EQ(side.hear(), "end");
}

TEST_P(StompRelayWaysTest, KeepsWhatComesBeforeTheBrokerHasAnswered) {
  start();
  const BrokerSide system = welcome_system();
  StompPeer client = world.peer(GetParam().way);
  client.send(
      "CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/queue/a\n\n1\0SEND\ndestination:/que"s);
  BrokerSide side = upstream.accept();
  EXPECT_TRUE(side.hear().starts_with("CONNECT\n"));
  client.send("ue/a\n\n2\0"s);
  side.say("CONNECTED\nversion:1.2\n\n");
  EXPECT_EQ(side.hear(), "SEND\ndestination:/queue/a\n\n1");
  EXPECT_EQ(side.hear(), "SEND\ndestination:/queue/a\n\n2");
  EXPECT_EQ(client.hear(), "connected 1.2");
}

TEST_P(StompRelayWaysTest, TellsClientsThatTheBrokerHasGone) {
  start();
  const BrokerSide system = welcome_system();
  StompPeer client = world.peer(GetParam().way);
  BrokerSide side = hand_over(client);
  side.send("MESSAGE\nsubscription:s\n\nlast\0MESSAGE\nsubscr"s);
  side.leave();
  EXPECT_EQ(client.hear(), "s: last");
  EXPECT_EQ(client.hear(), "error connection to broker closed");
  EXPECT_EQ(client.hear(), "end");
}

TEST_F(StompRelayTest, ComesBackWhenTheBrokerDoes) {
  upstream.close();  // nobody listens
  start();
  EXPECT_NE(world.server.log.next().find("event=relay_broker_away"), std::string::npos);
  EXPECT_FALSE(broker->available());
  StompPeer early = world.peer(StompWay::tcp);
  EXPECT_EQ(early.connect(), "error broker not available");
  EXPECT_EQ(early.hear(), "end");

  upstream.listen();
  {
    const BrokerSide system = welcome_system();
    StompPeer client = world.peer(StompWay::tcp);
    hand_over(client);
  }
  EXPECT_EQ(events.next(), "away");
  EXPECT_FALSE(broker->available());
  broker->send("jobs", text("lost"));
  BrokerSide again = welcome_system();
  broker->send("jobs", text("kept"));
  EXPECT_EQ(again.hear(), "SEND\ndestination:/queue/jobs\ncontent-length:4\n\nkept");
  EXPECT_TRUE(world.server.counts(&Stats::dropped, 1));
}

TEST_F(StompRelayTest, SaysLittleOfWhyTheBrokerRefuses) {
  start();
  const BrokerSide system = welcome_system();
  StompPeer client = world.peer(StompWay::tcp);
  client.say("CONNECT\naccept-version:1.2\n\n");
  BrokerSide side = upstream.accept();
  side.hear();
  side.say("ERROR\nmessage:Bad CONNECT\n\nAccess refused for user 'guest'\n");
  EXPECT_EQ(client.hear(), "error broker not available");
  EXPECT_EQ(side.hear(), "end");
}

TEST_F(StompRelayTest, LetsTheBrokerJudgeTheClientsOwnLogin) {
  relay().login = relay().passcode = "";
  relay().system_login = "naru";
  relay().system_passcode = "s3cret";
  start();
  BrokerSide system = upstream.accept();
  EXPECT_NE(system.welcome().find("\nlogin:naru\npasscode:s3cret\n"), std::string::npos);
  EXPECT_EQ(events.next(), "up");
  StompPeer client = world.peer(StompWay::tcp);
  client.say("CONNECT\naccept-version:1.2\nlogin:me\npasscode:mine\n\n");
  BrokerSide side = upstream.accept();
  EXPECT_NE(side.hear().find("\nlogin:me\npasscode:mine\n"), std::string::npos);
  side.say("ERROR\nmessage:Bad CONNECT\n\n");
  EXPECT_EQ(client.hear(), "error access refused");
}

// The system's connection has no heart-beats; the client's has, of 1 ms and a second's margin.
TEST_F(StompRelayTest, NoticesASilentBroker) {
  start();
  const BrokerSide system = welcome_system();
  StompPeer client = world.peer(StompWay::tcp);
  BrokerSide side = hand_over(client, "1,1");
  EXPECT_EQ(side.read(2), "\n\n");  // it hears of us all the time
  EXPECT_EQ(client.hear(), "error the broker's heart-beats are missing");
  EXPECT_EQ(client.hear(), "end");
  EXPECT_EQ(side.hear(), "end");
}

TEST_F(StompRelayTest, MakesItsOwnConnectionAgainWhenThatIsSilent) {
  start();
  BrokerSide system = upstream.accept();
  system.welcome("1,1");
  EXPECT_EQ(events.next(), "up");
  EXPECT_EQ(events.next(), "away");
  EXPECT_EQ(system.hear(), "end");
  welcome_system();
}

TEST_F(StompRelayTest, AsksWhoMayDoWhat) {
  options.authorize = [](stomp::Connect& client) { return client.passcode == "mine"; };
  options.permit = [](std::string_view user, stomp::Access, std::string_view destination) {
    return user == "me" && destination != "/queue/secret";
  };
  start();
  const BrokerSide system = welcome_system();
  StompPeer stranger = world.peer(StompWay::tcp);
  EXPECT_EQ(stranger.connect("passcode:guess\n"), "error access refused");
  for (const char* alias : {"/queue/secret", "/amq/queue/%73ecret", "/reply-queue/secret"}) {
    StompPeer client = world.peer(StompWay::tcp);
    BrokerSide side = hand_over(client);
    client.publish("/queue/open", "1");
    EXPECT_EQ(side.hear(), "SEND\ndestination:/queue/open\n\n1");
    client.publish(alias, "1", "receipt:r\n");
    EXPECT_EQ(client.hear(), "error access refused");
    EXPECT_EQ(client.header("receipt-id"), "r");
    EXPECT_EQ(side.hear(), "end");
  }
}

TEST_F(StompRelayTest, LeavesTheBrokerWithItsClient) {
  start();
  const BrokerSide system = welcome_system();
  StompPeer client = world.peer(StompWay::tcp);
  BrokerSide side = hand_over(client);
  client.publish("/queue/a", "1");
  client.leave();
  EXPECT_EQ(side.hear(), "SEND\ndestination:/queue/a\n\n1");
  EXPECT_EQ(side.hear(), "end");  // and no DISCONNECT: what it had goes to others
}

TEST_F(StompRelayTest, TakesNoMoreClientsThanItMay) {
  relay().connections = 1;
  start();
  const BrokerSide system = welcome_system();
  StompPeer first = world.peer(StompWay::tcp);
  BrokerSide side = hand_over(first);
  StompPeer second = world.peer(StompWay::tcp);
  EXPECT_EQ(second.connect(), "error too many connections to the broker");
  first.leave();
  EXPECT_EQ(side.hear(), "end");
  StompPeer third = world.peer(StompWay::tcp);
  hand_over(third);
}

TEST_F(StompRelayTest, BringsTopicsToOtherProtocols) {
  relay().topics = {"prices", "news.#"};
  world.server.server.websocket("/prices", {.on_open = [](WebSocket& ws) {
                                  ws.subscribe("prices");
                                  ws.send(text("ready"));
                                }});
  start();
  BrokerSide system = upstream.accept();
  system.welcome();
  EXPECT_EQ(system.hear(), "SUBSCRIBE\nid:1\ndestination:/topic/prices\nack:auto\n\n");
  EXPECT_EQ(system.hear(), "SUBSCRIBE\nid:2\ndestination:/topic/news.#\nack:auto\n\n");
  WebSocketPeer reader(world.server.port, "/prices");
  EXPECT_EQ(reader.hear(), "ready");
  system.say("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/topic/prices\n\n42");
  EXPECT_EQ(reader.hear(), "42");
  broker->send("/topic/orders", text("1"), {{"k", "v"}});
  EXPECT_EQ(system.hear(), "SEND\ndestination:/topic/orders\nk:v\ncontent-length:1\n\n1");
}

TEST_F(StompRelayTest, HoldsTheClientBackWhileTheBrokerIsSlow) {
  start();
  const BrokerSide system = welcome_system();
  Peer client(world.tcp_port);
  client.send("CONNECT\naccept-version:1.2\n\n\0"s);
  BrokerSide side = upstream.accept();
  side.welcome();
  const std::string frame = "SEND\ndestination:/queue/a\n\n" + std::string(100'000, 'x') + '\0';
  std::string all;
  for (int i = 0; i < 200; ++i) all += frame;
  // The broker reads only what makes room for more.
  std::string heard;
  for (std::size_t sent = 0; sent < all.size();) {
    const std::size_t now = client.send_some(std::string_view(all).substr(sent));
    sent += now;
    if (now == 0) heard += side.read(262'144);
  }
  heard += side.read(all.size() - heard.size());
  EXPECT_TRUE(heard == all);
}

TEST_F(StompRelayTest, HoldsTheBrokerBackWhileTheClientIsSlow) {
  start();
  const BrokerSide system = welcome_system();
  Peer client(world.tcp_port);
  client.send("CONNECT\naccept-version:1.2\n\n\0"s);
  BrokerSide side = upstream.accept();
  side.welcome();
  client.read_through("\0"sv);
  const std::string frame = "MESSAGE\nsubscription:s\n\n" + std::string(100'000, 'x') + '\0';
  std::string all;
  for (int i = 0; i < 200; ++i) all += frame;
  std::string heard;
  for (std::size_t sent = 0; sent < all.size();) {
    const std::size_t now = side.send_some(std::string_view(all).substr(sent));
    sent += now;
    if (now == 0) heard += client.read(262'144);
  }
  heard += client.read(all.size() - heard.size());
  EXPECT_TRUE(heard == all);
}

TEST_F(StompRelayTest, GivesUpABrokerThatTakesNothing) {
  relay().stall_timeout = 20ms;
  start();
  const BrokerSide system = welcome_system();
  Peer client(world.tcp_port);
  client.send("CONNECT\naccept-version:1.2\n\n\0"s);
  BrokerSide side = upstream.accept();
  side.welcome();
  EXPECT_TRUE(client.read_through("\0"sv).starts_with("CONNECTED\n"));
  const std::string frame = "SEND\ndestination:/queue/a\n\n" + std::string(100'000, 'x') + '\0';
  std::string_view rest = frame;
  while (!client.has_input()) {
    rest.remove_prefix(client.send_some(rest));
    if (rest.empty()) rest = frame;
  }
  EXPECT_TRUE(client.read_through("\0"sv).starts_with("ERROR\nmessage:the broker is behind\n"));
}

TEST_F(StompRelayTest, GivesUpAClientThatTakesNothing) {
  relay().stall_timeout = 20ms;
  start();
  const BrokerSide system = welcome_system();
  StompPeer client = world.peer(StompWay::tcp);
  BrokerSide side = hand_over(client);
  const std::string frame = "MESSAGE\nsubscription:s\n\n" + std::string(100'000, 'x') + '\0';
  std::string_view rest = frame;
  while (!side.ended()) {
    rest.remove_prefix(side.send_some(rest));
    if (rest.empty()) rest = frame;
  }
  EXPECT_TRUE(world.server.counts(&Stats::slow_closed, 1));
}

TEST_F(StompRelayTest, BoundsWhatWaitsForTheLogin) {
  relay().pending_bytes = 1000;
  start();
  const BrokerSide system = welcome_system();
  StompPeer client = world.peer(StompWay::tcp);
  client.send("CONNECT\naccept-version:1.2\n\n\0"s + std::string(2000, '\n'));
  EXPECT_EQ(client.hear(), "error the broker is behind");
}

TEST_F(StompRelayTest, SaysGoodbyeWhenTheServerEnds) {
  start();
  BrokerSide system = welcome_system();
  StompPeer client = world.peer(StompWay::tcp);
  BrokerSide side = hand_over(client);
  std::thread ending([this] { world.server.server.stop(); });
  EXPECT_EQ(client.hear(), "error server shutting down");
  EXPECT_EQ(side.hear(), "end");
  EXPECT_EQ(system.hear(), "DISCONNECT\n\n");
  EXPECT_EQ(system.hear(), "end");
  client.leave();
  side.leave();
  system.leave();
  ending.join();
}

TEST(StompRelayOptionsTest, AreLookedAt) {
  const auto refused = [](auto change) {
    TestServer server;
    StompOptions options{.relay = StompRelayOptions()};
    change(*options.relay);
    EXPECT_THROW(server.server.stomp("/stomp", options), std::invalid_argument);
  };
  refused([](StompRelayOptions& relay) { relay.host = ""; });
  refused([](StompRelayOptions& relay) { relay.login = ""; });
  refused([](StompRelayOptions& relay) { relay.topics = {""}; });
  refused([](StompRelayOptions& relay) { relay.reconnect_delay = 0ms; });
}

}  // namespace
}  // namespace naru::test
