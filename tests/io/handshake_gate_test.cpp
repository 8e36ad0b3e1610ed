#include "io/handshake_gate.hpp"

#include "world.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace naru::io {
namespace {

using std::chrono::milliseconds;
using testing::settle;
using testing::turn_until;

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

class HandshakeGateTest : public ::testing::Test, public HandshakeGate::Door {
 protected:
  ~HandshakeGateTest() override {
    for (const int fd : admitted) ::close(fd);
  }
  void admit(int fd) override { admitted.push_back(fd); }

  // Any descriptor will do.
  int arrive() {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    gate->arrive(*this, fd);
    return fd;
  }
  void limit(const HandshakeLimits& limits) {
    gate = std::make_unique<HandshakeGate>(loop, limits);
  }
  void pass(Duration time) { loop.timers().advance(now += time); }

  Loop loop;
  Instant now = loop.now();
  std::unique_ptr<HandshakeGate> gate;
  std::vector<int> admitted;
};

TEST_F(HandshakeGateTest, LetsInSoManyAtOnceAndTheNextInOrder) {
  limit({.under_way = 2});
  std::vector<int> fds;
  for (int i = 0; i < 5; ++i) fds.push_back(arrive());
  EXPECT_EQ(admitted.size(), 2U);
  EXPECT_EQ(gate->waiting(), 3U);
  pass(milliseconds(20));
  EXPECT_EQ(admitted.size(), 2U);
  gate->ended(HandshakeGate::Outcome::full);
  EXPECT_EQ(admitted.size(), 2U);  // not beneath a stream
  pass(milliseconds(20));
  EXPECT_EQ(admitted.size(), 3U);
  gate->ended(HandshakeGate::Outcome::resumed);
  gate->ended(HandshakeGate::Outcome::failed);
  pass(milliseconds(20));
  EXPECT_EQ(admitted, fds);
  EXPECT_EQ(gate->under_way(), 2U);
  const auto counts = gate->counts();
  EXPECT_EQ(counts.full, 1U);
  EXPECT_EQ(counts.resumed, 1U);
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.delayed, 3U);
  EXPECT_EQ(counts.refused, 0U);
}

TEST_F(HandshakeGateTest, SpreadsThemOverTheSecond) {
  limit({.under_way = 10'000, .per_second = 80});
  for (int i = 0; i < 200; ++i) arrive();
  const std::size_t burst = admitted.size();
  EXPECT_GE(burst, 10U);
  EXPECT_LE(burst, 11U);
  std::size_t before = burst;
  for (int second = 0; second < 2; ++second) {
    for (int tick = 0; tick < 100; ++tick) pass(milliseconds(10));
    EXPECT_GE(admitted.size() - before, 79U);
    EXPECT_LE(admitted.size() - before, 81U);
    before = admitted.size();
  }
}

TEST_F(HandshakeGateTest, NobodyOvertakesThoseWhoWait) {
  limit({.under_way = 1});
  const int first = arrive();
  const int second = arrive();
  gate->ended(HandshakeGate::Outcome::full);
  const int third = arrive();
  EXPECT_EQ(admitted, (std::vector<int>{first}));
  pass(milliseconds(20));
  gate->ended(HandshakeGate::Outcome::full);
  pass(milliseconds(20));
  EXPECT_EQ(admitted, (std::vector<int>{first, second, third}));
}

TEST_F(HandshakeGateTest, ClosesWhomItHasNoPlaceFor) {
  limit({.under_way = 1, .waiting = 1});
  arrive();
  const int waits = arrive();
  const int refused = arrive();
  EXPECT_TRUE(is_open(waits));
  EXPECT_FALSE(is_open(refused));
  EXPECT_EQ(gate->counts().refused, 1U);
}

TEST_F(HandshakeGateTest, ClosesWhoHasWaitedTooLong) {
  limit({.under_way = 1});
  arrive();
  const int waits = arrive();
  pass(HandshakeGate::kWaitAtMost - milliseconds(100));
  EXPECT_TRUE(is_open(waits));
  pass(milliseconds(200));
  EXPECT_FALSE(is_open(waits));
  EXPECT_EQ(gate->counts().refused, 1U);
  EXPECT_EQ(gate->waiting(), 0U);
}

TEST_F(HandshakeGateTest, ClosesWhoWaitsForAListenerThatHasClosed) {
  class OtherDoor final : public HandshakeGate::Door {
   public:
    void admit(int fd) override { ::close(fd); }
  } other;
  limit({.under_way = 1});
  arrive();
  const int waits = arrive();
  const int others = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  gate->arrive(other, others);
  gate->leave(*this);
  EXPECT_FALSE(is_open(waits));
  EXPECT_TRUE(is_open(others));
}

TEST_F(HandshakeGateTest, ClosesWhoWaitsWhenItGoes) {
  limit({.under_way = 0});
  const int waits = arrive();
  gate.reset();
  EXPECT_FALSE(is_open(waits));
}

// With real handshakes: each gives its place back, however it ends.
TEST(HandshakeGateOfAListener, GivesPlacesBack) {
  std::unique_ptr<Loop> owned = std::make_unique<Loop>();
  Loop& loop = *owned;
  HandshakeGate gate(loop, {.under_way = 1});
  auto listener = Listener::listen(
      loop, {"127.0.0.1", 0}, testing::test_tls_context(),
      [](Stream&) { return std::make_unique<testing::Witness>(std::make_shared<testing::Seen>()); },
      &gate);
  ASSERT_TRUE(listener) << last_error();
  const auto port = (*listener)->port();

  testing::Client silent(AF_INET, port);
  ASSERT_TRUE(turn_until(loop, [&] { return gate.under_way() == 1; }));
  testing::TlsClient patient(port);
  ASSERT_TRUE(turn_until(loop, [&] {
    patient.handshake();
    return gate.waiting() == 1;
  }));
  EXPECT_EQ(loop.streams().size(), 1U);  // who waits is not a stream yet
  silent.close();
  ASSERT_TRUE(turn_until(loop, [&] { return patient.handshake(); }));
  settle(loop);
  EXPECT_EQ(gate.under_way(), 0U);
  EXPECT_EQ(gate.counts().failed, 1U);
  EXPECT_EQ(gate.counts().full, 1U);
  EXPECT_EQ(gate.counts().delayed, 1U);

  const testing::Client again(AF_INET, port);
  ASSERT_TRUE(turn_until(loop, [&] { return gate.under_way() == 1; }));
  const testing::Client waits(AF_INET, port);
  ASSERT_TRUE(turn_until(loop, [&] { return gate.waiting() == 1; }));
  (*listener)->close();
  EXPECT_EQ(gate.waiting(), 0U);
  listener->reset();
  owned.reset();
  EXPECT_EQ(gate.under_way(), 0U);
}

}  // namespace
}  // namespace naru::io
