// stomp.md sections 3, 4, 5 and 10, the client's side; against our own Session where it matters.
#include "stomp/client_session.hpp"

#include "stomp/decoder.hpp"
#include "support/for_each_split.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp {
namespace {

using What = ClientSession::What;
using namespace std::chrono_literals;
using namespace std::string_literals;

Instant at(Duration since) {
  return Instant{} + since;
}

class ClientSessionTest : public ::testing::Test {
 protected:
  ClientSessionOptions options;
  ClientSession client{options};
  const Limits limits;

  // What a server's bytes come to, in words.
  std::string run(ClientSession& session, const std::vector<std::string>& pieces) const {
    Frame frame;
    Decoder decoder(limits, frame);
    decoder.set_version(session.version());
    std::string said;
    for (std::string piece : pieces) {
      for (Cursor in(piece);;) {
        const auto read = decoder.receive(in);
        if (!read) return said + "error: " + std::string(read.error().text);
        if (*read == nullptr) break;
        const auto event = session.receive(**read, at(0s));
        if (!event) return said + "error: " + std::string(event.error().text);
        decoder.set_version(session.version());
        constexpr std::array<std::string_view, 5> kNames{"nothing", "connected", "message",
                                                         "receipt", "error"};
        said.append(kNames[static_cast<std::size_t>(event->what)]);
        said.append(" ").append(std::to_string(event->number));
        said.append(" ").append((*read)->header("h")).append((*read)->body).append("; ");
      }
    }
    return said;
  }
  std::string heard(const std::string& bytes) { return run(client, {bytes}); }
  void connect(const std::string& version) {
    client.open(at(0s));
    EXPECT_EQ(heard("CONNECTED\nversion:" + version + "\nheart-beat:10000,10000\n\n\0"s),
              "connected 0 ; ");
  }
};

TEST_F(ClientSessionTest, AsksForEveryVersionAndNamesNoHostUnlessTold) {
  EXPECT_EQ(client.open(at(0s)),
            "CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:10000,10000\n\n\0"s);
  options.host = "broker";
  options.login = "me";
  options.passcode = "a:b";  // CONNECT has no escapes
  options.headers = {{"token", "t"}, {"passcode", "other"}};
  EXPECT_EQ(client.open(at(0s)),
            "CONNECT\naccept-version:1.0,1.1,1.2\nhost:broker\nlogin:me\npasscode:a:b\n"
            "heart-beat:10000,10000\ntoken:t\n\n\0"s);
}

TEST_F(ClientSessionTest, HearsTheSameHoweverTheBytesAreCut) {
  const std::string bytes =
      "CONNECTED\nversion:1.2\n\n\0\n\nMESSAGE\r\nsubscription:1\r\nh:a\\cb\r\n"
      "content-length:3\r\n\r\nx\0y\0\r\nRECEIPT\nreceipt-id:1\n\n\0MESSAGE\nsubscription:9\n\n\0"
      "RECEIPT\nreceipt-id:1\n\n\0ERROR\nmessage:no\n\nwhy\0"s;
  const auto lived = [&](const std::vector<std::string>& pieces) {
    ClientSession session(options);
    session.remember("/queue/a", AckMode::automatic, {});
    session.open(at(0s));
    EXPECT_TRUE(session.expect_receipt(at(0s)));
    return run(session, pieces);
  };
  EXPECT_EQ(lived({bytes}),
            "connected 0 ; message 1 a:bx\0y; receipt 1 ; nothing 0 ; nothing 0 ; error 0 why; "s);
  test::for_each_split(bytes, lived);
}

TEST_F(ClientSessionTest, RefusesWhatNoServerSays) {
  client.open(at(0s));
  EXPECT_EQ(heard("MESSAGE\nsubscription:1\n\n\0"s), "error: a frame before CONNECTED");
  EXPECT_EQ(heard("CONNECTED\nversion:2.0\n\n\0"s), "error: a version that was not offered");
  EXPECT_EQ(heard("CONNECTED\nheart-beat:x\n\n\0"s), "error: malformed heart-beat");
  EXPECT_FALSE(client.connected());
  connect("1.2");
  EXPECT_EQ(heard("CONNECTED\nversion:1.2\n\n\0"s), "error: no frame of a server, or not now");
  EXPECT_EQ(heard("SEND\ndestination:/a\n\n\0"s), "error: no frame of a server, or not now");
}

TEST_F(ClientSessionTest, SpeaksOldVersions) {
  const std::uint64_t id = client.remember("/queue/a", AckMode::client_individual, {});
  const Delivery delivery{.ack = "A", .message_id = "M", .subscription = "1"};
  client.open(at(0s));
  EXPECT_EQ(heard("CONNECTED\nsession:s\n\n\0"s), "connected 0 ; ");
  EXPECT_EQ(client.version(), Version::v10);
  EXPECT_EQ(client.subscribe(id), "SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\n\n\0"s);
  EXPECT_EQ(client.settle(Command::ack, delivery).value(), "ACK\nmessage-id:M\n\n\0"s);
  EXPECT_FALSE(client.settle(Command::nack, delivery));
  EXPECT_EQ(heard("MESSAGE\ndestination:/queue/a\n\nhi\0"s), "message 1 hi; ");
  connect("1.1");
  EXPECT_EQ(client.settle(Command::nack, delivery).value(),
            "NACK\nmessage-id:M\nsubscription:1\n\n\0"s);
  EXPECT_EQ(heard("MESSAGE\ndestination:/queue/a\n\nhi\0"s), "nothing 0 hi; ");
  connect("1.2");
  EXPECT_EQ(client.settle(Command::ack, delivery, "t", 7).value(),
            "ACK\nid:A\ntransaction:t\nreceipt:7\n\n\0"s);
}

TEST_F(ClientSessionTest, WritesFramesWhoseOwnHeadersCount) {
  connect("1.2");
  EXPECT_EQ(
      client.send("/topic/a", "hi", {{"content-length", "9"}, {"k", "a\nb"}}, "t", 3),
      "SEND\ndestination:/topic/a\ntransaction:t\nreceipt:3\nk:a\\nb\ncontent-length:2\n\nhi\0"s);
  EXPECT_EQ(client.transaction(Command::begin, "t"), "BEGIN\ntransaction:t\n\n\0"s);
  EXPECT_EQ(client.transaction(Command::commit, "t", 4), "COMMIT\ntransaction:t\nreceipt:4\n\n\0"s);
  EXPECT_EQ(client.unsubscribe(1), "UNSUBSCRIBE\nid:1\n\n\0"s);
  EXPECT_EQ(client.disconnect(5), "DISCONNECT\nreceipt:5\n\n\0"s);
}

TEST_F(ClientSessionTest, SubscribesAgainOnEachConnection) {
  const std::uint64_t first = client.remember("/topic/a", AckMode::automatic, {});
  client.remember("/queue/b", AckMode::client, {{"selector", "x = 1"}, {"id", "mine"}});
  const std::uint64_t third = client.remember("/topic/c", AckMode::automatic, {});
  client.forget(third);
  connect("1.2");
  const std::string all =
      "SUBSCRIBE\nid:1\ndestination:/topic/a\nack:auto\n\n\0"
      "SUBSCRIBE\nid:2\ndestination:/queue/b\nack:client\nselector:x = 1\n\n\0"s;
  EXPECT_EQ(client.subscriptions(), all);
  client.close();
  connect("1.2");
  EXPECT_EQ(client.subscriptions(), all);
  client.forget(first);
  EXPECT_EQ(client.subscribe(first), "");
}

TEST_F(ClientSessionTest, ReceiptsComeInTimeOrAreMissed) {
  options.receipts = 2;
  connect("1.2");
  EXPECT_EQ(client.expect_receipt(at(0s)).value(), 1U);
  EXPECT_EQ(client.expect_receipt(at(1s)).value(), 2U);
  EXPECT_FALSE(client.expect_receipt(at(1s)));
  client.heartbeat() = {};
  EXPECT_EQ(client.deadline(), at(30s));
  EXPECT_TRUE(client.on_deadline(at(29s)).receipts.empty());
  EXPECT_EQ(client.on_deadline(at(30s)).receipts, std::vector<std::uint64_t>{1});
  EXPECT_EQ(heard("RECEIPT\nreceipt-id:1\n\n\0"s), "nothing 0 ; ");
  EXPECT_EQ(heard("RECEIPT\nreceipt-id:2\n\n\0"s), "receipt 2 ; ");
  EXPECT_EQ(client.expect_receipt(at(31s)).value(), 3U);
  EXPECT_EQ(client.close(), std::vector<std::uint64_t>{3});
  EXPECT_EQ(client.deadline(), kNever);
}

TEST_F(ClientSessionTest, BeatsAndGivesUpASilentServer) {
  client.open(at(0s));
  EXPECT_EQ(client.deadline(), at(10s));
  EXPECT_FALSE(client.on_deadline(at(9s)).dead);
  EXPECT_TRUE(client.on_deadline(at(10s)).dead);
  connect("1.2");
  EXPECT_EQ(client.deadline(), at(7500ms));
  EXPECT_TRUE(client.on_deadline(at(7500ms)).send_beat);
  client.heartbeat().on_sent(at(7500ms));
  client.heartbeat().on_sent(at(20s));
  EXPECT_EQ(client.deadline(), at(21s));
  EXPECT_TRUE(client.on_deadline(at(21s)).dead);
}

// Both sides of the house understand one another, in each version.
TEST_F(ClientSessionTest, IsUnderstoodByOurServer) {
  for (const std::string version : {"1.0", "1.1", "1.2"}) {
    const SessionOptions server_options;
    Session server(server_options);
    Frame frame;
    const auto ask = [&](std::string bytes) {
      Decoder decoder(limits, frame);
      decoder.set_version(server.version());
      Cursor in(bytes);
      const auto read = decoder.receive(in);
      EXPECT_TRUE(read && *read != nullptr);
      return server.receive(**read);
    };
    std::string opening = client.open(at(0s));
    opening.replace(opening.find("1.0,1.1,1.2"), 11, version);
    ASSERT_TRUE(ask(opening));
    EXPECT_EQ(heard(server.accept("s", "", at(0s))), "connected 0 ; ");
    const std::uint64_t id = client.remember("/queue/q", AckMode::client, {});
    const auto subscribed = ask(client.subscribe(id));
    ASSERT_TRUE(subscribed && subscribed->subscription != nullptr) << version;
    std::string message;
    server.append_head(*subscribed->subscription, 42, message);
    append_body("hi", message);
    EXPECT_EQ(heard(message), "message " + std::to_string(id) + " hi; ");
    Frame delivered;
    Decoder decoder(limits, delivered);
    decoder.set_version(client.version());
    Cursor in(message);
    ASSERT_TRUE(decoder.receive(in));
    const auto settled = ask(
        client
            .settle(Command::ack, {.ack = std::string(delivered.header("ack")),
                                   .message_id = std::string(delivered.header("message-id")),
                                   .subscription = std::string(delivered.header("subscription"))})
            .value());
    ASSERT_TRUE(settled) << version;
    EXPECT_EQ(settled->asks, Session::Asks::settle);
    EXPECT_EQ(settled->settlement.tags, std::vector<std::uint64_t>{42}) << version;
    client.forget(id);
    client.close();
  }
}

}  // namespace
}  // namespace naru::stomp
