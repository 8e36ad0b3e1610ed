#include "io/ring_flusher.hpp"

#include "refuse_system_call.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <thread>
#include <vector>

// What a batch adds. What a single stream promises, every_stream.hpp tries with a ring as well.
namespace naru::io {
namespace {

using testing::Client;
using testing::pattern;
using testing::Seen;
using testing::send;
using testing::settle;
using testing::turn_until;
using testing::Wire;
using testing::World;

// Several clients of one loop.
class Crowd {
 public:
  explicit Crowd(std::size_t size, int receive_buffer = 0, std::size_t ring_from = 2) {
    auto made = std::make_unique<RingFlusher>(ring_from);
    flusher = made.get();
    world.loop.set_flusher(std::move(made));
    for (std::size_t i = 0; i < size; ++i) {
      seen.push_back(world.seen);
      clients.push_back(world.connect(receive_buffer));
    }
  }
  Stream& stream(std::size_t i) { return *seen[i]->stream; }

  World world{Wire::tcp4};
  Loop& loop = world.loop;
  RingFlusher* flusher = nullptr;
  std::vector<std::shared_ptr<Seen>> seen;
  std::vector<std::unique_ptr<Client>> clients;
};

class RingFlusherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Containers and kernels before 6.1 refuse rings; the fallback has tests of its own.
    if (!RingFlusher::probe()) GTEST_SKIP() << last_error();
  }
};

TEST_F(RingFlusherTest, SendsATurnsBatchInOneCall) {
  Crowd crowd(10);
  for (std::size_t i = 0; i < 10; ++i) send(crowd.stream(i), "to " + std::to_string(i));
  crowd.loop.poll(Duration::zero());
  EXPECT_EQ(crowd.flusher->batches(), 1U);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(crowd.world.read(*crowd.clients[i], 4), "to " + std::to_string(i));
  }
}

TEST_F(RingFlusherTest, SendsHundredsInSeveral) {
  Crowd crowd(600);
  for (std::size_t i = 0; i < 600; ++i) send(crowd.stream(i), "to " + std::to_string(1000 + i));
  crowd.loop.poll(Duration::zero());
  EXPECT_EQ(crowd.flusher->batches(), 3U);
  for (std::size_t i = 0; i < 600; ++i) {
    EXPECT_EQ(crowd.world.read(*crowd.clients[i], 7), "to " + std::to_string(1000 + i));
  }
}

TEST_F(RingFlusherTest, LeavesSmallBatchesToSend) {
  const std::size_t size = RingFlusher::kRingFrom;
  Crowd crowd(size, 0, RingFlusher::kRingFrom);
  for (std::size_t i = 1; i < size; ++i) send(crowd.stream(i), "few");
  crowd.stream(0).send_later();  // with nothing to send
  crowd.loop.poll(Duration::zero());
  EXPECT_EQ(crowd.flusher->batches(), 0U);
  for (std::size_t i = 0; i < size; ++i) send(crowd.stream(i), "all");
  crowd.loop.poll(Duration::zero());
  EXPECT_EQ(crowd.flusher->batches(), 1U);
  EXPECT_EQ(crowd.world.read(*crowd.clients[0], 3), "all");
  for (std::size_t i = 1; i < size; ++i) {
    EXPECT_EQ(crowd.world.read(*crowd.clients[i], 6), "fewall");
  }
}

TEST_F(RingFlusherTest, SendsMorePiecesThanOneSendOrOneBatchTakes) {
  Crowd crowd(30);
  const std::string block = pattern(600);  // above what is copied
  const auto shared = std::make_shared<const std::string>(block);
  std::string wanted;
  for (int i = 0; i < 100; ++i) wanted += block;
  for (std::size_t i = 0; i < 30; ++i) {
    for (int j = 0; j < 100; ++j) crowd.stream(i).out().append(shared);
    crowd.stream(i).send_later();
  }
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_TRUE(crowd.world.read(*crowd.clients[i], wanted.size()) == wanted);
  }
  EXPECT_GE(crowd.flusher->batches(), 30U * SendRing::kPieces / SendRing::kPool);
}

TEST_F(RingFlusherTest, WaitsForRoomWhereASocketIsFull) {
  Crowd crowd(3, 4096);
  const std::string large = pattern(std::size_t{8} << 20U);
  send(crowd.stream(0), large);
  send(crowd.stream(1), "small");
  send(crowd.stream(2), large);
  crowd.loop.poll(Duration::zero());
  EXPECT_FALSE(crowd.stream(0).out().empty());
  EXPECT_TRUE(crowd.stream(1).out().empty());
  EXPECT_EQ(crowd.world.read(*crowd.clients[1], 5), "small");
  EXPECT_TRUE(crowd.world.read(*crowd.clients[0], large.size()) == large);
  EXPECT_TRUE(crowd.world.read(*crowd.clients[2], large.size()) == large);
  settle(crowd.loop);
  EXPECT_EQ(crowd.seen[0]->sent, 1);
  EXPECT_EQ(crowd.seen[1]->sent, 0);
  EXPECT_EQ(crowd.seen[2]->sent, 1);
}

TEST_F(RingFlusherTest, APeerThatHasGoneEndsItsOwnStreamOnly) {
  Crowd crowd(4);
  crowd.clients[1]->reset();
  crowd.clients[2]->close();
  for (int round = 0; round < 2; ++round) {  // the first meets a mere FIN, its answer is RST
    // Appended without a turn in between, in which epoll would tell.
    for (std::size_t i = 0; i < 4; ++i) crowd.stream(i).out().append(std::string_view("hello"));
    std::vector<Stream*> touched;
    for (std::size_t i = 0; i < 4; ++i) touched.push_back(&crowd.stream(i));
    crowd.flusher->flush(touched);
  }
  EXPECT_TRUE(crowd.stream(1).closed());
  EXPECT_TRUE(crowd.stream(2).closed());
  EXPECT_EQ(crowd.world.read(*crowd.clients[0], 10), "hellohello");
  EXPECT_EQ(crowd.world.read(*crowd.clients[3], 10), "hellohello");
  EXPECT_TRUE(turn_until(crowd.loop, [&] { return crowd.seen[2]->closed == 1; }));
  EXPECT_EQ(crowd.seen[1]->end, StreamEnd::reset);
  EXPECT_EQ(crowd.seen[2]->end, StreamEnd::reset);
  EXPECT_EQ(crowd.seen[0]->closed, 0);
}

TEST_F(RingFlusherTest, StreamsThatClosedInTheTurnAreLeftOut) {
  Crowd crowd(4);
  for (std::size_t i = 0; i < 4; ++i) send(crowd.stream(i), "bye");
  crowd.stream(0).abort();
  const auto detached = [&] {
    crowd.stream(3).flush();
    return crowd.stream(3).detach();
  }();
  crowd.stream(1).finish();
  crowd.loop.poll(Duration::zero());
  EXPECT_EQ(crowd.world.read(*crowd.clients[0]), "");
  EXPECT_EQ(crowd.world.read(*crowd.clients[1]), "bye");
  EXPECT_EQ(crowd.world.read(*crowd.clients[2], 3), "bye");
  EXPECT_EQ(crowd.world.read(*crowd.clients[3], 3), "bye");
}

TEST_F(RingFlusherTest, TlsStreamsOfTheSameTurnFlushThemselves) {
  Crowd crowd(2);
  auto secret = std::make_shared<Seen>();
  const auto listener =
      *Listener::listen(crowd.loop, {"127.0.0.1", 0}, testing::test_tls_context(),
                        [&](Stream&) { return std::make_unique<testing::Witness>(secret); });
  const auto client = World::dial(Wire::tls, listener->port());
  ASSERT_TRUE(turn_until(crowd.loop, [&] { return client->handshake() && secret->stream; }));
  settle(crowd.loop);
  const std::string large = pattern(std::size_t{4} << 20U);
  send(crowd.stream(0), "plain");
  send(*secret->stream, large);
  send(crowd.stream(1), large);
  crowd.loop.poll(Duration::zero());
  EXPECT_EQ(crowd.flusher->batches(), 1U);
  EXPECT_EQ(crowd.world.read(*crowd.clients[0], 5), "plain");
  EXPECT_TRUE(crowd.world.read(*client, large.size()) == large);
  EXPECT_TRUE(crowd.world.read(*crowd.clients[1], large.size()) == large);
}

TEST_F(RingFlusherTest, KeepsEveryStreamsBytesInOrderOverManyTurns) {
  Crowd crowd(7);
  const std::string bytes = pattern(300000);
  std::vector<std::size_t> sent(7);
  std::vector<std::string> got(7);
  std::uint32_t state = 7;
  for (int turn = 0; turn < 3000; ++turn) {
    for (std::size_t i = 0; i < 7; ++i) {
      state = state * 1664525U + 1013904223U;
      const std::size_t size = std::min<std::size_t>(state >> 25U, bytes.size() - sent[i]);
      if (size % 3 == 0) continue;
      send(crowd.stream(i), std::string_view(bytes).substr(sent[i], size));
      sent[i] += size;
    }
    crowd.loop.poll(Duration::zero());
    for (std::size_t i = 0; i < 7; ++i) crowd.clients[i]->receive(got[i]);
  }
  for (std::size_t i = 0; i < 7; ++i) {
    got[i] += crowd.world.read(*crowd.clients[i], sent[i] - got[i].size());
    EXPECT_TRUE(got[i] == bytes.substr(0, sent[i]));
  }
  EXPECT_GT(crowd.flusher->batches(), 1000U);
}

TEST_F(RingFlusherTest, OnAnotherThreadItSendsWithoutTheRing) {
  Crowd crowd(2);
  const auto send_to_both = [&] {
    send(crowd.stream(0), "hello");
    send(crowd.stream(1), "hello");
    crowd.loop.poll(Duration::zero());
  };
  std::thread(send_to_both).join();
  EXPECT_EQ(crowd.flusher->batches(), 1U);
  send_to_both();
  EXPECT_EQ(crowd.flusher->batches(), 1U);
  EXPECT_EQ(crowd.world.read(*crowd.clients[0], 10), "hellohello");
  EXPECT_EQ(crowd.world.read(*crowd.clients[1], 10), "hellohello");
}

// Sends to three in each of two turns; `before` runs ahead of each.
void send_in_two_turns(Crowd& crowd, const std::function<void(int)>& before) {
  for (int turn = 0; turn < 2; ++turn) {
    before(turn);
    for (std::size_t i = 0; i < 3; ++i) send(crowd.stream(i), "turn " + std::to_string(turn));
    crowd.loop.poll(Duration::zero());
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(crowd.world.read(*crowd.clients[i], 12), "turn 0turn 1");
  }
}

TEST(RingFlusher, SendsAsUsualWhereTheSystemRefusesRings) {
  std::thread([] {
    Crowd crowd(3);
    testing::refuse_system_call(SYS_io_uring_setup);
    EXPECT_FALSE(RingFlusher::probe());
    EXPECT_EQ(last_error(), "io_uring cannot be used: io_uring_setup: Operation not permitted");
    send_in_two_turns(crowd, [](int) {});
    EXPECT_TRUE(crowd.flusher->refused());
    EXPECT_EQ(crowd.flusher->batches(), 0U);
  }).join();
}

TEST_F(RingFlusherTest, SendsAsUsualOnceTheSystemRefuses) {
  std::thread([] {
    Crowd crowd(3);
    send_in_two_turns(crowd, [&](int turn) {
      EXPECT_FALSE(crowd.flusher->refused());
      if (turn == 1) testing::refuse_system_call(SYS_io_uring_enter);
    });
    EXPECT_TRUE(crowd.flusher->refused());
    EXPECT_EQ(crowd.flusher->batches(), 1U);
  }).join();
}

}  // namespace
}  // namespace naru::io
