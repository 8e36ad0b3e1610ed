#pragma once

#include "naru/json.hpp"
#include "naru/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// A struct as a JSON object, by one line in the struct's namespace:
//   struct Move { std::string piece; int x, y; std::optional<std::string> note; };
//   NARU_FIELDS(Move, piece, x, y, note)
// Handlers take and return it then, and emit takes it. On reading, members that it does not name
// are passed over; one that it names must be there, unless it is a std::optional. Those that hold
// none are not written. Up to 80 fields; the struct must be default-constructible.
#define NARU_FIELDS(Type, ...)                               \
  [[maybe_unused]] constexpr auto naru_fields(const Type*) { \
    using naru_struct = Type;                                \
    return std::tuple{NARU_EACH_FIELD(__VA_ARGS__)};         \
  }

#define NARU_ONE_FIELD(name)  \
  ::naru::detail::Field {     \
    #name, &naru_struct::name \
  }
#define NARU_FIELD_PARENS ()
#define NARU_FIELD_EXPAND(...) \
  NARU_FIELD_EXPAND3(NARU_FIELD_EXPAND3(NARU_FIELD_EXPAND3(__VA_ARGS__)))
#define NARU_FIELD_EXPAND3(...) \
  NARU_FIELD_EXPAND2(NARU_FIELD_EXPAND2(NARU_FIELD_EXPAND2(__VA_ARGS__)))
#define NARU_FIELD_EXPAND2(...) \
  NARU_FIELD_EXPAND1(NARU_FIELD_EXPAND1(NARU_FIELD_EXPAND1(__VA_ARGS__)))
#define NARU_FIELD_EXPAND1(...) \
  NARU_FIELD_EXPAND0(NARU_FIELD_EXPAND0(NARU_FIELD_EXPAND0(__VA_ARGS__)))
#define NARU_FIELD_EXPAND0(...) __VA_ARGS__
#define NARU_EACH_FIELD(...) __VA_OPT__(NARU_FIELD_EXPAND(NARU_FIELD_STEP(__VA_ARGS__)))
#define NARU_FIELD_STEP(name, ...) \
  NARU_ONE_FIELD(name) __VA_OPT__(, NARU_FIELD_AGAIN NARU_FIELD_PARENS(__VA_ARGS__))
#define NARU_FIELD_AGAIN() NARU_FIELD_STEP

namespace naru {

namespace detail {

template <class Struct, class Member>
struct Field {
  const char* name;
  Member Struct::* member;
};
template <class Struct, class Member>
Field(const char*, Member Struct::*) -> Field<Struct, Member>;

template <class T>
concept HasFields = requires(const T* of) { naru_fields(of); };

template <class T>
inline constexpr bool kIsOptionalField = false;
template <class T>
inline constexpr bool kIsOptionalField<std::optional<T>> = true;

}  // namespace detail

template <detail::HasFields T>
struct JsonCodec<T> {
  static Result<T> read(JsonView value) {
    NARU_TRY(const auto members, json_members(value));
    T out{};
    Result<void> result;
    const auto read_one = [&]<class Member>(const detail::Field<T, Member>& field) {
      if (result) result = read_field(members, field.name, out.*field.member);
    };
    std::apply([&](const auto&... field) { (read_one(field), ...); }, kFields);
    if (!result) return result.error();
    return out;
  }

  static void write(JsonWriter& out, const T& value) {
    out.begin_object();
    const auto write_one = [&]<class Member>(const detail::Field<T, Member>& field) {
      const Member& member = value.*field.member;
      if constexpr (detail::kIsOptionalField<Member>) {
        if (!member) return;
      }
      out.key(field.name);
      json_write(out, member);
    };
    std::apply([&](const auto&... field) { (write_one(field), ...); }, kFields);
    out.end_object();
  }

 private:
  using Members = std::vector<std::pair<std::string, JsonView>>;
  static constexpr auto kFields = naru_fields(static_cast<const T*>(nullptr));

  // Of members with equal names the last counts, as in JavaScript.
  template <class Member>
  static Result<void> read_field(const Members& members, std::string_view name, Member& out) {
    for (auto each = members.rbegin(); each != members.rend(); ++each) {
      if (each->first != name) continue;
      NARU_TRY(out, json_cast<Member>(each->second));
      return {};
    }
    if constexpr (detail::kIsOptionalField<Member>) {
      return {};
    } else {
      return Error{Errc::bad_json, "a member is missing"};
    }
  }
};

}  // namespace naru
