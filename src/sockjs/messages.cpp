#include "sockjs/messages.hpp"

#include "base/utf8.hpp"
#include "json/split.hpp"
#include "json/string.hpp"

#include <algorithm>

namespace naru::sockjs {
namespace {

constexpr Error kExpected{Errc::bad_packet, "Payload expected."};
constexpr Error kBroken{Errc::bad_json, "Broken JSON encoding."};

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

}  // namespace

Result<void> split_messages(std::string_view text, Carrier carrier, const Limits& limits,
                            std::vector<std::string_view>& literals) {
  if (text.empty()) return carrier == Carrier::body ? Result<void>(kExpected) : Result<void>();
  if (!is_utf8(text)) return kBroken;
  const std::string_view value = trim(text);
  if (!value.starts_with('[')) {
    if (!json::validate(value, {})) return kBroken;
    if (carrier == Carrier::body) return kExpected;
    if (!value.starts_with('"')) return kBroken;
    literals.push_back(value);
    return {};
  }
  const std::size_t before = literals.size();
  // Strings alone are nested one deep: the array.
  const auto split = json::split_array(value, {.depth = 1, .elements = limits.messages}, literals);
  if (!split) {
    literals.resize(before);
    if (split.error().code == Errc::too_many) {
      return Error{Errc::too_many, "Too many messages."};
    }
    return kBroken;
  }
  const bool strings =
      std::all_of(literals.begin() + static_cast<std::ptrdiff_t>(before), literals.end(),
                  [](std::string_view literal) { return literal.starts_with('"'); });
  if (strings) return {};
  literals.resize(before);
  return kBroken;
}

Result<std::vector<std::string>> read_messages(std::string_view text, Carrier carrier,
                                               const Limits& limits) {
  std::vector<std::string_view> literals;
  NARU_CHECK(split_messages(text, carrier, limits, literals));
  std::vector<std::string> messages;
  messages.reserve(literals.size());
  std::string storage;
  for (const std::string_view literal : literals) {
    NARU_TRY(const std::string_view message, json::decode_string(literal, storage));
    messages.emplace_back(message);
  }
  return messages;
}

}  // namespace naru::sockjs
