#pragma once

#include "base/send_queue.hpp"
#include "base/time.hpp"
#include "base/unique_function.hpp"
#include "io/timer_wheel.hpp"
#include "naru/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace naru::io {

class Stream;

// What waits in epoll: a stream, a listener, the mailbox.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void on_ready(std::uint32_t epoll_events) = 0;
};

using Task = UniqueFunction<void()>;

// Tasks that other threads leave for a loop.
class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  void post(Task task);  // any thread; wakes the loop
  int fd() const { return fd_; }
  // Runs what has been posted, in order. What a task posts runs in the next turn.
  void drain();

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::vector<Task> running_;
  int fd_ = -1;
};

// Sends what a turn has queued. The seam where a whole turn's batch may leave at once.
class Flusher {
 public:
  virtual ~Flusher() = default;
  virtual void flush(std::span<Stream* const> touched) = 0;
};

// One thread's event loop: level-triggered epoll, one receive buffer, one flush per turn.
// Everything it owns lives and dies on its thread; only post() and stop() may be called from
// others.
class Loop {
 public:
  static constexpr std::size_t kReceiveBytes = 65536;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs turns until stop().
  void run();
  void stop();  // any thread
  // One turn: waits at most `wait` for something to happen, handles it, fires timers, runs posted
  // tasks, calls the turn hook, flushes touched streams, frees closed ones.
  void poll(Duration wait);

  Instant now() const { return now_; }  // read once per turn
  void post(Task task) { mailbox_.post(std::move(task)); }
  // Runs `task` at the end of this turn, before the flush. Loop's own thread.
  void defer(Task task);
  bool in_loop_thread() const;

  TimerWheel& timers() { return wheel_; }
  ChunkPool& chunks() { return chunks_; }
  std::span<char> receive_buffer() { return {buffer_.get(), kReceiveBytes}; }
  std::size_t stream_count() const { return streams_.size(); }

  // For streams and listeners.
  void watch(int fd, std::uint32_t epoll_events, Pollable& pollable);
  void change(int fd, std::uint32_t epoll_events, Pollable& pollable);
  void unwatch(int fd, Pollable& pollable);  // events of this turn still pending for it are dropped
  Stream& own(std::unique_ptr<Stream> stream);
  void touch(Stream& stream);  // has something to flush at the end of the turn
  void bury(Stream& stream);   // closed: freed at the end of the turn

 private:
  Instant now_;
  TimerWheel wheel_;
  ChunkPool chunks_;
  Mailbox mailbox_;
  std::unique_ptr<char[]> buffer_;
  std::vector<std::unique_ptr<Stream>> streams_;
  // and what the implementation adds
};

}  // namespace naru::io
