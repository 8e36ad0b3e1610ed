// stomp.md sections 2, 3, 5, 6 and 15.
#include "stomp/session.hpp"

#include "stomp/decoder.hpp"

#include <gtest/gtest.h>

namespace naru::stomp {
namespace {

using Asks = Session::Asks;
using namespace std::string_literals;
using namespace std::string_view_literals;

// A session, and a peer that writes frames as text.
class SessionTest : public ::testing::Test {
 protected:
  SessionOptions options;
  Session session{options};
  std::string bytes;
  Frame frame;

  const Frame& read(std::string_view text) {
    static const Limits kLimits;
    bytes = text;
    bytes += '\0';
    Decoder decoder(kLimits, frame);
    decoder.set_version(session.version());
    Cursor in(bytes);
    const auto result = decoder.receive(in);
    EXPECT_TRUE(result && *result != nullptr) << text;
    return frame;
  }
  Result<Session::Request> receive(std::string_view text) { return session.receive(read(text)); }
  std::string refusal(std::string_view text) {
    const auto request = receive(text);
    return request ? "none" : std::string(request.error().text);
  }
  std::string connect(std::string_view version = "1.2") {
    const auto request =
        receive("CONNECT\naccept-version:" + std::string(version) + "\nhost:h\n\n");
    EXPECT_TRUE(request && request->asks == Asks::login);
    return session.accept("s1", "", Instant{});
  }
  Subscription& subscribe(std::string_view ack, std::string_view id = "a") {
    const auto request = receive("SUBSCRIBE\nid:" + std::string(id) +
                                 "\ndestination:/queue/q\nack:" + std::string(ack) + "\n\n");
    EXPECT_TRUE(request && request->asks == Asks::subscribe);
    return *request->subscription;
  }
  // Delivers messages with these tags; returns the message-id of the last.
  std::string deliver(Subscription& to, std::initializer_list<std::uint64_t> tags) {
    std::string head;
    for (const std::uint64_t tag : tags) {
      head.clear();
      session.append_head(to, tag, head);
    }
    const std::size_t at = head.find("message-id:") + 11;
    return head.substr(at, head.find('\n', at) - at);
  }
  std::string settled(std::string_view text) {
    const auto request = receive(text);
    if (!request) return std::string(request.error().text);
    EXPECT_EQ(request->asks, Asks::settle);
    return said(request->settlement);
  }
  static std::string said(const Settlement& settlement) {
    std::string all = settlement.accepted ? "ack" : settlement.requeue ? "nack" : "discard";
    for (const std::uint64_t tag : settlement.tags) all += " " + std::to_string(tag);
    return all;
  }
};

TEST_F(SessionTest, ChoosesTheHighestCommonVersion) {
  EXPECT_EQ(connect("1.0,2.1,1.1"),
            "CONNECTED\nversion:1.1\nheart-beat:10000,10000\nsession:s1\nserver:naru\n\n\0"sv);
  EXPECT_EQ(session.version(), Version::v11);
}

TEST_F(SessionTest, TakesVersionsInAnyOrder) {
  connect("1.2,1.1,1.0");
  EXPECT_EQ(session.version(), Version::v12);
}

TEST_F(SessionTest, Speaks10ToThoseWhoNameNoVersion) {
  ASSERT_TRUE(receive("CONNECT\n\n"));
  EXPECT_EQ(session.accept("s1", "ann", Instant{}),
            "CONNECTED\nheart-beat:10000,10000\nsession:s1\nserver:naru\nuser-name:ann\n\n\0"sv);
}

TEST_F(SessionTest, TakesStompForConnect) {
  const auto request = receive("STOMP\naccept-version:1.2\n\n");
  EXPECT_TRUE(request && request->asks == Asks::login);
}

TEST_F(SessionTest, SaysWhichVersionsItSpeaks) {
  const auto request = receive("CONNECT\naccept-version:2.0,1.3\n\n");
  ASSERT_FALSE(request);
  EXPECT_EQ(session.error(request.error()),
            "ERROR\nmessage:no common version\nversion:1.0,1.1,1.2\ncontent-type:text/plain\n"
            "content-length:41\n\nSupported versions are 1.0, 1.1 and 1.2.\n\0"sv);
}

// CVE-2023-32081, CVE-2025-41254.
TEST_F(SessionTest, TakesNothingBeforeALoginWasAccepted) {
  EXPECT_EQ(refusal("SEND\ndestination:/queue/a\n\nx"), "not connected");
  EXPECT_EQ(refusal("SUBSCRIBE\nid:1\ndestination:/queue/a\n\n"), "not connected");
  EXPECT_EQ(refusal("DISCONNECT\n\n"), "not connected");
  EXPECT_EQ(refusal("CONNECTED\nversion:1.2\n\n"), "not connected");
  ASSERT_TRUE(receive("CONNECT\naccept-version:1.2\n\n"));
  EXPECT_EQ(refusal("SEND\ndestination:/queue/a\n\nx"), "not connected");
  EXPECT_EQ(refusal("CONNECT\naccept-version:1.2\n\n"), "not connected");
}

TEST_F(SessionTest, RefusesASecondConnect) {
  connect();
  EXPECT_EQ(refusal("CONNECT\naccept-version:1.2\n\n"), "connected already");
  EXPECT_EQ(refusal("STOMP\naccept-version:1.2\n\n"), "connected already");
  EXPECT_EQ(refusal("MESSAGE\n\n"), "unknown command");
}

TEST_F(SessionTest, RefusesMalformedHeartbeats) {
  EXPECT_EQ(refusal("CONNECT\naccept-version:1.2\nheart-beat:abc\n\n"), "malformed heart-beat");
}

TEST_F(SessionTest, NamesMissingHeaders) {
  connect();
  EXPECT_EQ(refusal("SEND\n\nx"), "missing header: destination");
  EXPECT_EQ(refusal("SUBSCRIBE\nid:1\n\n"), "missing header: destination");
  EXPECT_EQ(refusal("SUBSCRIBE\ndestination:/queue/a\n\n"), "missing header: id");
  EXPECT_EQ(refusal("UNSUBSCRIBE\n\n"), "missing header: id");
  EXPECT_EQ(refusal("BEGIN\n\n"), "missing header: transaction");
  EXPECT_EQ(refusal("COMMIT\n\n"), "missing header: transaction");
  EXPECT_EQ(refusal("ACK\n\n"), "no such message to acknowledge");
}

TEST_F(SessionTest, KnowsItsSubscriptions) {
  connect();
  subscribe("auto");
  EXPECT_EQ(refusal("SUBSCRIBE\nid:a\ndestination:/queue/b\n\n"), "subscription exists already");
  EXPECT_EQ(refusal("SUBSCRIBE\nid:b\ndestination:/queue/b\nack:never\n\n"), "unknown ack mode");
  subscribe("auto", "b");  // the same destination once more
  EXPECT_EQ(refusal("UNSUBSCRIBE\nid:c\n\n"), "no such subscription");
  const auto request = receive("UNSUBSCRIBE\nid:a\n\n");
  ASSERT_TRUE(request && request->asks == Asks::unsubscribe);
  EXPECT_EQ(request->ended->id, "a");
  EXPECT_EQ(refusal("UNSUBSCRIBE\nid:a\n\n"), "no such subscription");
  EXPECT_EQ(session.subscriptions(), 1U);
}

TEST_F(SessionTest, NeedsNoIdsIn10) {
  ASSERT_TRUE(receive("CONNECT\n\n"));
  session.accept("s1", "", Instant{});
  ASSERT_TRUE(receive("SUBSCRIBE\ndestination:/queue/a\n\n"));
  ASSERT_TRUE(receive("SUBSCRIBE\ndestination:/queue/b\n\n"));
  EXPECT_EQ(refusal("SUBSCRIBE\ndestination:/queue/a\n\n"), "subscription exists already");
  const auto request = receive("UNSUBSCRIBE\ndestination:/queue/a\n\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->ended->destination, "/queue/a");
  EXPECT_EQ(refusal("NACK\nmessage-id:1-1\n\n"), "unknown command");
}

TEST_F(SessionTest, WritesTheHeadOfAMessage) {
  connect();
  Subscription& individual = subscribe("client-individual", "x:y");
  Subscription& automatic = subscribe("auto", "b");
  std::string head;
  session.append_head(individual, 7, head);
  EXPECT_EQ(head, "MESSAGE\nsubscription:x\\cy\nmessage-id:1-1\nack:1-1\n");
  head.clear();
  session.append_head(automatic, 7, head);
  EXPECT_EQ(head, "MESSAGE\nsubscription:b\nmessage-id:2-2\n");
}

TEST_F(SessionTest, AcknowledgesById) {
  connect();
  Subscription& to = subscribe("client-individual");
  const std::string id = deliver(to, {5, 6});
  EXPECT_EQ(settled("ACK\nid:" + id + "\nsubscription:other\nmessage-id:9-9\n\n"), "ack 6");
  EXPECT_EQ(settled("ACK\nid:" + id + "\n\n"), "no such message to acknowledge");
  EXPECT_EQ(settled("NACK\nid:1-1\nrequeue:false\n\n"), "discard 5");
  EXPECT_EQ(settled("ACK\nid:1-99\n\n"), "no such message to acknowledge");
  EXPECT_EQ(settled("ACK\nid:2-1\n\n"), "no such message to acknowledge");
  EXPECT_EQ(settled("ACK\nmessage-id:1-1\nsubscription:a\n\n"), "no such message to acknowledge");
}

TEST_F(SessionTest, AcknowledgesByMessageAndSubscriptionIn11) {
  connect("1.1");
  Subscription& to = subscribe("client-individual");
  const std::string id = deliver(to, {5});
  EXPECT_EQ(settled("ACK\nmessage-id:" + id + "\nsubscription:b\n\n"),
            "no such message to acknowledge");
  EXPECT_EQ(settled("ACK\nmessage-id:" + id + "\n\n"), "no such message to acknowledge");
  EXPECT_EQ(settled("NACK\nmessage-id:" + id + "\nsubscription:a\nid:9-9\n\n"), "nack 5");
}

TEST_F(SessionTest, AcknowledgesByMessageIn10) {
  ASSERT_TRUE(receive("CONNECT\n\n"));
  session.accept("s1", "", Instant{});
  Subscription& to = subscribe("client", "");
  const std::string id = deliver(to, {5});
  EXPECT_EQ(settled("ACK\nmessage-id:" + id + "\n\n"), "ack 5");
}

TEST_F(SessionTest, AcknowledgesAllBeforeInClientModeOnly) {
  connect();
  Subscription& all = subscribe("client", "a");
  Subscription& one = subscribe("client-individual", "b");
  deliver(all, {1, 2});
  deliver(one, {1, 2});
  const std::string third = deliver(all, {3});
  deliver(all, {4});
  EXPECT_EQ(settled("ACK\nid:" + third + "\n\n"), "ack 1 2 3");
  EXPECT_EQ(settled("NACK\nid:1-6\n\n"), "nack 4");
  EXPECT_EQ(settled("ACK\nid:2-4\n\n"), "ack 2");
  EXPECT_EQ(settled("ACK\nid:2-3\n\n"), "ack 1");
}

TEST_F(SessionTest, HasNothingToAcknowledgeInAutoMode) {
  connect("1.1");
  const std::string id = deliver(subscribe("auto"), {1});
  EXPECT_EQ(settled("ACK\nmessage-id:" + id + "\nsubscription:a\n\n"),
            "no such message to acknowledge");
}

TEST_F(SessionTest, KeepsATransactionUntilItsCommit) {
  connect();
  const std::string id = deliver(subscribe("client-individual"), {5});
  EXPECT_EQ(receive("BEGIN\ntransaction:t\n\n")->asks, Asks::nothing);
  EXPECT_EQ(receive("SEND\ndestination:/queue/a\ntransaction:t\nx:y\n\nbody")->asks, Asks::nothing);
  EXPECT_EQ(receive("ACK\nid:" + id + "\ntransaction:t\n\n")->asks, Asks::nothing);
  const auto request = receive("COMMIT\ntransaction:t\n\n");
  ASSERT_TRUE(request && request->asks == Asks::commit);
  ASSERT_EQ(request->committed.size(), 2U);
  bytes.assign(bytes.size(), '?');  // what came is gone
  const Frame& sent = request->committed[0].frame();
  EXPECT_EQ(sent.header("destination"), "/queue/a");
  EXPECT_EQ(sent.header("x"), "y");
  EXPECT_EQ(sent.body, "body");
  const auto settlement = session.settle(request->committed[1].frame());
  ASSERT_TRUE(settlement);
  EXPECT_EQ(said(*settlement), "ack 5");
  EXPECT_EQ(refusal("COMMIT\ntransaction:t\n\n"), "no such transaction");
}

TEST_F(SessionTest, ForgetsAnAbortedTransaction) {
  connect();
  const std::string id = deliver(subscribe("client-individual"), {5});
  receive("BEGIN\ntransaction:t\n\n").value();
  receive("ACK\nid:" + id + "\ntransaction:t\n\n").value();
  EXPECT_EQ(receive("ABORT\ntransaction:t\n\n")->asks, Asks::nothing);
  EXPECT_EQ(settled("ACK\nid:" + id + "\n\n"), "ack 5");
}

TEST_F(SessionTest, RefusesWrongTransactions) {
  connect();
  EXPECT_EQ(refusal("SEND\ndestination:/queue/a\ntransaction:t\n\nx"), "no such transaction");
  EXPECT_EQ(refusal("ABORT\ntransaction:t\n\n"), "no such transaction");
  EXPECT_EQ(refusal("BEGIN\ntransaction:t\n\n"), "none");
  EXPECT_EQ(refusal("BEGIN\ntransaction:t\n\n"), "transaction exists already");
  EXPECT_EQ(refusal("ACK\nid:1-1\ntransaction:t\n\n"), "no such message to acknowledge");
}

TEST_F(SessionTest, KeepsItsLimits) {
  options.subscriptions = 1;
  options.transactions = 1;
  options.transaction_bytes = 1000;
  options.unacknowledged = 2;
  connect();
  Subscription& to = subscribe("client-individual");
  EXPECT_EQ(refusal("SUBSCRIBE\nid:b\ndestination:/queue/q\n\n"), "too many subscriptions");
  receive("BEGIN\ntransaction:t\n\n").value();
  EXPECT_EQ(refusal("BEGIN\ntransaction:u\n\n"), "too many transactions");
  const std::string send = "SEND\ndestination:/queue/a\ntransaction:t\n\n" + std::string(500, 'x');
  EXPECT_EQ(refusal(send), "none");
  EXPECT_EQ(refusal(send), "transactions too large");
  receive("ABORT\ntransaction:t\n\n").value();
  receive("BEGIN\ntransaction:t\n\n").value();
  EXPECT_EQ(refusal(send), "none");
  deliver(to, {1});
  EXPECT_TRUE(session.may_await_ack());
  deliver(to, {2});
  EXPECT_FALSE(session.may_await_ack());
  settled("ACK\nid:1-1\n\n");
  EXPECT_TRUE(session.may_await_ack());
  deliver(to, {3});
  receive("UNSUBSCRIBE\nid:a\n\n").value();
  EXPECT_TRUE(session.may_await_ack());
}

TEST_F(SessionTest, SaysErrorsAndReceipts) {
  connect();
  EXPECT_EQ(session.receipt("a:b"), "RECEIPT\nreceipt-id:a\\cb\n\n\0"sv);
  EXPECT_EQ(session.receipt("a", {{"b", "c:d"}}), "RECEIPT\nreceipt-id:a\nb:c\\cd\n\n\0"sv);
  const Frame& bad = read("SEND\nreceipt:r1\n\n");
  EXPECT_EQ(session.error({Errc::protocol_error, "wrong: very"}, &bad),
            "ERROR\nmessage:wrong\\c very\nreceipt-id:r1\n\n\0"sv);
  EXPECT_EQ(session.error({Errc::protocol_error, "wrong"}), "ERROR\nmessage:wrong\n\n\0"sv);
}

TEST_F(SessionTest, TakesBodiesOfSendOnly) {
  EXPECT_EQ(refusal("CONNECT\naccept-version:1.2\n\nbody"), "no body is allowed here");
  connect();
  EXPECT_EQ(refusal("SUBSCRIBE\nid:a\ndestination:/queue/q\n\nbody"), "no body is allowed here");
  EXPECT_EQ(refusal("SEND\ndestination:/queue/q\n\nbody"), "none");
}

TEST_F(SessionTest, EndsWithDisconnect) {
  connect();
  EXPECT_EQ(receive("DISCONNECT\nreceipt:r\n\n")->asks, Asks::disconnect);
  EXPECT_TRUE(session.closing());
  EXPECT_EQ(refusal("SEND\ndestination:/queue/a\n\nx"), "not connected");
}

}  // namespace
}  // namespace naru::stomp
