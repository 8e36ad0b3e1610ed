// stomp.md section 13, and what of section 15 a relay could spoil.
#include "stomp/relay.hpp"

#include "stomp/decoder.hpp"
#include "support/for_each_split.hpp"

#include <gtest/gtest.h>

namespace naru::stomp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;
using Asks = Relay::Asks;
using Tells = Relay::Tells;

class RelayTest : public ::testing::Test {
 protected:
  RelayOptions options{.virtual_host = "/v",
                       .login = "naru",
                       .passcode = "s3cret",
                       .connect_headers = {"client-id"},
                       .withheld_headers = {"x-queue-name"}};
  Limits limits;

  // The frames of `bytes`, each as `receive` puts it, in one text.
  template <class Receive>
  std::string run(std::vector<std::string> pieces, Version version, Receive receive) const {
    Frame frame;
    Decoder decoder(limits, frame);
    decoder.set_version(version);
    std::string out;
    for (std::string& piece : pieces) {
      Cursor in(piece);
      for (;;) {
        const auto read = decoder.receive(in);
        if (!read) return out + "error: " + std::string(read.error().text);
        if (*read == nullptr) break;
        if (!receive(**read, out)) return out;
      }
    }
    return out;
  }

  std::string login(Relay& relay, std::string text) const {
    return run({text + '\0'}, Version::v10, [&](const Frame& frame, std::string& out) {
      const auto asks = relay.receive(frame);
      out = asks ? relay.connect(frame, Instant{}) : relay.error(asks.error(), &frame);
      return true;
    });
  }
  // Connected by that version, if the broker has chosen it so.
  void connect(Relay& relay, const std::string& version = "1.2") const {
    login(relay, "CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:20000,5000\n\n");
    EXPECT_EQ(from_broker(relay, "CONNECTED\nversion:" + version + "\nheart-beat:3000,4000\n\n\0"s),
              "connected;");
    relay.accept("id", "", Instant{});
  }
  std::string from_broker(Relay& relay, const std::string& bytes) const {
    return run({bytes}, relay.version(),
               [&](const Frame& frame, std::string& out) { return tell(relay, frame, out); });
  }
  static bool tell(Relay& relay, const Frame& frame, std::string& out) {
    constexpr const char* kNames[] = {"connected;", "refused;", "", "last: "};
    const auto tells = relay.receive_from_broker(frame, Instant{});
    if (!tells) return out.append("error: ").append(tells.error().text), false;
    out += kNames[static_cast<int>(*tells)];
    if (*tells == Tells::forward || *tells == Tells::last) relay.to_client(frame, out);
    return true;
  }
  std::string from_client(Relay& relay, std::vector<std::string> pieces) const {
    return run(std::move(pieces), relay.version(), [&](const Frame& frame, std::string& out) {
      const auto asks = relay.receive(frame);
      if (!asks) return out.append("error: ").append(asks.error().text), false;
      if (*asks == Asks::nothing) return out += "nothing;", true;
      relay.to_broker(frame, out);
      return true;
    });
  }
};

TEST_F(RelayTest, TellsTheBrokerWhatItIsToldToTell) {
  Relay relay(options);
  EXPECT_EQ(login(relay,
                  "CONNECT\naccept-version:1.2, 1.1,9.9\nhost:h\nlogin:me\npasscode:mine\n"
                  "heart-beat:1,2\nclient-id:c\nAuthorization:token\n\n"),
            "CONNECT\naccept-version:1.1,1.2\nhost:/v\nlogin:naru\npasscode:s3cret\n"
            "heart-beat:10000,10000\nclient-id:c\n\n\0"s);
}

TEST_F(RelayTest, TellsTheClientsOwnLoginWhenThereIsNoOther) {
  options.login = options.passcode = options.virtual_host = "";
  Relay relay(options);
  EXPECT_EQ(login(relay, "CONNECT\nlogin:me\npasscode:mi:ne\n\n"),
            "CONNECT\naccept-version:1.0\nlogin:me\npasscode:mi:ne\nheart-beat:10000,10000\n\n\0"s);
}

TEST_F(RelayTest, RefusesWhatIsNoLogin) {
  for (const auto& [frame, error] : std::vector<std::pair<std::string, std::string>>{
           {"SEND\ndestination:/queue/a\n\n", "not connected"},
           {"CONNECTED\nversion:1.2\n\n", "not connected"},
           {"CONNECT\naccept-version:2.0\n\n", "no common version"},
           {"CONNECT\nheart-beat:x\n\n", "malformed heart-beat"}}) {
    Relay relay(options);
    const std::string said = login(relay, frame);
    EXPECT_TRUE(said.starts_with("ERROR\nmessage:" + error + "\n")) << said;
  }
  Relay relay(options);
  EXPECT_TRUE(login(relay, "CONNECT\n\n").starts_with("CONNECT\n"));
  EXPECT_TRUE(login(relay, "SEND\ndestination:/queue/a\n\n").starts_with("ERROR\n"));  // too early
}

TEST_F(RelayTest, SpeaksTheVersionThatTheBrokerHasChosen) {
  Relay relay(options);
  login(relay, "CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:0,5000\n\n");
  EXPECT_FALSE(relay.connected());
  EXPECT_EQ(from_broker(relay, "CONNECTED\nversion:1.1\nsession:theirs\nserver:RabbitMQ\n\n\0"s),
            "connected;");
  EXPECT_EQ(relay.accept("ours", "eve", Instant{}),
            "CONNECTED\nversion:1.1\nheart-beat:10000,10000\nsession:ours\nserver:naru\n"
            "user-name:eve\n\n\0"s);
  EXPECT_TRUE(relay.connected());
}

TEST_F(RelayTest, TrustsNoBrokerBlindly) {
  for (const auto& [frame, heard] : std::vector<std::pair<std::string, std::string>>{
           {"MESSAGE\n\n", "error: the broker's frame is no CONNECTED"},
           {"CONNECTED\nversion:1.1\n\n", "error: the broker's version was not offered"},
           {"CONNECTED\nversion:1.2\nheart-beat:-\n\n", "error: malformed heart-beat"},
           {"ERROR\nmessage:no\n\n", "refused;"}}) {
    Relay relay(options);
    login(relay, "CONNECT\naccept-version:1.2\n\n");
    EXPECT_EQ(from_broker(relay, frame + '\0'), heard);
  }
  Relay relay(options);
  connect(relay);
  EXPECT_EQ(from_broker(relay, "SEND\ndestination:x\n\n\0"s),
            "error: the broker's frame is none of a server");
}

TEST_F(RelayTest, ForwardsEveryFrameHoweverItIsCut) {
  const std::string said =
      "SEND\ndestination:/queue/a\nx:a\\cb\\n\\r\\\\\ncontent-length:3\n\n1\0"
      "3\0"
      "\nSUBSCRIBE\nid:1\ndestination:/topic/#\nack:client\nselector:a > 1\n\n\0"
      "BEGIN\ntransaction:t\n\n\0ACK\nid:7\ntransaction:t\n\n\0NACK\nid:8\nrequeue:false\n\n\0"
      "COMMIT\ntransaction:t\nreceipt:r\n\n\0ABORT\ntransaction:u\n\n\0UNSUBSCRIBE\nid:1\n\n\0"
      "SEND\ndestination:/queue/a\n\ntext\0DISCONNECT\nreceipt:bye\n\n\0"s;
  std::string wanted = said;
  wanted.erase(wanted.find("\nSUBSCRIBE"), 1);  // a heart-beat
  test::for_each_split(said, [&](const std::vector<std::string>& pieces) {
    Relay relay(options);
    connect(relay);
    return from_client(relay, pieces);
  });
  Relay relay(options);
  connect(relay);
  EXPECT_EQ(from_client(relay, {said}), wanted);
  EXPECT_TRUE(relay.closing());
  EXPECT_TRUE(relay.awaits_receipt());
  EXPECT_EQ(from_client(relay, {"SEND\ndestination:/queue/a\n\n\0"s}), "nothing;");
}

TEST_F(RelayTest, ForwardsTheBrokersFramesHoweverTheyAreCut) {
  const std::string said =
      "MESSAGE\nsubscription:1\nmessage-id:T_1@@x@@1\nack:T_1@@x@@1\ndestination:/queue/a\n"
      "k:1\\n2\nk:3\ncontent-length:2\n\n\0\n\0\n\nRECEIPT\nreceipt-id:r\n\n\0"
      "MESSAGE\nsubscription:1\nmessage-id:2\n\ntext\0"s;
  std::string wanted = said;
  wanted.erase(wanted.find("\n\nRECEIPT"), 2);
  test::for_each_split(said, [&](const std::vector<std::string>& pieces) {
    Relay relay(options);
    connect(relay);
    return run(pieces, relay.version(),
               [&](const Frame& frame, std::string& out) { return tell(relay, frame, out); });
  });
  Relay relay(options);
  connect(relay);
  EXPECT_EQ(from_broker(relay, said), wanted);
}

TEST_F(RelayTest, WithholdsWhatABrokerCouldTakeForAnother) {
  Relay relay(options);
  connect(relay, "1.1");
  EXPECT_EQ(from_client(relay, {"SUBSCRIBE\nid:1\ndestination:/topic/a\ndestination:/queue/secret\n"
                                "destination :/queue/secret\nx-queue-name:secret\nlogin:a\n"
                                "passcode:b\nk:v\n\n\0"s}),
            "SUBSCRIBE\nid:1\ndestination:/topic/a\nk:v\n\n\0"s);
}

// A length that we have understood and the broker has not would make two frames of one.
TEST_F(RelayTest, SmugglesNoFrameInABody) {
  const std::string body = "a\0SEND\ndestination:/queue/secret\n\nb"s;
  const std::string length = std::to_string(body.size());
  for (const std::string& name : {"content-length "s, " content-length"s, "content-length"s}) {
    for (const char* version : {"1.0", "1.1", "1.2"}) {
      Relay relay(options);
      connect(relay, version);
      EXPECT_EQ(from_client(relay, {"SEND\n" + name + ":" + length + "\ndestination:/queue/a\n\n" +
                                    body + '\0'}),
                "SEND\ndestination:/queue/a\ncontent-length:" + length + "\n\n" + body + '\0');
    }
  }
}

TEST_F(RelayTest, RefusesWhatNoClientSays) {
  for (const auto& [frame, error] : std::vector<std::pair<std::string, std::string>>{
           {"CONNECT\n\n", "connected already"},
           {"STOMP\n\n", "connected already"},
           {"MESSAGE\n\n", "unknown command"},
           {"SEND\n\n", "missing header: destination"},
           {"SUBSCRIBE\nid:1\n\n", "missing header: destination"},
           {"ACK\nid:1\n\nbody", "no body is allowed here"}}) {
    Relay relay(options);
    connect(relay);
    EXPECT_EQ(from_client(relay, {frame + '\0'}), "error: " + error);
  }
  Relay old(options);
  connect(old, "1.0");
  EXPECT_EQ(from_client(old, {"NACK\nmessage-id:1\n\n\0"s}), "error: unknown command");
}

TEST_F(RelayTest, EndsWithAnErrorAndWithTheLastReceipt) {
  Relay relay(options);
  connect(relay);
  from_client(relay, {"DISCONNECT\nreceipt:bye\n\n\0"s});
  EXPECT_EQ(from_broker(relay, "RECEIPT\nreceipt-id:x\n\n\0RECEIPT\nreceipt-id:bye\n\n\0"s),
            "RECEIPT\nreceipt-id:x\n\n\0last: RECEIPT\nreceipt-id:bye\n\n\0"s);
  Relay other(options);
  connect(other);
  EXPECT_EQ(from_broker(other, "ERROR\nmessage:no such queue\n\nwhy\0"s),
            "last: ERROR\nmessage:no such queue\n\nwhy\0"s);
}

TEST_F(RelayTest, WatchesBothSides) {
  Relay relay(options);
  EXPECT_EQ(relay.deadline(), kNever);
  login(relay, "CONNECT\naccept-version:1.2\nheart-beat:20000,5000\n\n");
  EXPECT_EQ(relay.deadline(), Instant{} + 10s);  // the broker's CONNECTED
  EXPECT_FALSE(relay.on_deadline(Instant{} + 9s).broker_dead);
  EXPECT_TRUE(relay.on_deadline(Instant{} + 10s).broker_dead);
  from_broker(relay, "CONNECTED\nversion:1.2\nheart-beat:30000,20000\n\n\0"s);
  relay.accept("id", "", Instant{});
  // To the client every 10 s, to the broker every 20; the client is heard every 20, the broker
  // every 30.
  EXPECT_EQ(relay.deadline(), Instant{} + 7500ms);
  EXPECT_TRUE(relay.on_deadline(Instant{} + 7500ms).beat_client);
  EXPECT_FALSE(relay.on_deadline(Instant{} + 7500ms).beat_broker);
  EXPECT_TRUE(relay.on_deadline(Instant{} + 15s).beat_broker);
  EXPECT_FALSE(relay.on_deadline(Instant{} + 15s).client_dead);
  EXPECT_TRUE(relay.on_deadline(Instant{} + 41s).client_dead);
  EXPECT_FALSE(relay.on_deadline(Instant{} + 41s).broker_dead);
  EXPECT_TRUE(relay.on_deadline(Instant{} + 61s).broker_dead);
  relay.broker_heartbeat().on_received(Instant{} + 60s);
  EXPECT_FALSE(relay.on_deadline(Instant{} + 61s).broker_dead);
}

TEST(RelayedName, IsOneForEveryAlias) {
  const auto name = [](std::string_view text, Use use = Use::send) {
    const auto result = relayed_name(text, use);
    return result ? *result : "error: " + std::string(result.error().text);
  };
  EXPECT_EQ(name("/topic/a.b"), "/topic/a.b");
  EXPECT_EQ(name("/exchange/amq.topic/a.b"), "/topic/a.b");
  EXPECT_EQ(name("/topic/#", Use::subscribe), "/topic/#");
  EXPECT_EQ(name("/queue/%73ecret"), "/queue/secret");
  EXPECT_EQ(name("/amq/queue/a%2Fb"), "/queue/a/b");
  EXPECT_EQ(name("/reply-queue/secret"), "/queue/secret");
  EXPECT_EQ(name("/reply-queue/amq.gen-x"), "");
  for (const char* wrong : {"/queue/a%", "/queue/a%2", "/queue/a%zz", "/queue/a,/queue/b",
                            "/queue/a%2Cb", "/queue/a\rb", "/queue/a%00b"}) {
    EXPECT_EQ(name(wrong), "error: malformed destination") << wrong;
  }
  for (const char* other : {"/exchange/logs/a", "/user/eve/queue/a", "queue"}) {
    EXPECT_EQ(name(other), "error: unknown destination") << other;
  }
  EXPECT_EQ(name("/temp-queue/a"), "error: a temporary queue is for reply-to only");
}

}  // namespace
}  // namespace naru::stomp
