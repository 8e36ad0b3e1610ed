#pragma once

#include "naru/json.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

// nlohmann::json (and ordered_json) as a parameter of handlers, as what they return, and as an
// argument of emit. Its binary values are Socket.IO's. Whoever includes this needs that library;
// naru itself does not.
namespace naru {

namespace detail {

// Puts attachments where their placeholders stand, without recursion: a text may nest deeply.
template <class Value>
Result<void> place_attachments(Value& root, std::span<const std::string> attachments) {
  std::vector<Value*> open{&root};
  while (!open.empty()) {
    Value& value = *open.back();
    open.pop_back();
    if (value.is_object()) {
      const auto flag = value.find("_placeholder");
      const auto num = value.find("num");
      if (flag != value.end() && *flag == true && num != value.end() && num->is_number_unsigned()) {
        const auto index = num->template get<std::uint64_t>();
        if (index >= attachments.size()) return Error{Errc::bad_json, "no such attachment"};
        const std::string& bytes = attachments[static_cast<std::size_t>(index)];
        value = Value::binary({bytes.begin(), bytes.end()});
        continue;
      }
    }
    if (!value.is_structured()) continue;
    for (Value& each : value) open.push_back(&each);
  }
  return {};
}

template <class Value>
void write_nlohmann(JsonWriter& out, const Value& value) {
  using Kind = typename Value::value_t;
  switch (value.type()) {
    case Kind::boolean:
      return out.boolean(value.template get<bool>());
    case Kind::number_integer:
      return out.integer(value.template get<std::int64_t>());
    case Kind::number_unsigned:
      return out.unsigned_integer(value.template get<std::uint64_t>());
    case Kind::number_float:
      return out.number(value.template get<double>());
    case Kind::string:
      return out.string(value.template get_ref<const typename Value::string_t&>());
    case Kind::binary: {
      const auto& bytes = value.get_binary();
      return out.binary(std::as_bytes(std::span(bytes.data(), bytes.size())));
    }
    case Kind::array:
      out.begin_array();
      for (const Value& each : value) write_nlohmann(out, each);
      return out.end_array();
    case Kind::object:
      out.begin_object();
      for (const auto& [name, member] : value.items()) {
        out.key(name);
        write_nlohmann(out, member);
      }
      return out.end_object();
    case Kind::null:
    case Kind::discarded:
      return out.null();
  }
}

template <class Value>
struct NlohmannCodec {
  static Result<Value> read(JsonView value) {
    Value parsed = Value::parse(value.text, nullptr, false);
    if (parsed.is_discarded()) return Error{Errc::bad_json, "not JSON"};
    if (!value.attachments.empty()) NARU_CHECK(place_attachments(parsed, value.attachments));
    return parsed;
  }
  static void write(JsonWriter& out, const Value& value) { write_nlohmann(out, value); }
};

}  // namespace detail

template <>
struct JsonCodec<nlohmann::json> : detail::NlohmannCodec<nlohmann::json> {};
template <>
struct JsonCodec<nlohmann::ordered_json> : detail::NlohmannCodec<nlohmann::ordered_json> {};

}  // namespace naru
