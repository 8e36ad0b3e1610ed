#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

namespace naru::test {

// Made first in a test whose threads nobody can join: its end waits for theirs. A process that ends
// beside a thread which is just ending looks to LeakSanitizer as if it had lost something.
class EndOfThreads {
 public:
  EndOfThreads() = default;
  EndOfThreads(const EndOfThreads&) = delete;
  EndOfThreads& operator=(const EndOfThreads&) = delete;
  ~EndOfThreads() {
    using namespace std::chrono;
    const auto too_late = steady_clock::now() + seconds(10);  // only ends a test that has failed
    while (count() > before_) {
      if (steady_clock::now() > too_late) {
        ADD_FAILURE() << "a thread is left";
        return;
      }
      std::this_thread::yield();
    }
  }

 private:
  static std::ptrdiff_t count() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  }
  static std::ptrdiff_t count_at_rest() {
    std::thread([] {}).join();  // with the first one ThreadSanitizer starts one of its own
    return count();
  }
  const std::ptrdiff_t before_ = count_at_rest();
};

}  // namespace naru::test
