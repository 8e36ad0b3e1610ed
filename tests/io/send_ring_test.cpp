#include "io/send_ring.hpp"

#include "io/last_error.hpp"
#include "refuse_system_call.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace naru::io {
namespace {

// Two ends of a socket.
class Pair {
 public:
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0); }
  ~Pair() {
    ::close(ends_[0]);
    close_peer();
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  int fd() const { return ends_[0]; }
  void close_peer() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  std::string received() const {
    std::string bytes(1U << 20U, '\0');
    const auto count = ::recv(ends_[1], bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

class SendRingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Containers and kernels before 6.1 refuse rings.
    auto opened = SendRing::open();
    if (!opened) GTEST_SKIP() << last_error();
    ring = *std::move(opened);
  }
  void add(int fd, std::string_view piece) { ring->add(fd, {&piece, 1}); }

  std::unique_ptr<SendRing> ring;
};

TEST_F(SendRingTest, SendsToEachWhatWasAddedForIt) {
  const Pair first;
  const Pair second;
  const std::array<std::string_view, 3> pieces{"one", "two", "three"};
  add(first.fd(), "hello");
  ring->add(second.fd(), pieces);
  const auto results = ring->submit();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0], 5);
  EXPECT_EQ(results[1], 11);
  EXPECT_EQ(first.received(), "hello");
  EXPECT_EQ(second.received(), "onetwothree");
}

TEST_F(SendRingTest, TakesAsManyAsItSaysAndGoesRound) {
  const Pair pair;
  for (int round = 0; round < 5; ++round) {
    std::string wanted;
    while (!ring->full()) {
      wanted += static_cast<char>('a' + ring->size() % 26);
      add(pair.fd(), std::string_view("abcdefghijklmnopqrstuvwxyz").substr(ring->size() % 26, 1));
    }
    ASSERT_EQ(ring->size(), SendRing::kSends);
    ASSERT_EQ(ring->submit().size(), SendRing::kSends);
    EXPECT_EQ(pair.received(), wanted);
    EXPECT_EQ(ring->size(), 0U);
  }
}

TEST_F(SendRingTest, IsFullWhenAnotherSendMightHaveMorePiecesThanAreLeft) {
  const Pair pair;
  const std::vector<std::string_view> pieces(SendRing::kPieces, "x");
  for (std::size_t i = 0; i < SendRing::kPool / SendRing::kPieces; ++i) {
    ASSERT_FALSE(ring->full());
    ring->add(pair.fd(), pieces);
  }
  EXPECT_TRUE(ring->full());
  ASSERT_EQ(ring->submit().size(), SendRing::kPool / SendRing::kPieces);
  EXPECT_EQ(pair.received(), std::string(SendRing::kPool, 'x'));
  EXPECT_FALSE(ring->full());
}

TEST_F(SendRingTest, NeverWaitsForRoomThoughTheSocketWould) {
  const Pair pair;  // whose sockets block
  const std::string block(std::size_t{4} << 20U, 'x');
  add(pair.fd(), block);
  const auto some = ring->submit();
  ASSERT_EQ(some.size(), 1U);
  EXPECT_GT(some[0], 0);
  EXPECT_LT(some[0], static_cast<std::int32_t>(block.size()));
  add(pair.fd(), block);
  const Pair other;
  add(other.fd(), "not held up");
  const auto none = ring->submit();
  ASSERT_EQ(none.size(), 2U);
  EXPECT_EQ(none[0], -EAGAIN);
  EXPECT_EQ(none[1], 11);
}

TEST_F(SendRingTest, TellsErrorsOneByOneAndRaisesNoSignal) {
  Pair broken;
  broken.close_peer();
  const Pair well;
  add(broken.fd(), "lost");
  add(-1, "nowhere");
  add(well.fd(), "arrives");
  const auto results = ring->submit();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0], -EPIPE);
  EXPECT_EQ(results[1], -EBADF);
  EXPECT_EQ(results[2], 7);
  EXPECT_EQ(well.received(), "arrives");
}

TEST_F(SendRingTest, BelongsToTheThreadThatOpenedIt) {
  EXPECT_TRUE(ring->mine());
  std::thread([this] {
    EXPECT_FALSE(ring->mine());
    ring.reset();  // must not take this thread's places for its own
  }).join();
}

TEST_F(SendRingTest, GivesUpWhenTheKernelRefusesToGoOn) {
  const Pair pair;
  std::thread([&pair] {
    auto refused = *SendRing::open();
    const std::string_view piece = "sent";
    refused->add(pair.fd(), {&piece, 1});
    ASSERT_EQ(refused->submit().size(), 1U);
    testing::refuse_system_call(SYS_io_uring_enter);
    refused->add(pair.fd(), {&piece, 1});
    EXPECT_EQ(refused->submit().size(), 0U);
  }).join();
  EXPECT_EQ(pair.received(), "sent");
}

TEST(SendRing, SaysWhyItCannotBeOpened) {
  std::thread([] {
    testing::refuse_system_call(SYS_io_uring_setup);
    const auto ring = SendRing::open();
    ASSERT_FALSE(ring);
    EXPECT_EQ(ring.error().code, Errc::io);
    EXPECT_EQ(last_error(), "io_uring cannot be used: io_uring_setup: Operation not permitted");
  }).join();
}

}  // namespace
}  // namespace naru::io
