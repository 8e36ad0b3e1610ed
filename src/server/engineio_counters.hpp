#pragma once

#include "server/worker.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace naru::server {

// What happened to the Engine.IO sessions of one server on one loop, for whoever watches it.
// Written by that loop, read by any.
struct EngineCounters {
  Counter opened;
  Counter closed;
  Counter polling_begun;  // polling sessions: those that began...
  Counter polling_over;   // ...and those that went over to WebSocket, or ended
  Counter packets_in;     // messages, and their bytes
  Counter bytes_in;
  Counter packets_out;
  Counter bytes_out;

  void count_in(std::size_t bytes) {
    packets_in.add();
    bytes_in.add(bytes);
  }
  void count_out(std::size_t packets, std::size_t bytes) {
    packets_out.add(packets);
    bytes_out.add(bytes);
  }
  void count_end(std::string_view reason) {
    closed.add();
    const std::lock_guard lock(mutex_);
    ++ends_[std::string(reason)];
  }
  // Since the last call: how many ended, by reason.
  std::map<std::string, std::uint64_t> take_ends() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ends_, {});
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> ends_;
};

}  // namespace naru::server
