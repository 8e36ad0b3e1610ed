#include "engineio/client_session.hpp"

#include "engineio/handshake.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::engineio {
namespace {

using namespace std::chrono_literals;
using Incoming = ClientSession::Incoming;

constexpr Instant at(Duration time) {
  return Instant{} + time;
}

constexpr std::string_view kOpen =
    R"({"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,)"
    R"("maxPayload":100})";

ClientSession opened(Transport transport, Revision revision = Revision::v4,
                     ClientSessionOptions options = {}) {
  ClientSession session(options, revision, transport);
  EXPECT_EQ(session.receive({PacketType::open, false, kOpen}, at(0s)), Incoming::opened);
  return session;
}
Packet packet(PacketType type, std::string_view data = {}) {
  return {type, false, data};
}

TEST(ServerHello, IsWhatAppendOpenWrites) {
  std::string text;
  append_open({.sid = "s",
               .upgrade_to_websocket = true,
               .ping_interval = 1s,
               .ping_timeout = 2s,
               .max_payload = 3},
              text);
  const auto hello = parse_open(std::string_view(text).substr(1));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->sid, "s");
  EXPECT_TRUE(hello->upgrade_to_websocket);
  EXPECT_EQ(hello->ping_interval, 1s);
  EXPECT_EQ(hello->ping_timeout, 2s);
  EXPECT_EQ(hello->max_payload, 3U);
}

TEST(ServerHello, RefusesWhatNoServerSays) {
  for (const std::string_view bad :
       {"", "[]", "{}", R"({"sid":"","pingInterval":1,"pingTimeout":1})",
        R"({"sid":"a b","pingInterval":1,"pingTimeout":1})", R"({"sid":"a"})",
        R"({"sid":"a","pingInterval":-1,"pingTimeout":1})",
        R"({"sid":"a","pingInterval":1e300,"pingTimeout":1})",
        R"({"sid":"a","pingInterval":99999999999,"pingTimeout":1})",
        R"({"sid":"a","pingInterval":1,"pingTimeout":1,"maxPayload":-1})",
        R"({"sid":"a","pingInterval":1,"pingTimeout":1,"upgrades":1})"}) {
    EXPECT_FALSE(parse_open(bad)) << bad;
  }
  const std::string long_sid(257, 'a');
  EXPECT_FALSE(parse_open(R"({"pingInterval":1,"pingTimeout":1,"sid":")" + long_sid + "\"}"));
}

// Cut anywhere, an open packet that is not whole is no open packet; it never is another one.
TEST(ServerHello, IsNothingUnlessWhole) {
  for (std::size_t size = 0; size < kOpen.size(); ++size) {
    EXPECT_FALSE(parse_open(kOpen.substr(0, size))) << size;
  }
}

TEST(ClientSession, OpensByAnOpenPacketAndNoOther) {
  for (const PacketType type : {PacketType::close, PacketType::ping, PacketType::message}) {
    ClientSession session({}, Revision::v4, Transport::websocket);
    EXPECT_EQ(session.receive(packet(type), at(0s)), Incoming::wrong);
  }
  const ClientSession session = opened(Transport::websocket);
  EXPECT_EQ(session.hello().sid, "abc");
}

TEST(ClientSession, AnswersPingsAndDiesWithoutThem) {
  ClientSession session = opened(Transport::websocket);
  EXPECT_EQ(session.deadline(), at(45s));
  EXPECT_EQ(session.receive(packet(PacketType::ping), at(20s)), Incoming::nothing);
  EXPECT_EQ(session.take_packet()->type, PacketType::pong);
  EXPECT_EQ(session.deadline(), at(65s));
  session.receive(packet(PacketType::message, "x"), at(60s));
  EXPECT_EQ(session.deadline(), at(65s)) << "only a ping counts";
  EXPECT_EQ(session.on_deadline(at(65s)), ClientSession::Due::time_out);
}

TEST(ClientSession, QueuesOnePongHoweverManyPings) {
  ClientSession session = opened(Transport::websocket);
  for (int i = 0; i < 1000; ++i) session.receive(packet(PacketType::ping), at(0s));
  EXPECT_TRUE(session.take_packet());
  EXPECT_FALSE(session.take_packet());
}

TEST(ClientSession, OfRevision3PingsItself) {
  ClientSession session = opened(Transport::websocket, Revision::v3);
  EXPECT_EQ(session.deadline(), at(25s));
  EXPECT_EQ(session.on_deadline(at(25s)), ClientSession::Due::nothing);
  EXPECT_EQ(session.take_packet()->type, PacketType::ping);
  EXPECT_EQ(session.deadline(), at(45s));
  session.receive(packet(PacketType::pong), at(26s));
  EXPECT_EQ(session.deadline(), at(51s));
  session.on_deadline(at(51s));
  session.receive(packet(PacketType::message, "life"), at(60s));
  EXPECT_EQ(session.deadline(), at(105s)) << "any packet is a sign of life";
  EXPECT_EQ(session.on_deadline(at(105s)), ClientSession::Due::time_out);
}

TEST(ClientSession, PollsOnceAndPostsOnceAtATime) {
  ClientSession session({}, Revision::v4, Transport::polling);
  EXPECT_TRUE(session.take_poll());
  EXPECT_FALSE(session.take_poll());
  session.receive({PacketType::open, false, kOpen}, at(0s));
  session.on_poll_answered();
  EXPECT_TRUE(session.take_poll());
  EXPECT_TRUE(session.send("a", false));
  EXPECT_TRUE(session.send(std::string("\1\2", 2), true));
  EXPECT_EQ(session.take_post(),
            "4a\x1e"
            "bAQI=");
  session.send("b", false);
  EXPECT_EQ(session.take_post(), std::nullopt);
  session.on_post_answered();
  EXPECT_EQ(session.take_post(), "4b");
}

// What is droppable is dropped otherwise.
TEST(ClientSession, IsWritableWhileNothingIsUnderWay) {
  ClientSession session({}, Revision::v4, Transport::polling);
  EXPECT_FALSE(session.writable()) << "not yet open";
  session.receive({PacketType::open, false, kOpen}, at(0s));
  EXPECT_TRUE(session.writable());
  session.send("a", false);
  EXPECT_FALSE(session.writable()) << "it waits";
  session.take_post();
  EXPECT_FALSE(session.writable()) << "it is being posted";
  session.on_post_answered();
  EXPECT_TRUE(session.writable());
  session.close(at(0s));
  EXPECT_FALSE(session.writable());
}

TEST(ClientSession, OfRevision3PostsCountedPackets) {
  ClientSession session = opened(Transport::polling, Revision::v3);
  session.send("h\xc3\xa9", false);
  session.send(std::string("\1", 1), true);
  EXPECT_EQ(session.take_post(),
            "3:4h\xc3\xa9"
            "6:b4AQ==");
}

TEST(ClientSession, PostsNoMoreThanTheServerTakesButAtLeastOne) {
  ClientSession session = opened(Transport::polling);
  session.send(std::string(150, 'x'), false);
  session.send(std::string(60, 'y'), false);
  session.send(std::string(60, 'z'), false);
  EXPECT_EQ(session.take_post()->size(), 151U);
  session.on_post_answered();
  EXPECT_EQ(session.take_post()->size(), 61U);
}

TEST(ClientSession, TakesNoMoreThanItsOutboxHolds) {
  ClientSession session = opened(Transport::polling, Revision::v4, {.outbox_bytes = 10});
  EXPECT_TRUE(session.send("0123456789", false));
  EXPECT_FALSE(session.send("x", false));
  EXPECT_EQ(session.waiting_bytes(), 10U);
}

TEST(ClientSession, UpgradesOnceItsPollAndPostHaveComeToRest) {
  ClientSession session = opened(Transport::polling);
  ASSERT_TRUE(session.take_poll());
  session.send("post", false);
  ASSERT_TRUE(session.take_post());
  EXPECT_TRUE(session.wants_upgrade());
  session.begin_upgrade(at(1s));
  EXPECT_FALSE(session.wants_upgrade()) << "tried once";
  EXPECT_EQ(session.receive_probe(packet(PacketType::pong, "probe")), ClientSession::Probe::passed);
  session.send("late", false);
  EXPECT_FALSE(session.take_post());
  EXPECT_FALSE(session.may_switch());
  session.on_post_answered();
  EXPECT_FALSE(session.may_switch());
  session.on_poll_answered();
  EXPECT_FALSE(session.take_poll());
  ASSERT_TRUE(session.may_switch());
  session.switched();
  EXPECT_EQ(session.take_packet()->data, "late");
  EXPECT_EQ(session.deadline(), at(45s)) << "the heartbeat stands";
}

TEST(ClientSession, GoesOnPollingWhenItsProbeFails) {
  for (const Packet& wrong : {packet(PacketType::pong), packet(PacketType::message, "probe"),
                              packet(PacketType::ping, "probe")}) {
    ClientSession session = opened(Transport::polling);
    session.begin_upgrade(at(0s));
    EXPECT_EQ(session.receive_probe(wrong), ClientSession::Probe::failed);
    EXPECT_TRUE(session.take_poll());
  }
  ClientSession late = opened(Transport::polling);
  late.begin_upgrade(at(0s));
  static_cast<void>(late.receive_probe(packet(PacketType::pong, "probe")));
  EXPECT_EQ(late.on_deadline(at(10s)), ClientSession::Due::upgrade_expired);
  EXPECT_TRUE(late.take_poll());
}

TEST(ClientSession, ClosesAfterWhatWaitsHasLeft) {
  ClientSession session = opened(Transport::polling);
  session.send("last", false);
  session.close(at(0s));
  EXPECT_FALSE(session.send("too late", false));
  EXPECT_FALSE(session.take_poll());
  // Not in one body: Node's server acts on the close before the messages that stand ahead of it.
  EXPECT_EQ(session.take_post(), "4last");
  EXPECT_FALSE(session.take_post());
  session.on_post_answered();
  EXPECT_FALSE(session.finished());
  EXPECT_EQ(session.take_post(), "1");
  session.on_post_answered();
  EXPECT_TRUE(session.finished());
  EXPECT_EQ(session.on_deadline(at(10s)), ClientSession::Due::close_expired);
}

}  // namespace
}  // namespace naru::engineio
