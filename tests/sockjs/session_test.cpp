// A session's life over HTTP (sockjs.md 4.1).
#include "sockjs/session.hpp"

#include <gtest/gtest.h>

namespace naru::sockjs {
namespace {

using namespace std::chrono_literals;
using Attach = Session::Attach;
using Due = Session::Due;

Instant at(Duration after) {
  return Instant{} + after;
}

TEST(SockJsSession, OpensWithItsFirstReceiver) {
  Session session({}, at(0s));
  EXPECT_EQ(session.attach(at(1s)), Attach::opened);
  session.detach(at(1s));
  EXPECT_EQ(session.attach(at(2s)), Attach::attached);
}

TEST(SockJsSession, TakesOneReceiverAtATime) {
  Session session({}, at(0s));
  session.attach(at(0s));
  EXPECT_EQ(session.attach(at(1s)), Attach::busy);
  EXPECT_TRUE(session.attached());
  session.detach(at(2s));
  EXPECT_EQ(session.attach(at(3s)), Attach::attached);
}

TEST(SockJsSession, WaitsForItsFirstReceiver) {
  Session session({}, at(0s));
  EXPECT_EQ(session.deadline(), at(5s));
  EXPECT_EQ(session.on_deadline(at(4999ms)), Due::nothing);
  EXPECT_EQ(session.on_deadline(at(5s)), Due::expired);
}

TEST(SockJsSession, WaitsForItsNextReceiver) {
  Session session({.disconnect_delay = 3s}, at(0s));
  session.attach(at(1s));
  session.detach(at(10s));
  EXPECT_EQ(session.deadline(), at(13s));
  session.attach(at(12s));
  EXPECT_EQ(session.on_deadline(at(13s)), Due::nothing);
  session.detach(at(14s));
  EXPECT_EQ(session.on_deadline(at(17s)), Due::expired);
}

TEST(SockJsSession, BeatsWhenNothingElseIsSent) {
  Session session({.heartbeat_interval = 20s}, at(0s));
  session.attach(at(0s));
  session.on_sent(at(15s));
  EXPECT_EQ(session.on_deadline(at(20s)), Due::nothing);
  EXPECT_EQ(session.on_deadline(at(35s)), Due::heartbeat);
  EXPECT_EQ(session.deadline(), at(55s));
  EXPECT_EQ(session.on_deadline(at(55s)), Due::heartbeat);
}

TEST(SockJsSession, KeepsItsEndForTheReceiversToCome) {
  Session session({}, at(0s));
  session.attach(at(0s));
  session.close(3000, "Go away!", at(1s));
  session.close(3001, "again", at(2s));
  EXPECT_TRUE(session.closing());
  EXPECT_EQ(session.close_frame(), "c[3000,\"Go away!\"]");
  session.detach(at(1s));
  EXPECT_EQ(session.attach(at(3s)), Attach::attached);
  session.detach(at(3s));
  EXPECT_EQ(session.on_deadline(at(5999ms)), Due::nothing);
  EXPECT_EQ(session.on_deadline(at(6s)), Due::expired);
}

TEST(SockJsSession, DoesNotBeatOnceItCloses) {
  Session session({}, at(0s));
  session.attach(at(0s));
  session.close(1000, "", at(1s));
  session.on_sent(at(2s));
  EXPECT_EQ(session.deadline(), at(6s));
  EXPECT_EQ(session.on_deadline(at(6s)), Due::expired);
}

TEST(SockJsSession, IsForgottenHoweverOftenItsEndIsAskedFor) {
  Session session({}, at(0s));
  session.close(1000, "", at(0s));
  for (int second = 1; second < 5; ++second) {
    session.attach(at(second * 1s));
    session.detach(at(second * 1s));
  }
  EXPECT_EQ(session.on_deadline(at(5s)), Due::expired);
}

}  // namespace
}  // namespace naru::sockjs
