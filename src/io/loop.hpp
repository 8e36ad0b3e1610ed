#pragma once

#include "base/send_queue.hpp"
#include "base/time.hpp"
#include "base/unique_function.hpp"
#include "io/timer_wheel.hpp"
#include "naru/result.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <sys/epoll.h>
#include <thread>
#include <vector>

namespace naru::io {

class Stream;
class StreamHandler;

// What waits in epoll: a stream, a listener, the mailbox. Whoever waits for a peer needs a
// deadline, so each is a timer as well (one table of virtual functions for both: connections are
// many).
class Pollable : public Timer {
 public:
  virtual void on_ready(std::uint32_t epoll_events) = 0;

 protected:
  void on_timer(Instant) override {}
};

using Task = UniqueFunction<void()>;

// Tasks that other threads leave for a loop.
class Mailbox : public Pollable {
 public:
  Mailbox();
  ~Mailbox() override;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void post(Task task);  // any thread; wakes the loop
  int fd() const { return fd_; }
  // Runs what has been posted, in order. What a task posts runs in the next turn.
  void drain();

  void on_ready(std::uint32_t) override { woken_ = true; }
  bool woken() const { return woken_; }

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::vector<Task> running_;
  int fd_ = -1;
  bool woken_ = false;
};

// Sends what a turn has queued. The seam where a whole turn's batch may leave at once.
class Flusher {
 public:
  virtual ~Flusher() = default;
  // Some of them may have closed since.
  virtual void flush(std::span<Stream* const> touched) = 0;
};

// One thread's event loop: level-triggered epoll, one receive buffer, one flush per turn.
// Everything it owns lives and dies on its thread; only post() and stop() may be called from
// others. Listeners and other pollables go before it.
class Loop {
 public:
  static constexpr std::size_t kReceiveBytes = 65536;

  // Throws std::system_error when the system has no descriptors left.
  Loop();
  // A last turn: aborts every stream, tells its handler, and runs what those defer.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs turns until stop().
  void run();
  void stop();  // any thread; before run(), it ends that one's first turn
  // One turn: waits at most `wait` for something to happen, handles it, fires timers, runs posted
  // tasks, then ends the turn: deferred tasks, on_closed of what closed, the flush, until nothing
  // new comes of it; and frees what closed.
  void poll(Duration wait);

  Instant now() const { return now_; }  // read once per turn
  // For who waits elsewhere: readable when an event waits for poll(). Of timers an Alarm tells.
  int fd() const { return epoll_; }
  // When poll() has something to do without an event.
  Instant due() const { return turn_pending() ? now_ : wheel_.next(); }
  void post(Task task) { mailbox_.post(std::move(task)); }
  // Runs `task` at the end of this turn, before the flush. Loop's own thread.
  void defer(Task task);
  bool in_loop_thread() const { return thread_.load() == std::this_thread::get_id(); }

  TimerWheel& timers() { return wheel_; }
  ChunkPool& chunks() { return chunks_; }
  std::span<char> receive_buffer() { return {buffer_.get(), kReceiveBytes}; }
  // Whether this turn has no other event.
  bool one_event() const { return batch_size_ <= 1; }
  std::span<const std::unique_ptr<Stream>> streams() const { return streams_; }
  void set_flusher(std::unique_ptr<Flusher> flusher);
  // Instead of sleeping at once, asks for events again and again for so long: latency for CPU.
  void set_spin(Duration spin) { spin_ = spin; }

  // For streams and listeners. watch is false when the kernel has no room for one more.
  bool watch(int fd, std::uint32_t epoll_events, Pollable& pollable);
  void change(int fd, std::uint32_t epoll_events, Pollable& pollable);
  void unwatch(int fd, Pollable& pollable);  // events of this turn still pending for it are dropped
  Stream& own(std::unique_ptr<Stream> stream);
  void touch(Stream& stream);  // has something to flush at the end of the turn
  // Flushes what has been touched so far, in a turn that touches very many. Calls no handler.
  void flush_early();
  void bury(Stream& stream);  // closed: told and freed at the end of the turn
  void bury(std::unique_ptr<StreamHandler> handler);  // replaced: freed at the end of the turn

 private:
  int timeout_ms(Duration wait) const;
  int wait_for_events(Duration wait);
  void end_turn();
  bool turn_pending() const;
  void run_deferred();
  void tell_buried();
  void flush_touched();
  void free_buried();

  Instant now_;
  int epoll_ = -1;
  int batch_at_ = 0;  // the events of this turn, for unwatch
  int batch_size_ = 0;
  bool stopping_ = false;
  Duration spin_{};
  std::size_t told_ = 0;  // so many of buried_ know it
  std::vector<Stream*> touched_;
  std::size_t flushed_early_ = 0;  // so many of touched_: they wait for settle()
  std::vector<Stream*> flushing_;
  std::vector<Stream*> buried_;
  std::vector<Task> deferred_;
  std::vector<Task> running_;
  std::vector<std::unique_ptr<StreamHandler>> buried_handlers_;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<Flusher> flusher_;
  std::atomic<std::thread::id> thread_;
  TimerWheel wheel_;
  ChunkPool chunks_;
  Mailbox mailbox_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::array<epoll_event, 256> batch_;
};

}  // namespace naru::io
