#pragma once

#include "base/unique_function.hpp"

#include <mutex>
#include <utility>

namespace naru::client {

// The way to a client from any thread, also when it has gone. `State` has a `loop`.
template <class State>
struct Gate {
  bool in_loop() const { return current == this; }
  // Does `task` on the client's loop, now if this is it; or not at all.
  void act(UniqueFunction<void(State&)> task) {
    if (in_loop()) {
      if (client != nullptr) task(*client);
      return;
    }
    const std::lock_guard lock(mutex);
    if (client != nullptr) post(std::move(task));
  }
  // Under the lock, while there is a client.
  void post(UniqueFunction<void(State&)> task) {
    client->loop.post([client = client, task = std::move(task)]() mutable { task(*client); });
  }
  void leave() {
    const std::lock_guard lock(mutex);
    client = nullptr;
  }

  // One turn of the loop, on this thread.
  template <class Turn>
  void turn(Turn once) {
    const Gate* const before = std::exchange(current, this);
    once();
    current = before;
  }

  std::mutex mutex;
  State* client = nullptr;  // guarded, but on its own loop

 private:
  static inline thread_local const Gate* current = nullptr;  // whose loop this thread turns now
};

}  // namespace naru::client
