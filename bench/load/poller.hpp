#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace naru::load {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;

class Connection;

// One epoll and one receive buffer, for all connections of the one thread.
class Poller {
 public:
  enum class Idle : std::uint8_t { spin, wait };

  // Where the connections go; throws std::runtime_error.
  Poller(const std::string& host, std::uint16_t port, Idle idle);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Handles what has arrived. `now()` is read once per connection that had something.
  void turn();
  Instant now() const { return now_; }

 private:
  friend class Connection;

  int fd_;
  int timeout_ms_;
  std::uint32_t address_;
  std::uint16_t port_;
  Instant now_ = Clock::now();
  std::vector<char> buffer_;
};

// One TCP connection to the server. What arrives is offered to on_bytes until it takes no more;
// what was given to send() leaves with one system call after that, or at flush().
class Connection {
 public:
  explicit Connection(Poller& poller) : poller_(poller) {}
  virtual ~Connection() { drop(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; on_connected follows.
  void open();
  // Ends with a reset, so that no port stays in TIME_WAIT.
  void drop();
  void send(std::string_view bytes) { out_.append(bytes); }
  void flush();
  // Reads nothing until resume(): a peer that is slow.
  void pause();
  void resume();
  bool paused() const { return paused_; }
  bool dropped() const { return fd_ < 0; }

 protected:
  Poller& poller() const { return poller_; }

  virtual void on_connected() = 0;
  // Returns how many bytes it used; the rest comes again with more.
  virtual std::size_t on_bytes(std::span<char> bytes) = 0;
  // The server closed or reset the connection.
  virtual void on_lost() = 0;

 private:
  friend class Poller;
  void on_event(std::uint32_t events);
  void receive();
  void watch(std::uint32_t events, int operation);
  std::uint32_t wanted() const;
  void lose();

  Poller& poller_;
  int fd_ = -1;
  bool connecting_ = false;
  bool paused_ = false;
  std::uint32_t watched_ = 0;
  std::string in_;  // an incomplete message
  std::string out_;
  std::size_t sent_ = 0;  // of out_
};

// Calls `open_next` until `wanted` connections were begun, at most 64 of them unfinished, so that
// no listen queue overflows (a lost SYN costs a second). `ready` counts those that came through.
template <class OpenNext>
void open_all(Poller& poller, std::size_t wanted, const std::size_t& ready, OpenNext open_next) {
  const Instant deadline = Clock::now() + std::chrono::seconds(60);
  std::size_t begun = 0;
  while (ready < wanted) {
    while (begun < wanted && begun < ready + 64) open_next(begun++);
    poller.turn();
    if (Clock::now() > deadline) {
      throw std::runtime_error("only " + std::to_string(ready) + " of " + std::to_string(wanted) +
                               " connections came through in 60 s");
    }
  }
}

}  // namespace naru::load
