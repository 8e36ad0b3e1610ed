#pragma once

#include "client/signals.hpp"
#include "io/alarm.hpp"
#include "io/loop.hpp"

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace naru::client {

// Who turns a client's loop: a thread of its own, run(), or the caller by poll(). A State has a
// `loop`, behind it a `driver`, a gate(), close(), and turn(wait), which says false when it has
// ended. Handlers may destroy the client at any time, even before start() has returned: whoever
// turns the loop keeps the State.
class Driver {
 public:
  explicit Driver(io::Loop& loop) : loop_(loop) {}

  template <class State>
  static void start(std::shared_ptr<State> state) {
    Driver& driver = state->driver;
    const std::lock_guard lock(driver.mutex_);
    driver.thread_ = std::thread([state] {
      while (state->turn(Duration::max())) {
      }
    });
  }
  void wait() {
    join();
    rethrow();
  }
  // While `more(state)` turns it. SIGINT and SIGTERM close.
  template <class State, class More>
  static void run(std::shared_ptr<State> state, More more) {
    {
      const Signals signals(state->loop, [&state] { state->close(); });
      while (more(*state)) {
      }
    }
    state->driver.rethrow();
  }
  template <class State>
  static bool poll(std::shared_ptr<State> state, Duration wait) {
    bool more = state->turn(wait);
    Driver& driver = state->driver;
    if (driver.alarm_) driver.alarm_->set();
    if (state.use_count() == 1) {  // a handler has destroyed the client
      finish(*state);
      more = false;
    }
    driver.rethrow();
    return more;
  }
  // Readable when poll() has something to do.
  int fd() {
    if (!alarm_) alarm_.emplace(loop_);
    return loop_.fd();
  }
  // Of the destructor, behind close(). In one of its own handlers: whoever turns the loop comes to
  // the end by himself.
  template <class State>
  static void leave(State& state) {
    if (state.gate()->in_loop()) return state.driver.let_go();
    state.driver.join();
    finish(state);
  }

  // Calls a handler. One that throws has lost its way: `close()`, and whoever waits is told.
  template <class F, class Close>
  void call(F handler, Close close) {
    try {
      handler();
    } catch (...) {
      if (thrown_ == nullptr) thrown_ = std::current_exception();
      close();
    }
  }

 private:
  // The end of a client that nobody turns: at once, but everybody who waits is told.
  template <class State>
  static void finish(State& state) {
    constexpr int kTurnsAtMost = 4;
    for (int turns = 0; turns < kTurnsAtMost && state.turn({}); ++turns) {
      for (const auto& stream : state.loop.streams()) stream->abort();
    }
  }
  void join() {
    std::thread thread = take();
    if (thread.joinable()) thread.join();
  }
  void let_go() {
    std::thread thread = take();
    if (thread.joinable()) thread.detach();
  }
  std::thread take() {
    const std::lock_guard lock(mutex_);
    return std::move(thread_);
  }
  void rethrow() {
    if (thrown_ != nullptr) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

  io::Loop& loop_;
  std::optional<io::Alarm> alarm_;  // once somebody watches
  std::mutex mutex_;
  std::thread thread_;
  std::exception_ptr thrown_;  // by a handler
};

}  // namespace naru::client
