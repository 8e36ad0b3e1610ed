#pragma once

#include "client/gate.hpp"
#include "naru/message.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

namespace naru::client {

// The gate of a client that keeps nothing: what other threads send goes to the connection that was
// open then, or nowhere.
template <class State>
struct LineGate : Gate<State> {
  // Hands over `task(state, connection)`, `size` bytes of it, for that connection, or (0) for the
  // one of this moment.
  template <class Task>
  SendOutcome hand_over(std::uint64_t wanted, std::size_t size, Task task) {
    const std::lock_guard lock(this->mutex);
    const std::uint64_t open = connection;
    if (this->client == nullptr || open == 0 || (wanted != 0 && wanted != open)) {
      return SendOutcome::closed;
    }
    const std::size_t waiting = handed.fetch_add(size) + size;
    if (waiting > limit) {
      handed -= size;
      return SendOutcome::dropped;
    }
    this->post([this, open, size, task = std::move(task)](State& state) mutable {
      handed -= size;
      task(state, open);
    });
    return waiting > high_watermark ? SendOutcome::blocked : SendOutcome::sent;
  }
  // The loop's.
  void set_connection(std::uint64_t number) {
    const std::lock_guard lock(this->mutex);
    connection = number;
  }

  std::atomic<std::uint64_t> connection{0};  // that is open; changed under the lock; 0: none
  std::atomic<std::size_t> handed{0};        // bytes on the way to the loop
  std::size_t high_watermark = 0;            // of those
  std::size_t limit = 0;
};

}  // namespace naru::client
