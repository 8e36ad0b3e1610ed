#include "json/split.hpp"

#include "json/scanner.hpp"

namespace naru::json {
namespace {

constexpr Error kNotJson{Errc::bad_json, "not JSON, or nested too deeply"};

}  // namespace

Result<void> split_array(std::string_view text, const Limits& limits,
                         std::vector<std::string_view>& elements) {
  const char* at = text.data();
  const char* end = at + text.size();
  at = skip_space(at, end);
  if (at == end || *at != '[' || limits.depth == 0) return kNotJson;
  at = skip_space(at + 1, end);
  if (at != end && *at == ']') {
    return skip_space(at + 1, end) == end ? Result<void>() : kNotJson;
  }
  for (std::size_t count = 1;; ++count) {
    if (count > limits.elements) return Error{Errc::too_many, "too many array elements"};
    at = skip_space(at, end);
    const char* begin = at;
    at = scan_value(at, end, limits.depth - 1);
    if (at == nullptr) return kNotJson;
    elements.emplace_back(begin, static_cast<std::size_t>(at - begin));
    at = skip_space(at, end);
    if (at == end) return kNotJson;
    if (*at == ',') {
      ++at;
      continue;
    }
    return *at == ']' && skip_space(at + 1, end) == end ? Result<void>() : kNotJson;
  }
}

Result<void> validate(std::string_view text, const Limits& limits) {
  Silent silent;
  return walk_all(text, limits.depth, silent) ? Result<void>() : kNotJson;
}

}  // namespace naru::json
