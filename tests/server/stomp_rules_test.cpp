// What a STOMP server refuses, and its limits. stomp.md sections 3, 4, 7, 9, 14, 15.
#include "stomp_world.hpp"

namespace naru::test {
namespace {

class StompRules : public ::testing::TestWithParam<StompWay> {
 protected:
  Journal asked;
  StompWorld world;
  StompPeer peer() { return world.peer(GetParam()); }
  StompPeer connected(std::string_view headers = {}) {
    StompPeer made = peer();
    EXPECT_EQ(made.connect(headers), "connected 1.2");
    return made;
  }
  // What one frame is answered with, and that the connection ends.
  static std::string refusal(StompPeer peer, std::string_view frame) {
    peer.say(frame);
    std::string said = peer.hear();
    EXPECT_EQ(peer.hear(), "end");
    return said;
  }
};
std::string way_name(const ::testing::TestParamInfo<StompWay>& info) {
  switch (info.param) {
    case StompWay::websocket:
      return "WebSocket";
    case StompWay::sockjs:
      return "SockJs";
    case StompWay::polling:
      return "Polling";
    default:
      return "Tcp";
  }
}
INSTANTIATE_TEST_SUITE_P(Stomp, StompRules,
                         ::testing::Values(StompWay::websocket, StompWay::tcp, StompWay::sockjs,
                                           StompWay::polling),
                         way_name);

// CVE-2023-32081, CVE-2025-41254: nothing is delivered before a login.
TEST_P(StompRules, TakesNothingBeforeConnect) {
  world.start();
  StompPeer listener = connected();
  listener.subscribe("t", "/topic/t");
  EXPECT_EQ(refusal(peer(), "SEND\ndestination:/topic/t\n\nevil"), "error not connected");
  EXPECT_EQ(refusal(peer(), "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n"), "error not connected");
  EXPECT_EQ(refusal(connected(), "CONNECT\naccept-version:1.2\n\n"), "error connected already");
  listener.publish("/topic/t", "good");
  EXPECT_EQ(listener.hear(), "t: good");
}

TEST_P(StompRules, TakesNothingAfterAFailedConnect) {
  StompOptions options;
  options.authorize = [](const stomp::Connect& c) { return c.passcode == "a\\cb"; };  // literal
  world.start(std::move(options));
  StompPeer listener = connected("passcode:a\\cb\n");
  listener.subscribe("t", "/topic/t");
  StompPeer evil = peer();
  evil.send("CONNECT\naccept-version:1.2\npasscode:wrong\n\n" + std::string(1, '\0') +
            "SEND\ndestination:/topic/t\n\nevil" + std::string(1, '\0'));
  EXPECT_EQ(evil.hear(), "error access refused");
  EXPECT_EQ(evil.hear(), "end");
  listener.publish("/topic/t", "good");
  EXPECT_EQ(listener.hear(), "t: good");
}

TEST_P(StompRules, TakesAHookThatThrowsForARefusal) {
  StompOptions options;
  options.authorize = [](stomp::Connect&) -> bool { throw std::runtime_error("down"); };
  world.start(std::move(options));
  EXPECT_EQ(peer().connect(), "error access refused");
  EXPECT_NE(world.server.log.next().find("handler_failed"), std::string::npos);
}

// CVE-2022-22971: what is malformed ends in an ERROR and the connection's end.
TEST_P(StompRules, EndsWithAnError) {
  world.start();
  EXPECT_EQ(refusal(peer(), "HELLO\n\n"), "error unknown command");
  EXPECT_EQ(refusal(connected(), "SEND\nno colon\n\n"), "error malformed header");
  EXPECT_EQ(refusal(connected(), "SEND\na:\\t\n\n"), "error malformed header");
  EXPECT_EQ(refusal(connected(), "SEND\n\nx"), "error missing header: destination");
  EXPECT_EQ(refusal(connected(), "SEND\ndestination:nowhere\n\nx"), "error unknown destination");
  EXPECT_EQ(refusal(connected(), "SEND\ndestination:/queue/q\ncontent-length:1\n\nxy"),
            "error body is not as long as it says");
  EXPECT_EQ(refusal(connected(), "SUBSCRIBE\nid:a\ndestination:/amq/queue/none\n\n"),
            "error no such queue");
  EXPECT_EQ(refusal(connected(), "SUBSCRIBE\nid:a\ndestination:/queue/q\nprefetch-count:x\n\n"),
            "error malformed prefetch-count");
  EXPECT_EQ(refusal(peer(), "CONNECT\naccept-version:1.2\nheart-beat:abc\n\n"),
            "error malformed heart-beat");
  EXPECT_TRUE(world.server.counts(&Stats::violations, 9));
}

TEST_P(StompRules, TellsWhichFrameAnErrorIsAbout) {
  world.start();
  StompPeer one = connected();
  one.say("SUBSCRIBE\nid:a\ndestination:/amq/queue/none\nreceipt:r7\n\n");
  EXPECT_EQ(one.hear(), "error no such queue");
  EXPECT_EQ(one.header("receipt-id"), "r7");
}

TEST_P(StompRules, SaysWhichVersionsThereAre) {
  world.start();
  StompPeer one = peer();
  EXPECT_EQ(one.connect({}, "1.3"), "error no common version");
  EXPECT_EQ(one.header("version"), "1.0,1.1,1.2");
}

TEST_P(StompRules, ChecksTheHostWhereThereAreSome) {
  StompOptions options;
  options.hosts = {"example.org"};
  world.start(std::move(options));
  EXPECT_EQ(peer().connect("host:example.org\n"), "connected 1.2");
  EXPECT_EQ(peer().connect("host:other\n"), "error access refused");
  EXPECT_EQ(peer().connect(), "error access refused");
}

// Whatever name a destination goes by, the application is asked about the same one.
TEST_P(StompRules, AsksWhoMayDoWhat) {
  StompOptions options;
  options.authorize = [](stomp::Connect&) { return true; };
  options.permit = [this](std::string_view user, stomp::Access access,
                          std::string_view destination) {
    asked.note(std::string(user) + (access == stomp::Access::send ? " sends " : " hears ") +
               std::string(destination));
    return destination.find("secret") == std::string_view::npos;
  };
  world.start(std::move(options));
  EXPECT_EQ(refusal(connected("login:ann\n"), "SEND\ndestination:/topic/secret\n\nx"),
            "error access refused");
  EXPECT_EQ(asked.next(), "ann sends /topic/secret");
  EXPECT_EQ(refusal(connected("login:ann\n"),
                    "SUBSCRIBE\nid:1\ndestination:/exchange/amq.topic/secret\n\n"),
            "error access refused");
  EXPECT_EQ(asked.next(), "ann hears /topic/secret");
  EXPECT_EQ(refusal(connected("login:ann\n"), "SUBSCRIBE\nid:1\ndestination:/amq/queue/secret\n\n"),
            "error access refused");
  EXPECT_EQ(asked.next(), "ann hears /queue/secret");
  EXPECT_EQ(refusal(connected("login:ann\n"), "SEND\ndestination:/user/bob/secret\n\n"),
            "error access refused");
  EXPECT_EQ(asked.next(), "ann sends /user/bob/secret");
  connected("login:ann\n").subscribe("a", "/user/queue/x");
  EXPECT_EQ(asked.next(), "ann hears /user/queue/x");
}

TEST_P(StompRules, TellsWhoComesAndGoes) {
  StompOptions options;
  options.authorize = [](stomp::Connect&) { return true; };
  options.on_connect = [this](std::string_view user) { asked.note("+" + std::string(user)); };
  options.on_disconnect = [this](std::string_view user) { asked.note("-" + std::string(user)); };
  world.start(std::move(options));
  StompPeer ann = connected("login:ann\n");
  EXPECT_EQ(asked.next(), "+ann");
  ann.say("DISCONNECT\n\n");
  EXPECT_EQ(ann.hear(), "end");
  ann.leave();
  EXPECT_EQ(asked.next(), "-ann");
  EXPECT_TRUE(asked.empty());
}

TEST_P(StompRules, KeepsItsLimits) {
  StompOptions options;
  options.connect_bytes = 200;
  options.body_bytes = 100;
  options.subscriptions = 1;
  options.queues = 1;
  options.queue_messages = 1;
  options.unacknowledged = 2;
  world.start(std::move(options));
  EXPECT_EQ(peer().connect("x:" + std::string(200, 'x') + "\n"), "error headers too long");
  EXPECT_EQ(refusal(peer(), "CONNECT\n\nbody"), "error no body is allowed here");
  EXPECT_EQ(refusal(connected(), "SEND\ndestination:/topic/t\n\n" + std::string(101, 'x')),
            "error body too large");
  StompPeer one = connected();
  one.subscribe("a", "/topic/t", "ack:client\n");
  EXPECT_EQ(refusal(connected(), "SUBSCRIBE\nid:a\ndestination:/amq/queue/x\n\n"),
            "error no such queue");
  one.publish("/topic/t", "1");
  one.publish("/topic/t", "2");
  one.publish("/topic/t", "3");
  EXPECT_EQ(one.hear(), "a: 1");
  EXPECT_EQ(one.hear(), "a: 2");
  EXPECT_EQ(one.hear(), "error too many messages without their ACK");
  StompPeer two = connected();
  two.subscribe("a", "/topic/t");
  EXPECT_EQ(refusal(std::move(two), "SUBSCRIBE\nid:b\ndestination:/topic/t\n\n"),
            "error too many subscriptions");
  StompPeer three = connected();
  three.publish("/queue/q", "1");
  three.publish("/queue/q", "2", "receipt:r\n");
  EXPECT_EQ(three.hear(), "error queue is full");
  EXPECT_EQ(three.header("receipt-id"), "r");
  StompPeer four = connected();
  four.publish("/queue/other", "1");
  EXPECT_EQ(four.hear(), "error too many queues");
}

TEST_P(StompRules, BuriesPoison) {
  StompOptions options;
  options.redeliveries = 1;
  options.dead_letters = "/queue/dead";
  world.start(std::move(options));
  StompPeer one = connected();
  one.subscribe("a", "/queue/jobs", "ack:client-individual\n");
  one.subscribe("d", "/queue/dead");
  one.publish("/queue/jobs", "poison");
  EXPECT_EQ(one.hear(), "a: poison");
  one.say("NACK\nid:" + one.header("ack") + "\n\n");
  EXPECT_EQ(one.hear(), "a: poison again");
  one.say("NACK\nid:" + one.header("ack") + "\n\n");
  EXPECT_EQ(one.hear(), "d: poison");
  EXPECT_EQ(one.header("x-first-death-queue"), "jobs");
  EXPECT_EQ(one.header("x-first-death-reason"), "delivery_limit");
  one.publish("/queue/jobs", "unwanted");
  EXPECT_EQ(one.hear(), "a: unwanted");
  one.say("NACK\nid:" + one.header("ack") + "\nrequeue:false\n\n");
  EXPECT_EQ(one.hear(), "d: unwanted");
  EXPECT_EQ(one.header("x-first-death-reason"), "rejected");
}

TEST_P(StompRules, EndsThoseThatDoNotConnect) {
  StompOptions options;
  options.connect_timeout = 50ms;
  world.start(std::move(options));
  EXPECT_EQ(peer().hear(), "end");
}

TEST_P(StompRules, BeatsAndMissesBeats) {
  StompOptions options;
  options.heartbeat_send = 20ms;
  options.heartbeat_receive = 20ms;
  world.start(std::move(options));
  StompPeer one = peer();
  EXPECT_EQ(one.connect("heart-beat:0,20\n"), "connected 1.2");
  EXPECT_EQ(one.header("heart-beat"), "20,20");
  EXPECT_EQ(one.hear_raw(), "\n");
  EXPECT_EQ(one.hear_raw(), "\n");
  StompPeer silent = peer();
  EXPECT_EQ(silent.connect("heart-beat:20,0\n"), "connected 1.2");
  EXPECT_EQ(silent.hear(), "end");  // after a second and twice the interval
}

TEST_P(StompRules, SaysGoodbyeWhenItStops) {
  world.start();
  StompPeer one = connected();
  one.listen();
  std::thread stopping([this] { world.server.server.stop(); });
  // A WebSocket has a code for it.
  const bool says = GetParam() != StompWay::websocket;
  EXPECT_EQ(one.hear(), says ? "error server shutting down" : "end");
  one.leave();
  stopping.join();
}

class StompHandshake : public ::testing::Test {
 protected:
  StompWorld world;
  Answer open(std::string_view fields) {
    WebSocketPeer peer{Peer(world.server.port)};
    return peer.open("/stomp", fields);
  }
};

TEST_F(StompHandshake, ChoosesTheHighestVersion) {
  world.start();
  const auto chosen = [this](const std::string& offered) {
    return open("Sec-WebSocket-Protocol: " + offered + "\r\n").field("sec-websocket-protocol");
  };
  EXPECT_EQ(chosen("v10.stomp, v11.stomp, v12.stomp"), "v12.stomp");
  EXPECT_EQ(chosen("v10.stomp, v11.stomp"), "v11.stomp");
  EXPECT_EQ(chosen("other, v10.stomp"), "v10.stomp");
  EXPECT_EQ(open({}).status, 101);
  EXPECT_EQ(open({}).field("sec-websocket-protocol"), "");
  EXPECT_EQ(open("Sec-WebSocket-Protocol: other\r\n").status, 400);
}

TEST_F(StompHandshake, LooksAtTheOrigin) {
  StompOptions options;
  options.origins = {.kind = OriginPolicy::Kind::list, .origins = {"https://example.org"}};
  world.start(std::move(options));
  EXPECT_EQ(open("Origin: https://example.org\r\n").status, 101);
  EXPECT_EQ(open("Origin: https://evil.example\r\n").status, 403);
}

// Where messages begin and end means nothing; beats are messages of their own.
TEST_F(StompHandshake, TakesAStreamInMessages) {
  world.start();
  WebSocketPeer peer(world.server.port, "/stomp");
  peer.say("CONN");
  peer.say_binary("ECT\naccept-version:1.2\n");
  peer.say("\n");
  peer.say(std::string("\0\n\nSUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0SEND\n", 46));
  peer.say_binary(std::string("destination:/topic/t\n\n\xc3", 23));
  peer.say_binary(std::string("\xa9\0", 2));
  EXPECT_TRUE(peer.hear().starts_with("CONNECTED\n"));
  EXPECT_TRUE(peer.hear().starts_with("MESSAGE\nsubscription:a\n"));
}

// It cannot read text that has a NUL (React Native): what it gets is of the kind that it sends.
TEST_F(StompHandshake, AnswersInBinaryWhoOpensInBinary) {
  world.start();
  WebSocketPeer peer(world.server.port, "/stomp");
  peer.say_binary(std::string("CONNECT\naccept-version:1.2\n\n\0", 29));
  EXPECT_TRUE(peer.hear().starts_with("binary:CONNECTED\n"));
  WebSocketPeer other(world.server.port, "/stomp");
  other.say(std::string("CONNECT\naccept-version:1.2\n\n\0", 29));
  EXPECT_TRUE(other.hear().starts_with("CONNECTED\n"));
  other.say(std::string("SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0", 38));
  other.say_binary(std::string("SEND\ndestination:/topic/t\n\n\xff\0", 29));
  EXPECT_TRUE(other.hear().starts_with("binary:MESSAGE\n"));
}

TEST_F(StompHandshake, ClosesWithACodeAfterItsFrame) {
  world.start();
  WebSocketPeer peer(world.server.port, "/stomp");
  peer.say(std::string("SEND\n\n\0", 7));
  EXPECT_TRUE(peer.hear().starts_with("ERROR\n"));
  EXPECT_EQ(peer.hear_close(), "close 1002");
  WebSocketPeer good(world.server.port, "/stomp");
  good.say(std::string("CONNECT\naccept-version:1.2\n\n\0DISCONNECT\nreceipt:1\n\n\0", 52));
  EXPECT_TRUE(good.hear().starts_with("CONNECTED\n"));
  EXPECT_TRUE(good.hear().starts_with("RECEIPT\n"));
  EXPECT_EQ(good.hear_close(), "close 1000");
  WebSocketPeer broken(world.server.port, "/stomp");
  broken.say("CONNECT\nlogin:\xff");
  EXPECT_EQ(broken.hear_close(), "close 1007");
}

class StompOverSockJs : public ::testing::Test {
 protected:
  StompWorld world;
};

TEST_F(StompOverSockJs, WritesWhatIsNoTextAsBase64) {
  world.start();
  StompPeer one = world.peer(StompWay::sockjs);
  EXPECT_EQ(one.connect(), "connected 1.2");
  one.subscribe("t", "/topic/t");
  one.subscribe("q", "/queue/q");
  StompPeer other = world.peer(StompWay::tcp);
  EXPECT_EQ(other.connect(), "connected 1.2");
  for (const char* to : {"/topic/t", "/queue/q"}) {
    other.publish(to, "\xff\xfe", "content-transfer-encoding:8bit\n");
    EXPECT_EQ(one.hear().substr(1), ": //4=") << to;
    EXPECT_EQ(one.header("content-transfer-encoding"), "base64");
    EXPECT_EQ(one.header("content-length"), "4");
    other.publish(to, "text", "content-type:application/octet-stream\n");
    EXPECT_EQ(one.hear().substr(1), ": text") << to;
    EXPECT_EQ(one.frame().find("content-transfer-encoding"), std::nullopt);
  }
  // Not SockJS's messages, of which there were more.
  EXPECT_EQ(world.server.server.stats().messages_in, 4U);
  EXPECT_TRUE(world.server.counts(&Stats::messages_out, 4));
}

TEST_F(StompOverSockJs, SaysItsEndInBothProtocols) {
  world.start();
  WebSocketPeer peer(world.server.port, "/sockjs/000/a/websocket");
  EXPECT_EQ(peer.hear(), "o");
  peer.say(R"(["CONNECT\naccept-version:1.2\n\n\u0000","DISCON","NECT\nreceipt:1\n\n\u0000"])");
  EXPECT_TRUE(peer.hear().starts_with(R"(a["CONNECTED\n)"));
  EXPECT_EQ(peer.hear(), R"(a["RECEIPT\nreceipt-id:1\n\n\u0000"])");
  EXPECT_EQ(peer.hear(), R"(c[1000,"Normal closure"])");
  EXPECT_EQ(peer.hear_close(), "close 1000");
  WebSocketPeer wrong(world.server.port, "/sockjs/000/b/websocket");
  EXPECT_EQ(wrong.hear(), "o");
  wrong.say(R"(["SEND\n\n\u0000"])");
  EXPECT_TRUE(wrong.hear().starts_with(R"(a["ERROR\n)"));
  EXPECT_EQ(wrong.hear(), R"(c[1002,"STOMP error"])");
}

// Below a SockJS service, for clients that know the path but no SockJS.
TEST_F(StompOverSockJs, TakesRawWebSocketsToo) {
  world.start();
  WebSocketPeer peer{Peer(world.server.port)};
  const Answer opened =
      peer.open("/sockjs/websocket", "Sec-WebSocket-Protocol: v10.stomp, v12.stomp\r\n");
  EXPECT_EQ(opened.status, 101);
  EXPECT_EQ(opened.field("sec-websocket-protocol"), "v12.stomp");
  peer.say_binary(std::string("CONNECT\naccept-version:1.2\n\n\0", 29));
  EXPECT_TRUE(peer.hear().starts_with("binary:CONNECTED\n"));
  peer.say_binary(std::string("SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0", 38));
  peer.say_binary(std::string("SEND\ndestination:/topic/t\n\n\xff\0", 29));
  const std::string message = peer.hear();
  EXPECT_TRUE(message.starts_with("binary:MESSAGE\n"));
  EXPECT_TRUE(message.ends_with(std::string("\xff\0", 2)));
}

// Any page can have a browser send cookies.
TEST_F(StompOverSockJs, ShowsTheLoginNothingThatIsNoProof) {
  StompOptions options;
  options.authorize = [](const stomp::Connect& connect) {
    return connect.request.header("cookie").empty() && connect.request.query == "token=t" &&
           connect.request.header("user-agent") == "test";
  };
  world.start(std::move(options));
  WebSocketPeer peer(world.server.port, "/sockjs/000/a/websocket?token=t",
                     "Cookie: a=b\r\nUser-Agent: test\r\n");
  EXPECT_EQ(peer.hear(), "o");
  peer.say(R"(["CONNECT\naccept-version:1.2\n\n\u0000"])");
  EXPECT_TRUE(peer.hear().starts_with(R"(a["CONNECTED\n)"));
}

TEST_F(StompOverSockJs, ClosesWhoDoesNotReadWhatComes) {
  StompOptions options;
  options.high_watermark = 1000;
  options.limit = 10'000;
  world.start(std::move(options));
  StompPeer slow = world.peer(StompWay::polling);
  EXPECT_EQ(slow.connect(), "connected 1.2");
  slow.subscribe("t", "/topic/t");
  StompPeer other = world.peer(StompWay::tcp);
  EXPECT_EQ(other.connect(), "connected 1.2");
  for (int i = 0; i < 11; ++i) other.publish("/topic/t", std::string(1000, 'x'));
  EXPECT_TRUE(world.server.counts(&Stats::slow_closed, 1));
  EXPECT_EQ(slow.hear(), "end");
}

TEST_F(StompOverSockJs, HasNoHandlers) {
  SockJsOptions options;
  options.on_message = [](SockJs&, Message) {};
  EXPECT_THROW(world.server.server.stomp("").sockjs("/x", options), std::invalid_argument);
}

}  // namespace
}  // namespace naru::test
