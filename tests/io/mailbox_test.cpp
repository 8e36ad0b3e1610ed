#include "io/loop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace naru::io {
namespace {

TEST(Mailbox, KeepsTheOrderOfEachThread) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  Loop loop;
  std::array<std::vector<int>, kThreads> seen;
  std::atomic<int> left = kThreads;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop.post([&seen, t, i] { seen[static_cast<std::size_t>(t)].push_back(i); });
      }
      if (--left == 0) loop.stop();
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  for (const auto& numbers : seen) {
    ASSERT_EQ(numbers.size(), static_cast<std::size_t>(kTasks));
    for (int i = 0; i < kTasks; ++i) ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
  }
}

TEST(Mailbox, DestroysWhatNeverRan) {
  const auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace naru::io
