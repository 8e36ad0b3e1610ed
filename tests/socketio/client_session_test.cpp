#include "socketio/client_session.hpp"

#include "socketio/decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::socketio {
namespace {

using namespace std::chrono_literals;
using Incoming = ClientSession::Incoming;

constexpr Instant at(Duration time) {
  return Instant{} + time;
}

// A session with a decoder before it: text of packets in and out.
struct Peer {
  explicit Peer(ClientSessionOptions options = {}, std::string nsp = "/")
      : session(std::move(nsp), options) {}

  Incoming receive(std::string_view text, Duration time = {}) {
    const auto packet = decoder.receive_text(text);
    if (!packet || *packet == nullptr) ADD_FAILURE() << "not a packet: " << text;
    last = **packet;
    return session.receive(**packet, at(time));
  }
  std::string sent() {
    std::string out;
    for (const auto& each : session.take_out()) out += (out.empty() ? "" : " ") + each.text;
    return out;
  }
  std::string failed() {
    std::string out;
    for (const auto& [call, error] : session.take_failures()) {
      out += std::to_string(call) + ":" + std::string(error.text) + " ";
    }
    return out;
  }
  void join(std::string_view answer = R"(0{"sid":"S"})") {
    session.join({}, "E", at(0s));
    EXPECT_EQ(receive(answer), Incoming::connected);
    static_cast<void>(sent());
  }
  ClientSession::Emit emit(std::string json, ClientSession::EmitOptions how = {},
                           Duration time = {}) {
    return session.emit({std::move(json), {}}, how, at(time));
  }

  Limits limits;
  Scratch scratch;
  Decoder decoder{limits, scratch};
  ClientSession session;
  Packet last;
};

// Other parsers write the same themselves.
TEST(ClientSession, SaysWhatItsPacketsAreMadeOf) {
  Peer peer({}, "/chat");
  peer.session.join(R"({"token":1})", "E", at(0s));
  EXPECT_EQ(peer.receive(R"(0/chat,{"sid":"S"})"), Incoming::connected);
  peer.session.emit({R"(["a",1])", {"x"}}, {.call = 7}, at(0s));
  const auto out = peer.session.take_out();
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].type, PacketType::connect);
  EXPECT_EQ(out[0].text.substr(out[0].data), R"({"token":1})");
  EXPECT_EQ(out[1].type, PacketType::event);
  EXPECT_EQ(out[1].text.substr(out[1].data), R"(["a",1])");
  EXPECT_TRUE(out[1].id.has_value());
  EXPECT_EQ(out[1].attachments.size(), 1U);
}

TEST(ClientSession, JoinsWithAuthAndLearnsItsId) {
  Peer peer({}, "/admin");
  peer.session.join(R"({"token":"t"})", "E", at(0s));
  EXPECT_EQ(peer.sent(), R"(0/admin,{"token":"t"})");
  EXPECT_EQ(peer.receive(R"(0/admin,{"sid":"S1"})"), Incoming::connected);
  EXPECT_EQ(peer.session.id(), "S1");
  EXPECT_FALSE(peer.session.recovered());
}

TEST(ClientSession, KnowsAServerOfAnotherRevisionByItsMissingId) {
  Peer peer;
  peer.session.join({}, "E", at(0s));
  EXPECT_EQ(peer.receive("0"), Incoming::not_ours);
}

TEST(ClientSession, OfRevision4MakesItsIdsOfTheConnections) {
  Peer root({.revision = Revision::v4});
  root.session.join({}, "E", at(0s));
  EXPECT_EQ(root.sent(), "") << "\"/\" is joined unasked";
  EXPECT_EQ(root.receive("0"), Incoming::connected);
  EXPECT_EQ(root.session.id(), "E");
  Peer other({.revision = Revision::v4}, "/admin");
  other.session.join({}, "E", at(0s));
  EXPECT_EQ(other.sent(), "0/admin,");
  EXPECT_EQ(other.receive("0/admin,"), Incoming::connected);
  EXPECT_EQ(other.session.id(), "/admin#E");
}

TEST(ClientSession, SendsWhatWaitedInOrderOnceItIsConnected) {
  Peer peer;
  EXPECT_EQ(peer.emit(R"(["a"])"), ClientSession::Emit::waiting);
  EXPECT_EQ(peer.emit(R"(["b"])", {.call = 1}), ClientSession::Emit::waiting);
  EXPECT_EQ(peer.emit(R"(["v"])", {.droppable = true}), ClientSession::Emit::dropped);
  peer.session.join({}, "E", at(0s));
  EXPECT_EQ(peer.sent(), "0");
  peer.receive(R"(0{"sid":"S"})");
  EXPECT_EQ(peer.sent(), R"(2["a"] 21["b"])");
  EXPECT_EQ(peer.session.buffered_bytes(), 0U);
  EXPECT_EQ(peer.receive(R"(31["ok"])"), Incoming::answer);
  EXPECT_EQ(peer.session.answered(), 1U);
  EXPECT_EQ(peer.receive(R"(31["again"])"), Incoming::nothing) << "told once";
}

TEST(ClientSession, BuffersNoMoreThanItsLimit) {
  Peer peer({.limits = {.buffered_bytes = 200}});
  EXPECT_EQ(peer.emit(std::string(100, '1')), ClientSession::Emit::waiting);
  EXPECT_EQ(peer.emit(std::string(100, '1'), {.call = 9}), ClientSession::Emit::dropped);
  EXPECT_EQ(peer.failed(), "9:more than may wait ");
}

TEST(ClientSession, HoldsEventsUntilItIsConnectedAndNoMoreThanItsLimits) {
  Peer peer({.limits = {.held_events = 2}});
  peer.session.join({}, "E", at(0s));
  EXPECT_EQ(peer.receive(R"(2["a",1])"), Incoming::nothing);
  EXPECT_EQ(peer.receive(R"(27["b"])"), Incoming::nothing);
  EXPECT_EQ(peer.receive(R"(0{"sid":"S"})"), Incoming::connected);
  const auto held = peer.session.take_held();
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].json, R"(["a",1])");
  EXPECT_EQ(held[1].id, 7U);

  Peer flooded({.limits = {.held_events = 2}});
  flooded.session.join({}, "E", at(0s));
  flooded.receive(R"(2["a"])");
  flooded.receive(R"(2["a"])");
  EXPECT_EQ(flooded.receive(R"(2["a"])"), Incoming::flooded);
  Peer fat({.limits = {.held_bytes = 20}});
  fat.session.join({}, "E", at(0s));
  EXPECT_EQ(fat.receive(R"(2["a","0123456789012345"])"), Incoming::flooded);
}

TEST(ClientSession, TimesOutAnAnswerAlsoWhileItsEventWaits) {
  Peer peer({.ack_timeout = 5s});
  peer.emit(R"(["a"])", {.call = 1, .timeout = 1s});
  peer.emit(R"(["b"])", {.call = 2});
  EXPECT_EQ(peer.session.deadline(), at(1s));
  EXPECT_EQ(peer.session.on_deadline(at(1s)), ClientSession::Due::nothing);
  EXPECT_EQ(peer.failed(), "1:operation has timed out ");
  peer.join();
  EXPECT_EQ(peer.session.deadline(), at(5s));
  peer.session.on_deadline(at(5s));
  EXPECT_EQ(peer.failed(), "2:operation has timed out ");
  EXPECT_EQ(peer.session.deadline(), kNever);
}

TEST(ClientSession, TimedOutEventsLeaveTheBuffer) {
  Peer peer;
  peer.emit(R"(["a"])", {.call = 1, .timeout = 1s});
  peer.session.on_deadline(at(1s));
  peer.session.join({}, "E", at(2s));
  peer.receive(R"(0{"sid":"S"})");
  EXPECT_EQ(peer.sent(), "0");
}

TEST(ClientSession, ALostConnectionFailsWhatWasSentAndKeepsWhatWaits) {
  Peer peer;
  peer.join();
  peer.emit(R"(["sent"])", {.call = 1});
  EXPECT_TRUE(peer.session.connection_lost(at(1s)));
  peer.emit(R"(["waits"])", {.call = 2});
  EXPECT_FALSE(peer.session.connection_lost(at(2s)));
  EXPECT_EQ(peer.failed(), "1:socket has been disconnected ");
  peer.join();
  EXPECT_EQ(peer.receive(R"(32[])"), Incoming::answer);
  EXPECT_EQ(peer.session.answered(), 2U);
}

TEST(ClientSession, GivingUpTellsEverybodyWhoWaits) {
  Peer peer({.ack_timeout = 1s});
  peer.emit(R"(["a"])", {.call = 1});
  peer.session.give_up();
  EXPECT_EQ(peer.failed(), "1:socket has been disconnected ");
  EXPECT_EQ(peer.session.deadline(), kNever);
  Peer retrying({.ack_timeout = 1s, .retries = 2});
  retrying.emit(R"(["a"])", {.call = 4});
  retrying.session.give_up();
  EXPECT_EQ(retrying.failed(), "4:socket has been disconnected ");
}

TEST(ClientSession, RetriesTheHeadOfItsQueueUntilItIsAcknowledged) {
  Peer peer({.ack_timeout = 1s, .retries = 2});
  peer.join();
  peer.emit(R"(["a"])", {.call = 1});
  peer.emit(R"(["b"])", {.call = 2});
  EXPECT_EQ(peer.sent(), R"(21["a"])") << "one in flight";
  peer.session.on_deadline(at(1s));
  EXPECT_EQ(peer.sent(), R"(22["a"])");
  EXPECT_EQ(peer.receive("31[]", 1s), Incoming::nothing) << "of the try before";
  EXPECT_EQ(peer.receive("32[]", 1s), Incoming::answer);
  EXPECT_EQ(peer.session.answered(), 1U);
  EXPECT_EQ(peer.sent(), R"(23["b"])");
  for (const Duration time : {2s, 3s, 4s}) peer.session.on_deadline(at(time));
  EXPECT_EQ(peer.sent(), R"(24["b"] 25["b"])") << "three times in all";
  EXPECT_EQ(peer.failed(), "2:operation has timed out ");
  EXPECT_EQ(peer.session.queued(), 0U);
  EXPECT_EQ(peer.session.buffered_bytes(), 0U);
}

TEST(ClientSession, SendsTheHeadAgainAtOnceOnReconnection) {
  Peer peer({.ack_timeout = 1s, .retries = 5});
  peer.join();
  peer.emit(R"(["a"])", {.call = 1});
  static_cast<void>(peer.sent());
  peer.session.connection_lost(at(0s));
  EXPECT_EQ(peer.failed(), "") << "it will be tried again";
  peer.session.join({}, "E2", at(0s));
  peer.receive(R"(0{"sid":"S2"})");
  EXPECT_EQ(peer.sent(), R"(0 22["a"])");
  EXPECT_EQ(peer.receive("32[]"), Incoming::answer);
}

TEST(ClientSession, ShowsPidAndOffsetToBeRecovered) {
  Peer peer;
  peer.join(R"(0{"sid":"S","pid":"P"})");
  peer.receive(R"(2["n",1,"OlFvMXx"])");
  EXPECT_EQ(peer.receive(R"(25["n","OlFvZZZ"])"), Incoming::event) << "no offset: it has an id";
  peer.receive(R"(2["n","a sentence, no offset"])");
  peer.session.connection_lost(at(0s));
  peer.session.join(R"({"token":1})", "E2", at(0s));
  EXPECT_EQ(peer.sent(), R"(0{"pid":"P","offset":"OlFvMXx","token":1})");
  EXPECT_EQ(peer.receive(R"(2["n",2,"OlFvMXy"])"), Incoming::nothing);
  EXPECT_EQ(peer.receive(R"(0{"sid":"S","pid":"P"})"), Incoming::connected);
  EXPECT_TRUE(peer.session.recovered());
  EXPECT_EQ(peer.session.take_held().size(), 1U);
  peer.session.connection_lost(at(0s));
  peer.session.join({}, "E3", at(0s));
  EXPECT_EQ(peer.sent(), R"(0{"pid":"P","offset":"OlFvMXy"})");
  EXPECT_EQ(peer.receive(R"(0{"sid":"T","pid":"Q"})"), Incoming::connected);
  EXPECT_FALSE(peer.session.recovered());
}

TEST(ClientSession, LeavesAndRefusesAnAnswerThatComesTooLate) {
  Peer peer;
  peer.join();
  peer.emit(R"(["a"])", {.call = 1});
  static_cast<void>(peer.sent());
  peer.session.leave();
  EXPECT_EQ(peer.sent(), "1");
  EXPECT_EQ(peer.failed(), "1:socket has been disconnected ");
  peer.session.join({}, "E", at(0s));
  peer.session.leave();
  EXPECT_EQ(peer.sent(), "0");
  EXPECT_EQ(peer.receive(R"(0{"sid":"S"})"), Incoming::nothing);
  EXPECT_EQ(peer.sent(), "1") << "the server must not keep it";
  EXPECT_EQ(peer.receive(R"(2["a"])"), Incoming::nothing);
}

TEST(ClientSession, WhenItIsLeftWhileARetryIsUnderWaySendsNothingMore) {
  Peer peer({.ack_timeout = 1s, .retries = 2});
  peer.join();
  peer.emit(R"(["a"])", {.call = 1});
  static_cast<void>(peer.sent());
  EXPECT_EQ(peer.receive("1"), Incoming::left);
  EXPECT_EQ(peer.sent(), "");
  EXPECT_EQ(peer.session.queued(), 1U) << "kept for the next connect()";
}

TEST(ClientSession, WaitsForTheAnswerToConnectNoLongerThanItsTimeout) {
  Peer peer({.connect_timeout = 3s});
  peer.session.join({}, "E", at(0s));
  EXPECT_EQ(peer.session.deadline(), at(3s));
  EXPECT_EQ(peer.session.on_deadline(at(3s)), ClientSession::Due::join_timed_out);
  Peer joined({.connect_timeout = 3s});
  joined.join();
  EXPECT_EQ(joined.session.deadline(), kNever);
}

TEST(ClientSession, AcceptsNoMoreAcknowledgementsThanItsLimit) {
  Peer peer({.limits = {.pending_acks = 1}});
  peer.join();
  EXPECT_EQ(peer.emit(R"(["a"])", {.call = 1}), ClientSession::Emit::sent);
  EXPECT_EQ(peer.emit(R"(["a"])", {.call = 2}), ClientSession::Emit::dropped);
  EXPECT_EQ(peer.failed(), "2:too many acknowledgements are awaited ");
}

}  // namespace
}  // namespace naru::socketio
