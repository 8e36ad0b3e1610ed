#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

namespace naru::test {

// What handlers on any thread note, for the test's thread to wait for, in order.
class Journal {
 public:
  void note(std::string entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.notify_all();
  }
  // The next entry; the bound only ends a test that has failed.
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(10), [&] { return !entries_.empty(); })) {
      ADD_FAILURE() << "nothing was noted within 10 s";
      return {};
    }
    std::string entry = std::move(entries_.front());
    entries_.pop_front();
    return entry;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return entries_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> entries_;
};

}  // namespace naru::test
