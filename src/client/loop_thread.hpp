#pragma once

#include <mutex>
#include <thread>
#include <utility>

namespace naru::client {

// The thread that turns a client's loop. A handler on it may destroy the client, even before
// start() has returned on the other one.
class LoopThread {
 public:
  template <class F>
  void start(F body) {
    const std::lock_guard lock(mutex_);
    thread_ = std::thread(std::move(body));
  }
  void join() {
    std::thread thread = take();
    if (thread.joinable()) thread.join();
  }
  // It comes to its end by itself.
  void let_go() {
    std::thread thread = take();
    if (thread.joinable()) thread.detach();
  }

 private:
  std::thread take() {
    const std::lock_guard lock(mutex_);
    return std::move(thread_);
  }

  std::mutex mutex_;
  std::thread thread_;
};

}  // namespace naru::client
