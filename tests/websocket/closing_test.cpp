#include "websocket/connection.hpp"
#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

// The closing handshake of Connection (RFC 6455 sections 5.5.1 and 7).

namespace naru::websocket {
namespace {

using test::bytes;
using test::code;
using test::expect;
using test::Feed;
using test::frame_to;
using test::masked;

constexpr unsigned kText = 0x81, kPing = 0x89, kClose = 0x88;
constexpr Role kRoles[] = {Role::server, Role::client};

TEST(Closing, AnswersWithTheSameCode) {
  for (const Role role : kRoles) {
    expect(role, frame_to(role, kClose, code(1000, "bye")), {"closed 1000 bye", "-> close 1000"});
    expect(role, frame_to(role, kClose, code(4999)), {"closed 4999 ", "-> close 4999"});
  }
}

TEST(Closing, AnswersAnEmptyCloseWithAnEmptyOne) {
  expect(Role::server, masked(kClose, ""), {"closed 1005 ", "-> close 1005"});
  Feed feed;
  feed.receive(masked(kClose, ""));
  EXPECT_EQ(test::flatten(feed.queue), bytes("88 00"));
}

TEST(Closing, IgnoresEverythingAfterTheClose) {
  expect(Role::server,
         masked(kClose, code(1000)) + masked(kText, "x") + masked(kPing, "y") + masked(kClose, "") +
             bytes("ff ff"),
         {"closed 1000 ", "-> close 1000"});
}

TEST(Closing, EndsAFragmentedMessage) {
  expect(Role::server, masked(0x01, "a") + masked(kClose, code(1001)) + masked(0x80, "b"),
         {"closed 1001 ", "-> close 1001"});
}

TEST(Closing, AcceptsEveryCodeThatMayBeSent) {
  for (const unsigned good : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U,
                              1013U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    const std::string number = std::to_string(good);
    expect(Role::server, masked(kClose, code(good)),
           {"closed " + number + " ", "-> close " + number});
  }
}

TEST(Closing, RefusesEveryCodeThatMayNotBeSent) {
  for (const unsigned bad :
       {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    expect(Role::server, masked(kClose, code(bad, "x")), {"protocol_error", "-> close 1002"});
  }
}

TEST(Closing, RefusesHalfACode) {
  expect(Role::server, masked(kClose, "x"), {"protocol_error", "-> close 1002"});
}

TEST(Closing, AcceptsAReasonOf123Bytes) {
  const std::string reason(123, 'r');
  expect(Role::server, masked(kClose, code(1000, reason)),
         {"closed 1000 " + reason, "-> close 1000"});
  expect(Role::server, masked(kClose, code(1000, reason + "r")),
         {"protocol_error", "-> close 1002"});
}

TEST(Closing, RefusesAReasonThatIsNotUtf8) {
  expect(Role::server, masked(kClose, code(1000, "\xce\xba\xed\xa0\x80")),
         {"bad_utf8", "-> close 1007"});
  expect(Role::server, masked(kClose, code(1000, "\xce")), {"bad_utf8", "-> close 1007"});
}

TEST(Closing, AwaitsTheAnswerToItsOwnClose) {
  for (const Role role : kRoles) {
    Feed feed(role);
    feed.connection.close(1001, "restart", feed.queue);
    EXPECT_TRUE(feed.connection.close_sent());
    EXPECT_FALSE(feed.connection.finished());
    feed.receive(frame_to(role, kClose, code(1001)));
    EXPECT_TRUE(feed.connection.finished());
    EXPECT_EQ(feed.transcript(),
              (std::vector<std::string>{"close answered 1001 ", "-> close 1001"}));
  }
}

TEST(Closing, DropsMessagesAfterItsOwnClose) {
  const std::string input = masked(kText, "late") + masked(kPing, "p") + masked(0x01, "fragment") +
                            masked(0x00, "\xff") + masked(0x80, "") +
                            masked(0x82, std::string(300, 'x')) + masked(kClose, code(1000));
  test::expect_after([](Feed& feed) { feed.connection.close(1000, {}, feed.queue); }, Role::server,
                     input, {"close answered 1000 ", "-> close 1000"});
}

TEST(Closing, CountsTheFragmentsOfEachDroppedMessage) {
  const std::string message = masked(0x01, "a") + masked(0x80, "b");
  test::expect_after([](Feed& feed) { feed.connection.close(1000, {}, feed.queue); }, Role::server,
                     message + message + message + masked(kClose, ""),
                     {"close answered 1005 ", "-> close 1000"}, {.fragments = 3});
}

TEST(Closing, DropsTheMessageItWasReceiving) {
  Feed feed(Role::server, {.message_bytes = 10});
  const std::string frame = masked(kText, "0123456789");
  feed.receive(masked(0x01, "01234567"));
  feed.connection.close(1000, {}, feed.queue);
  feed.receive(masked(0x80, "89") + frame.substr(0, 9));
  feed.receive(frame.substr(9) + masked(kClose, code(1000)));
  EXPECT_EQ(feed.transcript(), (std::vector<std::string>{"close answered 1000 ", "-> close 1000"}));
}

TEST(Closing, StillRefusesBrokenFramesAfterItsOwnClose) {
  Feed feed;
  feed.connection.close(1000, {}, feed.queue);
  feed.receive(masked(0x83, ""));
  EXPECT_TRUE(feed.connection.finished());
  EXPECT_FALSE(feed.connection.close_received());
  EXPECT_EQ(feed.transcript(), (std::vector<std::string>{"protocol_error", "-> close 1000"}));
}

TEST(Closing, SaysNothingAfterItsOwnClose) {
  Feed feed(Role::server, {.pending_pong_above = 0});
  feed.connection.send_text("before", feed.queue);
  feed.receive(masked(kPing, "waits"));
  feed.connection.close(1000, {}, feed.queue);
  feed.connection.close(1001, {}, feed.queue);
  feed.connection.send_text("after", feed.queue);
  feed.connection.send(Opcode::ping, "after", feed.queue);
  const std::string sent = test::flatten(feed.queue);
  feed.queue.clear();
  feed.connection.on_sent(feed.queue);
  EXPECT_TRUE(feed.queue.empty());
  EXPECT_EQ(test::sent_frames(sent, Role::server),
            (std::vector<std::string>{"-> text before", "-> close 1000"}));
}

TEST(Closing, CutsItsReasonAtACharacter) {
  Feed feed;
  std::string reason = "x";
  while (reason.size() < 200) reason += "\xed\x95\x9c";  // 3 octets each: 1 + 40 * 3 = 121 fit
  feed.connection.close(1000, reason, feed.queue);
  EXPECT_EQ(test::flatten(feed.queue), bytes("88 7b 03 e8") + reason.substr(0, 121));
}

// ws 8.20.1 (CVE-2026-45736): the reason carried bytes that nobody had supplied.
TEST(Closing, SendsOnlySuppliedBytes) {
  Feed feed;
  feed.connection.close(4000, "why", feed.queue);
  EXPECT_EQ(test::flatten(feed.queue), bytes("88 05 0f a0 77 68 79"));
  Feed empty;
  empty.connection.close(close_code::none, "unsaid", empty.queue);
  EXPECT_EQ(test::flatten(empty.queue), bytes("88 00"));
  Feed broken;
  broken.connection.close(1000, "\xff", broken.queue);
  EXPECT_EQ(test::flatten(broken.queue), bytes("88 02 03 e8"));
}

TEST(Closing, NeverSendsAReservedCode) {
  for (const unsigned reserved : {0U, 1004U, 1006U, 1015U, 5000U}) {
    Feed feed;
    feed.connection.close(static_cast<std::uint16_t>(reserved), {}, feed.queue);
    EXPECT_EQ(feed.transcript(), std::vector<std::string>{"-> close 1011"});
  }
}

}  // namespace
}  // namespace naru::websocket
