#pragma once

#include "naru/client.hpp"
#include "naru/sockjs_client.hpp"
#include "naru/stomp_client.hpp"
#include "naru/websocket_client.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

// co_await for the clients: what they tell by a callback, a coroutine may wait for. It goes on
// where the callback would have been called, on the client's loop; only what is known at once, as
// that there is no connection, lets it go on where it is. Failure is a Result, as with callbacks.
// Every wait ends: when the client goes, the coroutine goes on with `disconnected`; then its
// handles may still be used, the client itself may not.
namespace naru {

namespace detail {

// Who will answer holds it. When the last one lets go without an answer, there is none to come.
template <class T>
class Answering {
 public:
  Answering(std::optional<Result<T>>& answer, std::coroutine_handle<> waiting)
      : answer_(answer), waiting_(waiting) {}
  ~Answering() { complete(Error{Errc::disconnected, "the client has gone"}); }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

  void complete(Result<T> answer) {
    if (std::exchange(complete_, true)) return;
    answer_.emplace(std::move(answer));
    if (beginning_ && std::this_thread::get_id() == beginner_) {
      at_once_ = true;
    } else {
      waiting_.resume();
    }
  }
  // Whether to wait, after the beginning: not if the answer came within it.
  bool wait() {
    if (!at_once_) beginning_ = false;
    return !at_once_;
  }

 private:
  std::optional<Result<T>>& answer_;  // in the coroutine, which waits
  const std::coroutine_handle<> waiting_;
  const std::thread::id beginner_ = std::this_thread::get_id();
  bool beginning_ = true;  // these two are the beginner's alone
  bool at_once_ = false;
  bool complete_ = false;
};

}  // namespace detail

// What awaiting() makes. Awaited once.
template <class T, class Begin>
class [[nodiscard]] Awaiting {
 public:
  explicit Awaiting(Begin begin) : begin_(std::move(begin)) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    // The coroutine, and this with it, may be gone before begin() has returned.
    const auto answering = std::make_shared<detail::Answering<T>>(answer_, waiting);
    Begin begin = std::move(begin_);
    const SendOutcome outcome =
        begin([answering](Result<T> answer) { answering->complete(std::move(answer)); });
    if (answering.use_count() == 1) {  // nobody will answer, or it is done
      const bool dropped = outcome == SendOutcome::dropped;
      answering->complete(dropped ? Error{Errc::too_many, "more than may wait"}
                                  : Error{Errc::disconnected, "not connected"});
    }
    return answering->wait();
  }
  Result<T> await_resume() { return *std::move(answer_); }

 private:
  Begin begin_;
  std::optional<Result<T>> answer_;
};

// Waits for one callback: `begin(done)` begins what will call `done(Result<T>)`, once or never, and
// says what has become of it. T owns what it holds.
template <class T, class Begin>
Awaiting<T, Begin> awaiting(Begin begin) {
  static_assert(!std::is_same_v<T, Arguments> && !std::is_same_v<T, JsonView>, "a view, and gone");
  return Awaiting<T, Begin>(std::move(begin));
}

// Emits an event, and waits for its acknowledgement, as emit_with_ack() does:
//   naru::Result<int> sum = co_await naru::call<int>(socket, "add", 2, 3);
// `socket` is a ClientSocket or, to give a deadline, socket.timeout(5s).
template <class T, class Socket, class... A>
auto call(const Socket& socket, std::string_view event, const A&... args) {
  return awaiting<T>([socket = Socket(socket), event = std::string(event),
                      args = std::tuple<std::decay_t<const A>...>(args...)](auto done) mutable {
    const auto emit = [&](const auto&... each) {
      return socket.emit_with_ack(event, each..., done);
    };
    return std::apply(emit, args);
  });
}

// Waits until a namespace, or a client, is connected.
inline auto connected(ClientSocket socket) {
  return awaiting<void>([socket](auto done) {
    socket.when_connected(std::move(done));
    return SendOutcome::sent;
  });
}
template <class C>
auto connected(C& client) {
  return awaiting<void>([&client](auto done) {
    client.when_connected(std::move(done));
    return SendOutcome::sent;
  });
}

// Sends to a destination, and waits for the broker's receipt.
inline auto send(StompClient& client, std::string_view destination, std::string_view body,
                 Headers headers = {}) {
  return awaiting<void>([&client, destination = std::string(destination), body = std::string(body),
                         headers = std::move(headers)](OnReceipt done) {
    StompSendOptions options;
    options.headers = headers;
    options.on_receipt = std::move(done);
    return client.send(destination, body, std::move(options));
  });
}
inline auto ack(StompDelivery delivery) {
  return awaiting<void>([delivery](OnReceipt done) { return delivery.ack(std::move(done)); });
}
inline auto commit(StompTransaction transaction) {
  return awaiting<void>(
      [transaction](OnReceipt done) { return transaction.commit(std::move(done)); });
}

// A coroutine that nobody waits for: it runs at once, as far as it can, and ends by itself. An
// exception that leaves it ends the program, as it does a thread.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

}  // namespace naru
