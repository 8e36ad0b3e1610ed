#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"
#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

// What Connection asks of the heap: a peer must not be able to make it hold more than it sent.

namespace {

std::size_t allocations = 0;
std::size_t frees = 0;
std::size_t allocated_bytes = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  allocated_bytes += size;
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept {
  if (block != nullptr) ++frees;
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
// The same by default; AddressSanitizer has others.
void* operator new[](std::size_t size) {
  return operator new(size);
}
void operator delete[](void* block) noexcept {
  operator delete(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  operator delete(block);
}

namespace naru::websocket {
namespace {

using test::bytes;
using test::masked;

struct Fixture {
  explicit Fixture(const Limits& own_limits = {})
      : limits(own_limits), connection(Role::server, limits) {}

  // Feeds one segment from a kept block, so that only the connection allocates.
  int receive(std::string_view segment) {
    std::copy(segment.begin(), segment.end(), block.begin());
    Cursor in{std::span(block).first(segment.size())};
    int events = 0;
    while (true) {
      const auto event = connection.receive(in, queue);
      if (!event || !*event) return events;
      ++events;
    }
  }

  std::vector<char> block = std::vector<char>(100'000);
  ChunkPool pool;
  SendQueue queue{pool};
  Limits limits;
  Connection connection;
};

TEST(ConnectionMemory, IsSmall) {
  EXPECT_LE(sizeof(Connection), 32U);
}

TEST(ConnectionMemory, WholeFramesAllocateNothing) {
  Fixture fixture;
  const std::string segment = masked(0x81, "forty-two") + masked(0x82, std::string(300, 'x')) +
                              masked(0x8a, "a pong") + masked(0x81, std::string(70000, 'y'));
  // The first long text of the process makes simdjson choose its implementation: on the heap.
  EXPECT_EQ(fixture.receive(segment), 4);
  const std::size_t before = allocations;
  EXPECT_EQ(fixture.receive(segment), 4);
  EXPECT_EQ(allocations, before);
}

TEST(ConnectionMemory, PongsInPiecesLeaveNothing) {
  Fixture fixture;
  const std::size_t before = allocations - frees;
  for (const char byte : masked(0x8a, "a pong")) fixture.receive({&byte, 1});
  EXPECT_EQ(allocations - frees, before);
}

TEST(ConnectionMemory, PingsInPiecesLeaveNothing) {
  Fixture fixture;
  fixture.queue.append(std::string_view("keeps its chunk"));
  const std::size_t before = allocations - frees;
  for (const char byte : masked(0x89, "a ping")) fixture.receive({&byte, 1});
  EXPECT_EQ(allocations - frees, before);
}

TEST(ConnectionMemory, MessagesInPiecesLeaveNothing) {
  Fixture fixture;
  const std::string input = masked(0x01, "abc") + masked(0x89, "") + masked(0x80, "def");
  fixture.queue.append(std::string_view("keeps its chunk"));
  const std::size_t before = allocations - frees;
  int events = 0;
  for (const char byte : input) events += fixture.receive({&byte, 1});
  EXPECT_EQ(events, 1);
  EXPECT_EQ(allocations - frees, before);
}

TEST(ConnectionMemory, TooLongMessageAllocatesNothingButItsClose) {
  Fixture fixture;
  const std::string segment = bytes("82 ff 7f ff ff ff ff ff ff ff");
  const std::size_t before = allocated_bytes;
  EXPECT_EQ(fixture.receive(segment), 0);
  EXPECT_LE(allocated_bytes - before, 1024U);
}

TEST(ConnectionMemory, GrowsWithWhatArrivedNotWithWhatAHeadClaims) {
  Fixture fixture({.message_bytes = std::size_t{1} << 40U});
  const std::string segment = bytes("82 ff 00 00 00 40 00 00 00 00 00 00 00 00 61 62 63");
  const std::size_t before = allocated_bytes;
  fixture.receive(segment);
  EXPECT_LE(allocated_bytes - before, 1024U);
}

TEST(ConnectionMemory, GrowsGeometrically) {
  const std::string long_frame = masked(0x82, std::string(1'000'000, 'x'));
  std::string fragments = masked(0x02, "");
  for (int i = 0; i < 2000; ++i) fragments += masked(0x00, std::string(500, 'x'));
  for (const std::string& input : {long_frame, fragments}) {
    Fixture fixture;
    const std::size_t before = allocated_bytes;
    for (std::size_t at = 0; at < input.size(); at += 100) {
      fixture.receive(std::string_view(input).substr(at, 100));
    }
    EXPECT_LE(allocated_bytes - before, 4'000'000U);
  }
}

// 1 KiB that inflates to 1 MiB and more: what is held stays at the limit, in each role and either
// way of arriving.
TEST(ConnectionMemory, BombsHoldNoMoreThanTheLimit) {
  std::string bomb;
  Deflater deflater(15, 8, 9);
  for (int i = 0; i < 64; ++i) {
    deflater.compress(std::string(1U << 20U, '\0'), Deflater::End::none, bomb);
  }
  deflater.compress("", Deflater::End::message, bomb);
  for (const std::size_t step : {1000U, 100'000U}) {
    Fixture fixture({.message_bytes = 100'000});
    DeflatePool pool;
    fixture.connection.use_deflate({}, pool);
    const std::string frame = masked(0xc2, bomb);
    const std::size_t before = allocated_bytes;
    for (std::size_t at = 0; at < frame.size(); at += step) {
      EXPECT_EQ(fixture.receive(std::string_view(frame).substr(at, step)), 0);
    }
    EXPECT_TRUE(fixture.connection.finished());
    // All the blocks of a vector that doubles its size, and the one step.
    EXPECT_LE(allocated_bytes - before, 3 * 100'000 + DeflatePool::kStep);
  }
}

TEST(ConnectionMemory, CompressedMessagesWithoutContextLeaveNothing) {
  Fixture fixture({.deflate = {.threshold = 0}});
  DeflatePool pool;
  fixture.connection.use_deflate({}, pool);
  const std::string hello = bytes("f2 48 cd c9 c9 07 00");
  const std::string whole = masked(0xc1, hello);
  const std::string cut = masked(0x41, hello.substr(0, 4)) + masked(0x80, hello.substr(4));
  std::size_t before = 0;
  for (int round = 0; round < 3; ++round) {
    if (round == 1) before = allocations - frees;  // the pool has what it needs by then
    EXPECT_EQ(fixture.receive(whole), 1);
    int events = 0;
    for (const char byte : cut) events += fixture.receive({&byte, 1});
    EXPECT_EQ(events, 1);
    fixture.connection.send_text("Hello, Hello, Hello, Hello", fixture.queue);
    fixture.queue.clear();
  }
  EXPECT_EQ(allocations - frees, before);
}

TEST(ConnectionMemory, EmptyFragmentsCostNothingEach) {
  Fixture fixture({.fragments = 1'000'000});
  fixture.receive(masked(0x01, "a"));
  const std::size_t before = allocations;
  for (int i = 0; i < 100'000; ++i) fixture.receive(bytes("00 80 00 00 00 00"));
  EXPECT_EQ(allocations, before);
}

TEST(ConnectionMemory, ItsOwnCloseDropsTheMessageItWasReceiving) {
  Fixture fixture;
  fixture.receive(masked(0x02, std::string(50'000, 'x')));
  fixture.connection.close(1000, {}, fixture.queue);
  const std::size_t before = frees;
  fixture.receive(masked(0x00, "y"));
  EXPECT_EQ(frees, before + 1);
}

}  // namespace
}  // namespace naru::websocket
