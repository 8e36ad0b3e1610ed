#pragma once

#include "naru/json.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace naru {

// The arguments of an event or an acknowledgement, unparsed. As a handler's last parameter it takes
// all that are left; given to emit() or an Ack it stands for all of them. Borrowed.
struct Arguments {
  std::span<const std::string_view> values;
  std::span<const std::string> attachments;

  std::size_t size() const { return values.size(); }
  JsonView operator[](std::size_t index) const { return {values[index], attachments}; }
};

namespace detail {

// The JSON array of an event's name and arguments (or an ack's arguments) while it is written. Its
// buffer is the thread's, handed from one writer to the next, so that an emit allocates nothing.
class ArgumentWriter {
 public:
  ArgumentWriter() : json_(text_, attachments_) {
    take_buffer();
    json_.begin_array();
  }
  ~ArgumentWriter() { give_back_buffer(); }
  explicit ArgumentWriter(std::string_view event) : ArgumentWriter() { json_.string(event); }
  ArgumentWriter(const ArgumentWriter&) = delete;
  ArgumentWriter& operator=(const ArgumentWriter&) = delete;

  template <class T>
  void add(const T& value) {
    if constexpr (std::is_same_v<T, Arguments>) {
      for (std::size_t i = 0; i < value.size(); ++i) json_write(json_, value[i]);
    } else {
      json_write(json_, value);
    }
  }
  // The array is complete: {text, attachments}.
  void finish() { json_.end_array(); }
  std::string& text() { return text_; }
  std::vector<std::string>& attachments() { return attachments_; }

 private:
  void take_buffer();
  void give_back_buffer();

  std::string text_;
  std::vector<std::string> attachments_;
  JsonWriter json_;
};

// The parameter types of a callable, without the first `Skip`.
template <class F>
struct Signature : Signature<decltype(&F::operator())> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const> {
  using Return = R;
  using Parameters = std::tuple<std::remove_cvref_t<A>...>;
};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...)> : Signature<R (C::*)(A...) const> {};
template <class R, class... A>
struct Signature<R (*)(A...)> {
  using Return = R;
  using Parameters = std::tuple<std::remove_cvref_t<A>...>;
};

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// The argument at `index` as T: what is missing is nullopt for an optional, an error otherwise.
template <class T>
Result<T> read_argument(const Arguments& all, std::size_t index) {
  if constexpr (std::is_same_v<T, Arguments>) {
    const std::size_t from = index < all.size() ? index : all.size();
    return Arguments{all.values.subspan(from), all.attachments};
  } else {
    if (index >= all.size()) {
      if constexpr (kIsOptional<T>) {
        return T();
      } else {
        return Error{Errc::bad_json, "an argument is missing"};
      }
    }
    return json_cast<T>(all[index]);
  }
}

}  // namespace detail

}  // namespace naru
