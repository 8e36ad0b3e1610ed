#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <variant>

namespace naru {

// What went wrong, as far as a program decides on it. The text of an Error is for people.
enum class Errc {
  protocol_error,    // the peer broke a rule of its protocol
  bad_utf8,          // text that is not UTF-8
  bad_json,          // text that is not JSON, or JSON of another shape than asked for
  bad_msgpack,       // bytes that are not MessagePack, or of a kind that is not known here
  bad_packet,        // an Engine.IO or Socket.IO packet outside its grammar
  bad_compression,   // bytes that do not inflate
  message_too_big,   // more bytes than a limit allows
  too_many,          // more pieces than a limit allows (fragments, fields, attachments)
  unsupported,       // well formed, but of a kind that we do not speak
  invalid_argument,  // the caller's own mistake
  timed_out,         // nothing arrived in time
  disconnected,      // the other end has gone
  io,                // the operating system refused
  tls,               // OpenSSL refused
};

// An error: a code, and a literal that says it in words. Cheap to copy; owns nothing.
struct Error {
  Errc code;
  std::string_view text;  // must be a string literal

  friend bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

namespace detail {
[[noreturn]] inline void result_misuse(std::string_view text) {
  std::fprintf(stderr, "naru: Result holds an error: %.*s\n", static_cast<int>(text.size()),
               text.data());
  std::abort();
}
}  // namespace detail

// A value or an Error, spelled as std::expected. Reading the value of a failed one aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, error) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(*checked()); }

  T& operator*() & { return *checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  const T* operator->() const { return &value(); }

  template <class U>
  T value_or(U&& other) && {
    return has_value() ? std::move(*checked()) : static_cast<T>(std::forward<U>(other));
  }

  const Error& error() const { return std::get<1>(state_); }

 private:
  T* checked() {
    T* value = std::get_if<0>(&state_);
    if (value == nullptr) detail::result_misuse(error().text);
    return value;
  }

  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : failed_(true), error_(error) {}

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return !failed_; }
  const Error& error() const { return error_; }

 private:
  bool failed_ = false;
  Error error_{};
};

}  // namespace naru

#define NARU_CONCAT_(a, b) a##b
#define NARU_CONCAT(a, b) NARU_CONCAT_(a, b)
#define NARU_TRY_(result, declaration, expression) \
  auto result = (expression);                      \
  if (!(result)) [[unlikely]]                      \
    return (result).error();                       \
  declaration = *std::move(result)

// NARU_TRY(auto frame, decode(in)); returns the error from the enclosing function, or declares it.
#define NARU_TRY(declaration, expression) \
  NARU_TRY_(NARU_CONCAT(naru_result_, __LINE__), declaration, expression)

// NARU_CHECK(validate(in)); the same for a Result<void>.
#define NARU_CHECK(expression)                                      \
  if (auto naru_checked = (expression); !naru_checked) [[unlikely]] \
  return naru_checked.error()
