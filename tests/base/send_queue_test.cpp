#include "base/send_queue.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace naru {
namespace {

SharedBytes shared(std::size_t size, char fill = 's') {
  return std::make_shared<const std::string>(size, fill);
}

std::string content(const SendQueue& queue) {
  std::array<std::string_view, 64> pieces;
  const std::size_t count = queue.peek(pieces);
  EXPECT_LT(count, pieces.size());
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += pieces[i];
  EXPECT_EQ(out.size(), queue.size());
  return out;
}

TEST(SendQueue, IsEmptyAtFirst) {
  ChunkPool pool;
  const SendQueue queue(pool);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(content(queue), "");
}

TEST(SendQueue, KeepsBytesInOrder) {
  ChunkPool pool;
  SendQueue queue(pool);
  queue.append("abc");
  queue.append("");
  queue.append(shared(3));
  queue.append("def");
  queue.append(shared(5000, 'l'));
  queue.append("ghi");
  EXPECT_EQ(content(queue), "abcsssdef" + std::string(5000, 'l') + "ghi");
}

TEST(SendQueue, JoinsSmallAppendsIntoOnePiece) {
  ChunkPool pool;
  SendQueue queue(pool);
  for (int i = 0; i < 50; ++i) queue.append("0123456789");
  std::array<std::string_view, 4> pieces;
  EXPECT_EQ(queue.peek(pieces), 1U);
}

TEST(SendQueue, GivesContiguousRoomOfAnySize) {
  ChunkPool pool;
  SendQueue queue(pool);
  std::string expected;
  for (const std::size_t size : {1U, 900U, 1000U, 1024U, 16384U, 16385U, 100000U, 0U, 1U}) {
    const std::span<char> room = queue.append_uninitialized(size);
    ASSERT_EQ(room.size(), size);
    std::fill(room.begin(), room.end(), 'r');
    expected.append(size, 'r');
  }
  EXPECT_EQ(content(queue), expected);
}

TEST(SendQueue, HoldsLargeSharedBytesByReferenceUntilTheyAreSent) {
  ChunkPool pool;
  SendQueue queue(pool);
  const SharedBytes bytes = shared(5000);
  queue.append(bytes);
  std::array<std::string_view, 1> piece;
  ASSERT_EQ(queue.peek(piece), 1U);
  EXPECT_EQ(piece[0].data(), bytes->data());
  queue.consume(4999);
  EXPECT_EQ(bytes.use_count(), 2);
  queue.consume(1);
  EXPECT_EQ(bytes.use_count(), 1);
}

TEST(SendQueue, CopiesSmallSharedBytes) {
  ChunkPool pool;
  SendQueue queue(pool);
  const SharedBytes bytes = shared(100);
  queue.append(bytes);
  EXPECT_EQ(bytes.use_count(), 1);
}

TEST(SendQueue, DoesNotWriteIntoSharedBytes) {
  ChunkPool pool;
  SendQueue queue(pool);
  const SharedBytes bytes = shared(5000);
  queue.append(bytes);
  queue.append("after");
  EXPECT_EQ(*bytes, std::string(5000, 's'));
  EXPECT_EQ(content(queue), *bytes + "after");
}

TEST(SendQueue, AppendsAfterPartsWereConsumed) {
  ChunkPool pool;
  SendQueue queue(pool);
  queue.append("abcdef");
  queue.consume(4);
  queue.append("gh");
  EXPECT_EQ(content(queue), "efgh");
  queue.consume(4);
  EXPECT_TRUE(queue.empty());
  queue.append("i");
  EXPECT_EQ(content(queue), "i");
}

TEST(SendQueue, PeekStopsAtTheEndOfItsRoom) {
  ChunkPool pool;
  SendQueue queue(pool);
  for (int i = 0; i < 5; ++i) queue.append(shared(1000));
  std::array<std::string_view, 3> pieces;
  EXPECT_EQ(queue.peek(pieces), 3U);
  EXPECT_EQ(queue.peek({}), 0U);
}

TEST(SendQueue, ClearLetsGoOfEverything) {
  ChunkPool pool;
  SendQueue queue(pool);
  const SharedBytes bytes = shared(5000);
  queue.append("abc");
  queue.append(bytes);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(bytes.use_count(), 1);
  queue.clear();
}

TEST(SendQueue, LetsGoOfItsBytesWhenItEnds) {
  ChunkPool pool;
  const SharedBytes bytes = shared(5000);
  {
    SendQueue queue(pool);
    queue.append(bytes);
  }
  EXPECT_EQ(bytes.use_count(), 1);
}

TEST(SendQueue, EqualsAStringUnderRandomUse) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    ChunkPool pool(8192);
    SendQueue queue(pool);
    std::string model;
    for (int step = 0; step < 300; ++step) {
      const std::size_t size = random.next_u32() % 4 == 0 ? random.next_u32() % 40000  //
                                                          : random.next_u32() % 700;
      const char fill = static_cast<char>('a' + step % 26);
      switch (random.next_u32() % 4) {
        case 0:
          queue.append(std::string(size, fill));
          model.append(size, fill);
          break;
        case 1:
          queue.append(shared(size, fill));
          model.append(size, fill);
          break;
        default: {
          const std::size_t count = std::min(size, model.size());
          queue.consume(count);
          model.erase(0, count);
        }
      }
      ASSERT_EQ(queue.size(), model.size());
      std::array<std::string_view, 4> front;
      std::size_t at = 0;
      const std::size_t count = queue.peek(front);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(front[i], std::string_view(model).substr(at, front[i].size())) << "seed " << seed;
        at += front[i].size();
      }
      ASSERT_EQ(count == 0, model.empty());
    }
  }
}

TEST(SendQueue, BorrowsWhatIsLent) {
  ChunkPool pool;
  SendQueue queue(pool);
  const std::string bytes = "0123456789";
  queue.append("head ");
  queue.lend(bytes);
  ASSERT_TRUE(queue.lent(bytes));
  const std::string_view part = std::string_view(bytes).substr(2, 5);
  ASSERT_TRUE(queue.lent(part));
  EXPECT_FALSE(queue.borrows());
  queue.borrow(part);
  EXPECT_TRUE(queue.borrows());
  queue.append(" tail");
  EXPECT_EQ(queue.size(), 15U);
  EXPECT_EQ(content(queue), "head 23456 tail");
  std::array<std::string_view, 3> pieces;
  ASSERT_EQ(queue.peek(pieces), 3U);
  EXPECT_EQ(pieces[1].data(), part.data());
}

TEST(SendQueue, IsLentNothingBeyondTheBytesNorTheTimeNorByOthers) {
  ChunkPool pool;
  SendQueue queue(pool);
  SendQueue other(pool);
  const std::string bytes = "0123456789";
  const std::string_view inner = std::string_view(bytes).substr(2, 4);
  EXPECT_FALSE(queue.lent(bytes));
  queue.lend(inner);
  EXPECT_TRUE(queue.lent(inner));
  EXPECT_FALSE(other.lent(inner));
  EXPECT_FALSE(queue.lent(bytes));
  EXPECT_FALSE(queue.lent(std::string_view(bytes).substr(1, 4)));
  EXPECT_FALSE(queue.lent(std::string_view(bytes).substr(3, 4)));
  queue.append("x");  // the pool is found by way of a chunk now
  EXPECT_TRUE(queue.lent(inner));
  queue.stop_lending();
  EXPECT_FALSE(queue.lent(inner));
}

TEST(SendQueue, RepaidItHoldsItsOwn) {
  // Borrowed chunks at every place of a queue, partly sent or not.
  for (unsigned places = 0; places < 8; ++places) {
    for (std::size_t sent = 0; sent < 12; ++sent) {
      ChunkPool pool;
      SendQueue queue(pool);
      std::string bytes = "abcd";
      std::string wanted;
      for (unsigned place = 0; place < 3; ++place) {
        wanted += bytes;
        queue.lend(bytes);
        if ((places >> place & 1U) != 0) {
          queue.borrow(bytes);
        } else {
          queue.append(bytes);
        }
      }
      queue.stop_lending();
      queue.consume(sent);
      queue.repay();
      bytes = "gone";
      EXPECT_FALSE(queue.borrows());
      EXPECT_EQ(content(queue), wanted.substr(sent));
      queue.append("!");
      EXPECT_EQ(content(queue), wanted.substr(sent) + "!");
      queue.clear();
      EXPECT_TRUE(queue.empty());
    }
  }
}

TEST(SendQueue, NothingIsLeftToRepayOnceAllHasLeft) {
  ChunkPool pool;
  SendQueue queue(pool);
  const std::string bytes(5000, 'x');
  queue.lend(bytes);
  queue.borrow(bytes);
  queue.consume(bytes.size());
  EXPECT_TRUE(queue.empty());
  queue.repay();
  EXPECT_FALSE(queue.borrows());
  queue.append("more");  // the chunk that had borrowed is an ordinary one again
  EXPECT_EQ(content(queue), "more");
}

TEST(ChunkPool, GivesAReturnedChunkAgain) {
  ChunkPool pool;
  SendQueue queue(pool);
  const char* first = queue.append_uninitialized(10).data();
  queue.clear();
  EXPECT_EQ(queue.append_uninitialized(10).data(), first);
}

TEST(ChunkPool, GivesALargeChunkAgain) {
  ChunkPool pool;
  SendQueue queue(pool);
  const char* const first = queue.append_uninitialized(9000).data();
  queue.clear();
  EXPECT_EQ(queue.append_uninitialized(9000).data(), first);
}

Block block_of(std::size_t bytes) {
  Block block;
  block.reserve(bytes);
  return block;
}

TEST(ChunkPool, LendsABlockToOneAtATime) {
  ChunkPool pool;
  EXPECT_EQ(pool.take_block(100'000).capacity(), 0U);
  Block block = block_of(100'000);
  block.append(std::string_view("bytes"));
  const char* const bytes = block.bytes().data();
  pool.give_block(std::move(block));
  Block again = pool.take_block(1);
  EXPECT_EQ(again.bytes().data(), bytes);
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(pool.take_block(1).capacity(), 0U);
}

TEST(ChunkPool, LendsTheBlockThatFitsBest) {
  ChunkPool pool;
  for (const std::size_t bytes : {300'000U, 100'000U, 200'000U, 400'000U}) {
    pool.give_block(block_of(bytes));
  }
  EXPECT_EQ(pool.take_block(150'000).capacity(), 200'000U);
  EXPECT_EQ(pool.take_block(400'000).capacity(), 400'000U);
  EXPECT_EQ(pool.take_block(500'000).capacity(), 300'000U);
  EXPECT_EQ(pool.take_block(1).capacity(), 100'000U);
}

TEST(ChunkPool, KeepsNoBlockThatIsTooSmallOrTooLargeNorTooMany) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  ChunkPool pool;
  pool.give_block(block_of(mebibyte / 16 - 1));
  pool.give_block(block_of(4 * mebibyte + 1));
  EXPECT_EQ(pool.take_block(1).capacity(), 0U);
  for (int i = 0; i < 20; ++i) pool.give_block(block_of(mebibyte));
  int kept = 0;
  while (pool.take_block(1).capacity() > 0) ++kept;
  EXPECT_EQ(kept, 8);
  pool.give_block(block_of(4 * mebibyte));  // those that were taken count no longer
  EXPECT_EQ(pool.take_block(1).capacity(), 4 * mebibyte);
}

TEST(ChunkPool, ReturnedChunksAreEmpty) {
  ChunkPool pool;
  SendQueue queue(pool);
  queue.append(shared(5000));
  queue.append("x");
  queue.clear();
  queue.append("abc");
  EXPECT_EQ(content(queue), "abc");
}

TEST(ChunkPool, ServesManyQueues) {
  ChunkPool pool;
  SendQueue first(pool);
  SendQueue second(pool);
  first.append("first");
  second.append("second");
  first.clear();
  second.append(" more");
  EXPECT_EQ(content(second), "second more");
}

}  // namespace
}  // namespace naru
