// socketio.md 1.10 to 1.13.
#include "engineio/session.hpp"

#include "engineio/payload_v3.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace naru::engineio {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) {
  return Instant{} + since_start;
}

constexpr Packet text(PacketType type, std::string_view data = {}) {
  return {type, false, data};
}
constexpr Packet kProbe = text(PacketType::ping, "probe");
constexpr Packet kUpgrade = text(PacketType::upgrade);
constexpr Packet kPong = text(PacketType::pong);

constexpr SessionOptions kOptions;

Session polling_session() {
  return {kOptions, Transport::polling, at(0s)};
}

TEST(Heartbeat, TimesOutWithoutPong) {
  Heartbeat heartbeat(25s, 20s, at(0s));
  EXPECT_EQ(heartbeat.on_deadline(at(25s)), Heartbeat::Action::send_ping);
  EXPECT_EQ(heartbeat.deadline(), at(45s));
  EXPECT_EQ(heartbeat.on_deadline(at(45s)), Heartbeat::Action::time_out);
}

TEST(Heartbeat, PingsAgainAnIntervalAfterThePong) {
  Heartbeat heartbeat(25s, 20s, at(0s));
  EXPECT_EQ(heartbeat.on_deadline(at(25s)), Heartbeat::Action::send_ping);
  heartbeat.on_pong(at(30s));
  EXPECT_EQ(heartbeat.deadline(), at(55s));
  EXPECT_EQ(heartbeat.on_deadline(at(55s)), Heartbeat::Action::send_ping);
}

TEST(Heartbeat, GhsaCgwcUnsolicitedPongsOnlyRestartTheInterval) {
  Heartbeat heartbeat(25s, 20s, at(0s));
  for (int i = 0; i < 1000; ++i) heartbeat.on_pong(at(10s));
  EXPECT_EQ(heartbeat.deadline(), at(35s));
  EXPECT_EQ(heartbeat.on_deadline(at(35s)), Heartbeat::Action::send_ping);
  EXPECT_EQ(heartbeat.on_deadline(at(55s)), Heartbeat::Action::time_out);
}

TEST(Session, SortsWhatArrives) {
  Session session = polling_session();
  EXPECT_EQ(session.receive(text(PacketType::message, "x"), at(1s)), Session::Incoming::message);
  EXPECT_EQ(session.receive({PacketType::message, true, "x"}, at(1s)), Session::Incoming::message);
  EXPECT_EQ(session.receive(text(PacketType::close), at(1s)), Session::Incoming::peer_closed);
  EXPECT_EQ(session.receive(text(PacketType::ping), at(1s)), Session::Incoming::wrong_heartbeat);
  EXPECT_EQ(session.receive(kProbe, at(1s)), Session::Incoming::wrong_heartbeat);
  EXPECT_EQ(session.receive(kPong, at(1s)), Session::Incoming::nothing);
  for (const PacketType type : {PacketType::open, PacketType::upgrade, PacketType::noop}) {
    EXPECT_EQ(session.receive(text(type), at(1s)), Session::Incoming::nothing);
  }
}

TEST(Session, OnlyPongsProlongIt) {
  Session session = polling_session();
  ASSERT_EQ(session.on_deadline(at(25s)), Session::Due::send_ping);
  EXPECT_EQ(session.receive(text(PacketType::message, "x"), at(44s)), Session::Incoming::message);
  EXPECT_EQ(session.deadline(), at(45s));
  EXPECT_EQ(session.on_deadline(at(45s)), Session::Due::time_out);
}

TEST(Session, ReportsNothingBeforeItsDeadline) {
  Session session = polling_session();
  EXPECT_EQ(session.on_deadline(at(24s)), Session::Due::nothing);
  EXPECT_EQ(session.deadline(), at(25s));
}

TEST(Polling, WaitsUntilSomethingIsPushed) {
  Session session = polling_session();
  EXPECT_EQ(session.on_poll(), Session::Poll::wait);
  EXPECT_TRUE(session.poll_waiting());
  session.push("4a");
  session.push(
      "4b\x1e"
      "bAQID");
  EXPECT_EQ(session.pushed_bytes(), 11U);
  EXPECT_EQ(session.take_payload(),
            "4a\x1e"
            "4b\x1e"
            "bAQID");
  EXPECT_FALSE(session.poll_waiting());
  EXPECT_EQ(session.pushed_bytes(), 0U);
}

TEST(Polling, AnswersAtOnceWithWhatWaits) {
  Session session = polling_session();
  session.push("4a");
  EXPECT_EQ(session.on_poll(), Session::Poll::answer);
  EXPECT_FALSE(session.poll_waiting());
  EXPECT_EQ(session.take_payload(), "4a");
  EXPECT_EQ(session.on_poll(), Session::Poll::wait);
}

TEST(Polling, RefusesASecondPollAtOnce) {
  Session session = polling_session();
  EXPECT_EQ(session.on_poll(), Session::Poll::wait);
  EXPECT_EQ(session.on_poll(), Session::Poll::overlap);
  session.on_poll_dropped();
  EXPECT_EQ(session.on_poll(), Session::Poll::wait);
}

TEST(Polling, RefusesASecondPostAtOnce) {
  Session session = polling_session();
  EXPECT_TRUE(session.begin_post());
  EXPECT_FALSE(session.begin_post());
  session.end_post();
  EXPECT_TRUE(session.begin_post());
}

TEST(Polling, AnswersTheWaitingPollWhenThePeerCloses) {
  Session session = polling_session();
  ASSERT_EQ(session.on_poll(), Session::Poll::wait);
  EXPECT_EQ(session.receive(text(PacketType::close), at(1s)), Session::Incoming::peer_closed);
  EXPECT_TRUE(session.poll_waiting());
  EXPECT_EQ(session.take_payload(), "6");
}

TEST(Upgrade, ProbesThenSwitches) {
  Session session = polling_session();
  ASSERT_TRUE(session.may_upgrade());
  session.begin_upgrade(at(1s));
  EXPECT_TRUE(session.upgrading());
  EXPECT_FALSE(session.may_upgrade());  // one at a time
  EXPECT_EQ(session.receive_probe(kProbe, at(2s)), Session::Probe::send_pong);
  EXPECT_EQ(session.transport(), Transport::polling);
  session.push(
      "4queued\x1e"
      "2");
  EXPECT_EQ(session.receive_probe(kUpgrade, at(3s)), Session::Probe::upgraded);
  EXPECT_EQ(session.transport(), Transport::websocket);
  EXPECT_FALSE(session.upgrading());
  EXPECT_FALSE(session.may_upgrade());  // a second WebSocket is refused
  EXPECT_EQ(session.take_payload(),
            "4queued\x1e"
            "2");
}

TEST(Upgrade, LeavesTheWaitingPollToBeAnswered) {
  Session session = polling_session();
  ASSERT_EQ(session.on_poll(), Session::Poll::wait);
  session.begin_upgrade(at(1s));
  EXPECT_EQ(session.receive_probe(kUpgrade, at(1s)), Session::Probe::upgraded);  // without a probe
  EXPECT_TRUE(session.poll_waiting());
  EXPECT_EQ(session.take_payload(), "");
  EXPECT_FALSE(session.poll_waiting());
}

TEST(Upgrade, SendsNoopsToTheWaitingPollOnceProbed) {
  Session session = polling_session();
  session.begin_upgrade(at(1s));
  ASSERT_EQ(session.on_poll(), Session::Poll::wait);
  EXPECT_EQ(session.deadline(), at(11s));
  ASSERT_EQ(session.receive_probe(kProbe, at(2s)), Session::Probe::send_pong);
  EXPECT_EQ(session.deadline(), at(2100ms));
  EXPECT_EQ(session.on_deadline(at(2100ms)), Session::Due::answer_noop);
  EXPECT_EQ(session.take_payload(), "6");
  EXPECT_EQ(session.deadline(), at(2200ms));
  EXPECT_EQ(session.on_deadline(at(2200ms)), Session::Due::nothing);  // no poll waits
  ASSERT_EQ(session.on_poll(), Session::Poll::wait);
  EXPECT_EQ(session.on_deadline(at(2300ms)), Session::Due::answer_noop);
}

TEST(Upgrade, IsNotDelayedByRepeatedProbes) {
  Session session = polling_session();
  session.begin_upgrade(at(1s));
  EXPECT_EQ(session.receive_probe(kProbe, at(2s)), Session::Probe::send_pong);
  EXPECT_EQ(session.receive_probe(kProbe, at(2050ms)), Session::Probe::send_pong);
  EXPECT_EQ(session.deadline(), at(2100ms));
}

TEST(Upgrade, RefusesAnyOtherPacket) {
  for (const Packet& packet :
       {text(PacketType::message, "x"), text(PacketType::ping), text(PacketType::ping, "prob"),
        kPong, text(PacketType::close), Packet{PacketType::message, true, "probe"}}) {
    Session session = polling_session();
    session.begin_upgrade(at(1s));
    EXPECT_EQ(session.receive_probe(packet, at(2s)), Session::Probe::refuse);
    EXPECT_EQ(session.transport(), Transport::polling);
    EXPECT_TRUE(session.may_upgrade());
    EXPECT_EQ(session.deadline(), at(25s));
    EXPECT_EQ(session.receive_probe(kUpgrade, at(2s)), Session::Probe::refuse);  // came too late
  }
}

TEST(Upgrade, Expires) {
  Session session = polling_session();
  session.begin_upgrade(at(1s));
  EXPECT_EQ(session.deadline(), at(11s));
  EXPECT_EQ(session.on_deadline(at(11s)), Session::Due::upgrade_expired);
  EXPECT_FALSE(session.upgrading());
  EXPECT_EQ(session.deadline(), at(25s));
  EXPECT_TRUE(session.may_upgrade());
}

TEST(Upgrade, KeepsTheDeadPeerBound) {
  // The reference disarms the pong timer here (socketio.md 1.12, quirk).
  Session session = polling_session();
  ASSERT_EQ(session.on_deadline(at(25s)), Session::Due::send_ping);
  session.begin_upgrade(at(26s));
  ASSERT_EQ(session.receive_probe(kUpgrade, at(27s)), Session::Probe::upgraded);
  EXPECT_EQ(session.deadline(), at(45s));
  EXPECT_EQ(session.on_deadline(at(45s)), Session::Due::time_out);
}

TEST(Close, AnswersTheWaitingPoll) {
  Session session = polling_session();
  ASSERT_EQ(session.on_poll(), Session::Poll::wait);
  EXPECT_TRUE(session.close(at(1s)));
  EXPECT_TRUE(session.closing());
  EXPECT_EQ(session.take_payload(), "1");
}

TEST(Close, WaitsForTheNextPoll) {
  Session session = polling_session();
  EXPECT_FALSE(session.close(at(1s)));
  session.push("4late");  // dropped
  EXPECT_EQ(session.on_poll(), Session::Poll::answer);
  EXPECT_EQ(session.take_payload(),
            "6\x1e"
            "1");
}

TEST(Close, DeliversWhatWasPushedBefore) {
  Session session = polling_session();
  session.push("41");
  EXPECT_FALSE(session.close(at(1s)));
  EXPECT_FALSE(session.close(at(2s)));  // nothing more
  EXPECT_EQ(session.take_payload(),
            "41\x1e"
            "1");
}

TEST(Close, IsImmediateOnWebSocket) {
  Session session(kOptions, Transport::websocket, at(0s));
  EXPECT_TRUE(session.close(at(1s)));
  EXPECT_EQ(session.take_payload(), "");
}

TEST(Close, Expires) {
  Session session = polling_session();
  ASSERT_FALSE(session.close(at(1s)));
  EXPECT_FALSE(session.close(at(5s)));
  EXPECT_EQ(session.deadline(), at(31s));
  EXPECT_EQ(session.on_deadline(at(30s)), Session::Due::nothing);
  EXPECT_EQ(session.on_deadline(at(31s)), Session::Due::close_expired);
}

TEST(Close, IgnoresWhatStillArrives) {
  Session session = polling_session();
  ASSERT_FALSE(session.close(at(1s)));
  EXPECT_EQ(session.receive(text(PacketType::message, "x"), at(2s)), Session::Incoming::nothing);
  EXPECT_EQ(session.receive(text(PacketType::ping), at(2s)), Session::Incoming::nothing);
  EXPECT_EQ(session.receive(kPong, at(2s)), Session::Incoming::nothing);
  EXPECT_EQ(session.deadline(), at(31s));
  EXPECT_EQ(session.receive(text(PacketType::close), at(2s)), Session::Incoming::peer_closed);
}

TEST(Close, AbandonsAnUpgrade) {
  Session session = polling_session();
  session.begin_upgrade(at(1s));
  ASSERT_FALSE(session.close(at(2s)));
  EXPECT_FALSE(session.upgrading());
  EXPECT_FALSE(session.may_upgrade());
  EXPECT_EQ(session.receive_probe(kUpgrade, at(3s)), Session::Probe::refuse);
}

TEST(Session, AlwaysHasADeadline) {
  Session session = polling_session();
  EXPECT_NE(session.deadline(), kNever);
  session.begin_upgrade(at(1s));
  EXPECT_NE(session.deadline(), kNever);
  static_cast<void>(session.receive_probe(kUpgrade, at(2s)));
  EXPECT_NE(session.deadline(), kNever);
  ASSERT_EQ(session.on_deadline(at(25s)), Session::Due::send_ping);
  EXPECT_NE(session.deadline(), kNever);
  static_cast<void>(session.receive(kPong, at(26s)));
  EXPECT_NE(session.deadline(), kNever);
  EXPECT_TRUE(session.close(at(27s)));
  EXPECT_NE(session.deadline(), kNever);
}

// ---- revision 3 (socketio.md 1.8 and 1.13)

constexpr Dialect kOld{.revision = Revision::v3, .base64 = false};

Session old_session(Dialect dialect = kOld) {
  return {kOptions, Transport::polling, at(0s), dialect};
}

TEST(HeartbeatOfRevision3, WaitsForThePingsOfTheClient) {
  Heartbeat heartbeat(25s, 20s, at(0s), Revision::v3);
  EXPECT_EQ(heartbeat.deadline(), at(45s));
  heartbeat.on_ping(at(30s));
  EXPECT_EQ(heartbeat.deadline(), at(75s));
  EXPECT_EQ(heartbeat.on_deadline(at(75s)), Heartbeat::Action::time_out);
}

TEST(SessionOfRevision3, AnswersPingsAndKnowsNoPongs) {
  Session session = old_session();
  EXPECT_EQ(session.receive(text(PacketType::ping), at(10s)), Session::Incoming::ping);
  EXPECT_EQ(session.deadline(), at(55s));
  EXPECT_EQ(session.receive(kPong, at(10s)), Session::Incoming::wrong_heartbeat);
  EXPECT_EQ(session.receive(text(PacketType::message, "x"), at(50s)), Session::Incoming::message);
  EXPECT_EQ(session.deadline(), at(55s));  // only pings prolong it
  EXPECT_EQ(session.on_deadline(at(55s)), Session::Due::time_out);
}

TEST(SessionOfRevision3, CountsWhatItAnswers) {
  Session session = old_session();
  EXPECT_EQ(session.answer_of(PacketType::close).body, "1:1");
  EXPECT_EQ(session.answer_of(PacketType::open, "{}").body, "3:0{}");
  session.push(PacketType::pong);
  std::string packet;
  v3::append_framed("4", "é", packet);
  session.push(packet);
  const PollAnswer answer = session.take_answer();
  EXPECT_EQ(answer.body, "1:32:4é");
  EXPECT_FALSE(answer.binary);
}

TEST(SessionOfRevision3, AnswersBytesToPeersThatTakeThem) {
  std::string packets;
  v3::append_framed("4", "hello", packets);
  v3::append_framed_binary("\x01\x02", packets);
  for (const bool base64 : {false, true}) {
    Session session = old_session({.revision = Revision::v3, .base64 = base64});
    session.push(packets);
    const PollAnswer answer = session.take_answer();
    EXPECT_EQ(answer.binary, !base64);
    EXPECT_EQ(answer.body, base64 ? "6:4hello6:b4AQI=" : packets);
  }
}

TEST(SessionOfRevision3, ClosesAsRevision4Does) {
  Session waiting = old_session();
  EXPECT_EQ(waiting.on_poll(), Session::Poll::wait);
  EXPECT_TRUE(waiting.close(at(1s)));
  EXPECT_EQ(waiting.take_answer().body, "1:1");
  Session later = old_session();
  EXPECT_FALSE(later.close(at(1s)));
  EXPECT_EQ(later.take_answer().body, "1:61:1");
}

TEST(SessionOfRevision3, LetsGoOfItsPollWithANoop) {
  Session session = old_session();
  session.begin_upgrade(at(1s));
  EXPECT_EQ(session.receive_probe(kProbe, at(1s)), Session::Probe::send_pong);
  EXPECT_EQ(session.on_poll(), Session::Poll::wait);
  EXPECT_EQ(session.on_deadline(at(2s)), Session::Due::answer_noop);
  EXPECT_EQ(session.take_answer().body, "1:6");
  EXPECT_EQ(session.receive_probe(kUpgrade, at(2s)), Session::Probe::upgraded);
  EXPECT_EQ(session.deadline(), at(45s));
}

}  // namespace
}  // namespace naru::engineio
