#pragma once

#include "naru/bytes.hpp"
#include "naru/result.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace naru {

// One JSON value, unparsed: valid text, and the binary attachments its placeholders name
// (Socket.IO's {"_placeholder":true,"num":0}). Borrowed: valid as long as the packet it came from.
struct JsonView {
  std::string_view text;
  std::span<const std::string> attachments{};
};

// The elements of an array, or the members of an object (their names decoded), still unparsed.
// Errors: bad_json when the value is of another kind.
Result<std::vector<JsonView>> json_elements(JsonView value);
Result<std::vector<std::pair<std::string, JsonView>>> json_members(JsonView value);

// Single values. Errors: bad_json when the value is of another kind or out of range.
Result<bool> json_bool(JsonView value);
Result<std::int64_t> json_int64(JsonView value);
Result<std::uint64_t> json_uint64(JsonView value);
Result<double> json_double(JsonView value);
Result<std::string> json_string(JsonView value);
Result<Bytes> json_binary(JsonView value);           // a placeholder
Result<BytesView> json_binary_view(JsonView value);  // the same, borrowed from the packet
bool json_is_null(JsonView value);

// Writes JSON text, compact, putting the commas itself. Binary values go to `attachments` and
// leave a placeholder in the text. Strings must be UTF-8; anything else in them becomes U+FFFD.
class JsonWriter {
 public:
  JsonWriter(std::string& out, std::vector<std::string>& attachments)
      : out_(out), attachments_(attachments) {}

  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void number(double value);  // shortest form that reads back; NaN and infinities become null
  void string(std::string_view value);
  void binary(BytesView value);
  void raw(std::string_view json);  // a whole value, written as it is
  void view(JsonView value);        // the same, its attachments copied to ours and renumbered

  void begin_array();
  void end_array();
  void begin_object();
  void key(std::string_view name);
  void end_object();

 private:
  void separate();

  std::string& out_;
  std::vector<std::string>& attachments_;
  bool comma_ = false;
};

// How a C++ type is read from JSON and written to it. Here: bool, whole numbers and enumerations,
// floating point, text, Bytes and BytesView (binary, the latter borrowed), std::optional (null is
// none), std::vector, std::array, std::pair and std::tuple (arrays), std::map and
// std::unordered_map of text (objects), std::variant (the first alternative that fits; monostate is
// null), Json and JsonView. A struct by one line: NARU_FIELDS in naru/fields.hpp. What nlohmann's
// library has: naru/nlohmann.hpp. Anything else by a specialisation:
//   template <> struct naru::JsonCodec<Point> {
//     static Result<Point> read(JsonView value);
//     static void write(JsonWriter& out, const Point& value);
//   };
template <class T>
struct JsonCodec;

template <class T>
Result<T> json_cast(JsonView value) {
  return JsonCodec<T>::read(value);
}

template <class T>
void json_write(JsonWriter& out, const T& value) {
  JsonCodec<std::remove_cvref_t<T>>::write(out, value);
}

// A JSON value of open shape, as a tree. Objects keep their order; numbers that are whole and fit
// are std::int64_t, all others double; attachments appear in place as Bytes.
struct JsonMember;
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;

  Json();
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  Json(std::nullptr_t);
  Json(bool value);
  Json(std::integral auto value);  // one that std::int64_t cannot hold becomes a double
  Json(double value);
  Json(std::string value);
  Json(std::string_view value);
  Json(const char* value);
  Json(Bytes value);
  Json(Array value);
  Json(Object value);

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }

  // The value as T (bool, std::int64_t, double, std::string, Bytes, Array or Object), or nullptr.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&value_);
  }

  // The member `name` of an object; null when there is none or this is no object.
  const Json& operator[](std::string_view name) const;
  // The element `index` of an array; null when there is none or this is no array.
  const Json& operator[](std::size_t index) const;

  friend bool operator==(const Json& a, const Json& b);

  // Parses text, refusing nesting beyond 64 levels. Errors: bad_json.
  static Result<Json> parse(std::string_view text);
  std::string dump() const;  // binary values are written as null

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Bytes, Array, Object>
      value_;
};

struct JsonMember {
  std::string name;
  Json value;
  friend bool operator==(const JsonMember& a, const JsonMember& b) = default;
};

// Down here because the variant can be made and destroyed only where JsonMember is complete.
inline Json::Json() = default;
inline Json::Json(const Json&) = default;
inline Json::Json(Json&&) noexcept = default;
inline Json& Json::operator=(const Json&) = default;
inline Json& Json::operator=(Json&&) noexcept = default;
inline Json::~Json() = default;
inline Json::Json(std::nullptr_t) {}
inline Json::Json(bool value) : value_(value) {}
inline Json::Json(double value) : value_(value) {}
inline Json::Json(std::string value) : value_(std::move(value)) {}
inline Json::Json(std::string_view value) : value_(std::string(value)) {}
inline Json::Json(const char* value) : value_(std::string(value)) {}
inline Json::Json(Bytes value) : value_(std::move(value)) {}
inline Json::Json(Array value) : value_(std::move(value)) {}
inline Json::Json(Object value) : value_(std::move(value)) {}
Json::Json(std::integral auto value) {
  if (std::in_range<std::int64_t>(value)) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = static_cast<double>(value);
  }
}

template <>
struct JsonCodec<Json> {
  static Result<Json> read(JsonView value);
  static void write(JsonWriter& out, const Json& value);
};

template <>
struct JsonCodec<bool> {
  static Result<bool> read(JsonView value) { return json_bool(value); }
  static void write(JsonWriter& out, bool value) { out.boolean(value); }
};

template <std::integral T>
struct JsonCodec<T> {
  static Result<T> read(JsonView value) {
    if constexpr (std::signed_integral<T>) {
      NARU_TRY(const std::int64_t wide, json_int64(value));
      if (!std::in_range<T>(wide)) return Error{Errc::bad_json, "a number out of range"};
      return static_cast<T>(wide);
    } else {
      NARU_TRY(const std::uint64_t wide, json_uint64(value));
      if (!std::in_range<T>(wide)) return Error{Errc::bad_json, "a number out of range"};
      return static_cast<T>(wide);
    }
  }
  static void write(JsonWriter& out, T value) {
    if constexpr (std::signed_integral<T>) {
      out.integer(value);
    } else {
      out.unsigned_integer(value);
    }
  }
};

template <std::floating_point T>
struct JsonCodec<T> {
  static Result<T> read(JsonView value) {
    NARU_TRY(const double number, json_double(value));
    return static_cast<T>(number);
  }
  static void write(JsonWriter& out, T value) { out.number(static_cast<double>(value)); }
};

template <>
struct JsonCodec<std::string> {
  static Result<std::string> read(JsonView value) { return json_string(value); }
  static void write(JsonWriter& out, std::string_view value) { out.string(value); }
};

template <>
struct JsonCodec<std::string_view> {
  static void write(JsonWriter& out, std::string_view value) { out.string(value); }
};

template <>
struct JsonCodec<const char*> {
  static void write(JsonWriter& out, std::string_view value) { out.string(value); }
};

template <std::size_t N>
struct JsonCodec<char[N]> {
  static void write(JsonWriter& out, std::string_view value) { out.string(value); }
};

template <>
struct JsonCodec<std::nullptr_t> {
  static void write(JsonWriter& out, std::nullptr_t) { out.null(); }
};

template <>
struct JsonCodec<Bytes> {
  static Result<Bytes> read(JsonView value) { return json_binary(value); }
  static void write(JsonWriter& out, BytesView value) { out.binary(value); }
};

template <>
struct JsonCodec<BytesView> {
  static Result<BytesView> read(JsonView value) { return json_binary_view(value); }
  static void write(JsonWriter& out, BytesView value) { out.binary(value); }
};

// As its number; one that names no enumerator is read all the same.
template <class T>
  requires std::is_enum_v<T>
struct JsonCodec<T> {
  using Number = std::underlying_type_t<T>;
  static Result<T> read(JsonView value) {
    NARU_TRY(const Number number, json_cast<Number>(value));
    return static_cast<T>(number);
  }
  static void write(JsonWriter& out, T value) { json_write(out, static_cast<Number>(value)); }
};

template <>
struct JsonCodec<std::monostate> {
  static Result<std::monostate> read(JsonView value) {
    if (!json_is_null(value)) return Error{Errc::bad_json, "not null"};
    return std::monostate();
  }
  static void write(JsonWriter& out, std::monostate) { out.null(); }
};

// Passes a value on as it came: what was received is what is written.
template <>
struct JsonCodec<JsonView> {
  static Result<JsonView> read(JsonView value) { return value; }
  static void write(JsonWriter& out, JsonView value);
};

template <class T>
struct JsonCodec<std::optional<T>> {
  static Result<std::optional<T>> read(JsonView value) {
    if (json_is_null(value)) return std::optional<T>();
    NARU_TRY(T inner, json_cast<T>(value));
    return std::optional<T>(std::move(inner));
  }
  static void write(JsonWriter& out, const std::optional<T>& value) {
    if (value) {
      json_write(out, *value);
    } else {
      out.null();
    }
  }
};

template <class T>
struct JsonCodec<std::vector<T>> {
  static Result<std::vector<T>> read(JsonView value) {
    NARU_TRY(const auto elements, json_elements(value));
    std::vector<T> out;
    out.reserve(elements.size());
    for (const JsonView element : elements) {
      NARU_TRY(T item, json_cast<T>(element));
      out.push_back(std::move(item));
    }
    return out;
  }
  static void write(JsonWriter& out, const std::vector<T>& value) {
    out.begin_array();
    for (const auto& item : value) json_write(out, item);
    out.end_array();
  }
};

template <class T, std::size_t N>
struct JsonCodec<std::array<T, N>> {
  static Result<std::array<T, N>> read(JsonView value) {
    NARU_TRY(const auto elements, json_elements(value));
    if (elements.size() != N) return Error{Errc::bad_json, "an array of another length"};
    std::array<T, N> out{};
    for (std::size_t i = 0; i < N; ++i) {
      NARU_TRY(out[i], json_cast<T>(elements[i]));
    }
    return out;
  }
  static void write(JsonWriter& out, const std::array<T, N>& value) {
    out.begin_array();
    for (const auto& item : value) json_write(out, item);
    out.end_array();
  }
};

namespace detail {

template <std::size_t I, class Tuple>
Result<void> read_elements(const std::vector<JsonView>& elements, Tuple& out) {
  if constexpr (I < std::tuple_size_v<Tuple>) {
    NARU_TRY(std::get<I>(out), (json_cast<std::tuple_element_t<I, Tuple>>(elements[I])));
    return read_elements<I + 1>(elements, out);
  } else {
    return {};
  }
}

template <class Tuple>
struct TupleCodec {
  static Result<Tuple> read(JsonView value) {
    NARU_TRY(const auto elements, json_elements(value));
    if (elements.size() != std::tuple_size_v<Tuple>) {
      return Error{Errc::bad_json, "an array of another length"};
    }
    Tuple out;
    NARU_CHECK(read_elements<0>(elements, out));
    return out;
  }
  static void write(JsonWriter& out, const Tuple& value) {
    out.begin_array();
    std::apply([&](const auto&... each) { (json_write(out, each), ...); }, value);
    out.end_array();
  }
};

template <class Map>
struct MapCodec {
  static Result<Map> read(JsonView value) {
    NARU_TRY(auto members, json_members(value));
    Map out;
    for (auto& [name, member] : members) {
      NARU_TRY(auto item, json_cast<typename Map::mapped_type>(member));
      out.insert_or_assign(std::move(name), std::move(item));
    }
    return out;
  }
  static void write(JsonWriter& out, const Map& value) {
    out.begin_object();
    for (const auto& [name, item] : value) {
      out.key(name);
      json_write(out, item);
    }
    out.end_object();
  }
};

}  // namespace detail

template <class... T>
struct JsonCodec<std::tuple<T...>> : detail::TupleCodec<std::tuple<T...>> {};
template <class A, class B>
struct JsonCodec<std::pair<A, B>> : detail::TupleCodec<std::pair<A, B>> {};
template <class T>
struct JsonCodec<std::map<std::string, T>> : detail::MapCodec<std::map<std::string, T>> {};
template <class T>
struct JsonCodec<std::unordered_map<std::string, T>>
    : detail::MapCodec<std::unordered_map<std::string, T>> {};

template <class... T>
struct JsonCodec<std::variant<T...>> {
  using Variant = std::variant<T...>;
  static Result<Variant> read(JsonView value) {
    std::optional<Variant> out;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (try_one<I>(value, out), ...);
    }(std::index_sequence_for<T...>());
    if (!out) return Error{Errc::bad_json, "none of the alternatives"};
    return *std::move(out);
  }
  static void write(JsonWriter& out, const Variant& value) {
    std::visit([&](const auto& held) { json_write(out, held); }, value);
  }

 private:
  template <std::size_t I>
  static void try_one(JsonView value, std::optional<Variant>& out) {
    if (out) return;
    auto read = json_cast<std::variant_alternative_t<I, Variant>>(value);
    if (read) out.emplace(std::in_place_index<I>, *std::move(read));
  }
};

}  // namespace naru
