#pragma once

#include "base/unique_function.hpp"
#include "client/waiters.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace naru::client {

// The way to a client from any thread, also when it has gone. `State` has a `loop`.
template <class State>
struct Gate {
  bool in_loop() const { return current == this; }
  // Does `task` on the client's loop, now if this is it. False: there is no client any more.
  bool act(UniqueFunction<void(State&)> task) {
    if (in_loop()) {
      if (client == nullptr) return false;
      task(*client);
      return true;
    }
    const std::lock_guard lock(mutex);
    if (client == nullptr) return false;
    post(std::move(task));
    return true;
  }
  // The same with somebody who waits to be told of the outcome: he is told at once when there is no
  // client any more.
  template <class Ask>
  void ask(Waiters::OnDone done, Ask ask) {
    auto shared = std::make_shared<Waiters::OnDone>(std::move(done));
    if (act([shared, ask](State& state) { ask(state, *shared); })) return;
    (*shared)(not_any_more());
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
