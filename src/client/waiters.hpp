#pragma once

#include "naru/result.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace naru::client {

// Who waits for the connection: each is told once.
class Waiters {
 public:
  using OnDone = std::function<void(Result<void>)>;

  void add(OnDone done) { waiting_.push_back(std::move(done)); }
  // Each by `call(task)`.
  template <class Call>
  void tell(const Result<void>& outcome, Call call) {
    for (const OnDone& done : std::exchange(waiting_, {})) call([&] { done(outcome); });
  }

 private:
  std::vector<OnDone> waiting_;
};

inline Error not_any_more() {
  return {Errc::disconnected, "there is no connection, and will be none"};
}

}  // namespace naru::client
