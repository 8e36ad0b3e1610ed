#pragma once

#include "naru/arguments.hpp"
#include "naru/result.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace naru {

// Answers one event that asked for it. Copyable, usable on any thread; only the first call counts,
// and none once the socket has gone.
class Ack {
 public:
  // Where the answer goes: made by whoever received the event.
  class Route {
   public:
    virtual ~Route() = default;
    virtual void send(detail::ArgumentWriter& arguments) = 0;  // at most once

   private:
    friend class Ack;
    std::atomic<bool> used_{false};
  };

  Ack() = default;
  explicit Ack(std::shared_ptr<Route> route) : route_(std::move(route)) {}

  template <class... A>
  void operator()(const A&... args) const {
    if (!route_ || route_->used_.exchange(true)) return;
    detail::ArgumentWriter writer;
    (writer.add(args), ...);
    writer.finish();
    route_->send(writer);
  }
  // Whether the sender waits for an answer.
  explicit operator bool() const { return route_ != nullptr; }

 private:
  std::shared_ptr<Route> route_;
};

namespace detail {

// A handler of one event, by a party of the conversation: a Socket at the server, a ClientSocket.
template <class Party>
struct BasicEventHandler {
  std::function<bool(Party&, const Arguments&, const Ack&)> call;  // false: they do not fit
  bool answers = false;                                            // by itself, or later
};

template <class Party, class Parameters>
constexpr bool takes_party() {
  if constexpr (std::tuple_size_v<Parameters> == 0) {
    return false;
  } else {
    return std::is_same_v<std::tuple_element_t<0, Parameters>, Party>;
  }
}

template <class Parameters>
constexpr bool takes_ack() {
  constexpr std::size_t count = std::tuple_size_v<Parameters>;
  if constexpr (count == 0) {
    return false;
  } else {
    return std::is_same_v<std::tuple_element_t<count - 1, Parameters>, Ack>;
  }
}

// `handler` with its parameters decoded: false when the arguments do not fit them.
template <class Party, class F>
BasicEventHandler<Party> event_handler(F handler) {
  using Parameters = typename Signature<F>::Parameters;
  using Return = typename Signature<F>::Return;
  constexpr std::size_t first = takes_party<Party, Parameters>() ? 1 : 0;
  constexpr std::size_t values =
      std::tuple_size_v<Parameters> - first - (takes_ack<Parameters>() ? 1 : 0);

  auto call = [handler = std::move(handler)](Party& party, const Arguments& arguments,
                                             const Ack& ack) mutable -> bool {
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> bool {
      std::tuple<Result<std::tuple_element_t<I + first, Parameters>>...> decoded{
          read_argument<std::tuple_element_t<I + first, Parameters>>(arguments, I)...};
      if (!(std::get<I>(decoded).has_value() && ...)) return false;
      const auto run = [&]() -> decltype(auto) {
        if constexpr (first == 1 && takes_ack<Parameters>()) {
          return handler(party, *std::move(std::get<I>(decoded))..., ack);
        } else if constexpr (first == 1) {
          return handler(party, *std::move(std::get<I>(decoded))...);
        } else if constexpr (takes_ack<Parameters>()) {
          return handler(*std::move(std::get<I>(decoded))..., ack);
        } else {
          return handler(*std::move(std::get<I>(decoded))...);
        }
      };
      if constexpr (std::is_void_v<Return>) {
        run();
      } else {
        const Return answer = run();
        if (ack) ack(answer);
      }
      return true;
    }(std::make_index_sequence<values>());
  };
  return {std::move(call), takes_ack<Parameters>() || !std::is_void_v<Return>};
}

// Hears the answer to an emit: all its arguments, or timed_out, or disconnected.
using OnAnswer = std::function<void(Result<Arguments>)>;

// The arguments of an emit_with_ack: all but the last are written, the last is
// `on_answer(Result<T>)`, for which T is read from the answer's first argument.
template <class... AF>
OnAnswer write_then_on_answer(ArgumentWriter& writer, const AF&... args_then_on_answer) {
  static_assert(sizeof...(AF) > 0, "the last argument is the callback");
  constexpr std::size_t count = sizeof...(AF) - 1;
  const auto all = std::tie(args_then_on_answer...);
  const auto& on_answer = std::get<count>(all);
  using Callback = std::remove_cvref_t<decltype(on_answer)>;
  using Answer = std::tuple_element_t<0, typename Signature<Callback>::Parameters>;
  using T = typename Answer::value_type;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (writer.add(std::get<I>(all)), ...);
  }(std::make_index_sequence<count>());
  writer.finish();
  return [on_answer](Result<Arguments> arguments) mutable {
    if (!arguments) {
      on_answer(Result<T>(arguments.error()));
    } else {
      on_answer(read_argument<T>(*arguments, 0));
    }
  };
}

}  // namespace detail

}  // namespace naru
