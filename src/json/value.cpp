// Reading single values from their raw text.
#include "json/number.hpp"
#include "json/placeholder.hpp"
#include "json/scanner.hpp"
#include "json/string.hpp"
#include "naru/json.hpp"

namespace naru {
namespace {

using json::kMaxDepth;
using json::skip_space;

std::string_view span(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

Result<std::string> decode(std::string_view literal) {
  std::string storage;
  NARU_TRY(const std::string_view text, json::decode_string(literal, storage));
  if (text.data() == storage.data()) return storage;
  return std::string(text);
}

// Walks the items of an array or object, `take(at)` one of them, up to and including `close`.
template <class Take>
Result<void> for_each_item(std::string_view text, char open, char close, Take take) {
  constexpr Error wrong{Errc::bad_json, "neither the array nor the object that was expected"};
  const char* at = text.data();
  const char* end = at + text.size();
  at = skip_space(at, end);
  if (at == end || *at != open) return wrong;
  at = skip_space(at + 1, end);
  if (at != end && *at == close) return {};
  for (;;) {
    at = take(skip_space(at, end), end);
    if (at == nullptr) return wrong;
    at = skip_space(at, end);
    if (at == end) return wrong;
    if (*at == close) return {};
    if (*at != ',') return wrong;
    ++at;
  }
}

}  // namespace

Result<std::vector<JsonView>> json_elements(JsonView value) {
  std::vector<JsonView> out;
  NARU_CHECK(for_each_item(value.text, '[', ']', [&](const char* at, const char* end) {
    const char* stop = json::scan_value(at, end, kMaxDepth);
    if (stop != nullptr) out.push_back({span(at, stop), value.attachments});
    return stop;
  }));
  return out;
}

Result<std::vector<std::pair<std::string, JsonView>>> json_members(JsonView value) {
  std::vector<std::pair<std::string, JsonView>> out;
  const auto member = [&](const char* at, const char* end) -> const char* {
    const char* name_end = at != end && *at == '"' ? json::scan_string(at, end) : nullptr;
    if (name_end == nullptr) return nullptr;
    auto name = decode(span(at, name_end));
    at = skip_space(name_end, end);
    if (!name || at == end || *at != ':') return nullptr;
    at = skip_space(at + 1, end);
    const char* stop = json::scan_value(at, end, kMaxDepth);
    if (stop == nullptr) return nullptr;
    out.emplace_back(*std::move(name), JsonView{span(at, stop), value.attachments});
    return stop;
  };
  NARU_CHECK(for_each_item(value.text, '{', '}', member));
  return out;
}

Result<bool> json_bool(JsonView value) {
  const std::string_view text = json::trim(value.text);
  if (text == "true") return true;
  if (text == "false") return false;
  return Error{Errc::bad_json, "neither true nor false"};
}

Result<std::int64_t> json_int64(JsonView value) {
  return json::parse_int64(json::trim(value.text));
}

Result<std::uint64_t> json_uint64(JsonView value) {
  return json::parse_uint64(json::trim(value.text));
}

Result<double> json_double(JsonView value) {
  return json::parse_double(json::trim(value.text));
}

Result<std::string> json_string(JsonView value) {
  return decode(json::trim(value.text));
}

Result<BytesView> json_binary_view(JsonView value) {
  const auto num = json::placeholder_num(value.text);
  if (!num || *num >= value.attachments.size()) return Error{Errc::bad_json, "not binary"};
  return as_bytes(value.attachments[*num]);
}

Result<Bytes> json_binary(JsonView value) {
  NARU_TRY(const BytesView bytes, json_binary_view(value));
  return Bytes(bytes.begin(), bytes.end());
}

bool json_is_null(JsonView value) {
  return json::trim(value.text) == "null";
}

}  // namespace naru
