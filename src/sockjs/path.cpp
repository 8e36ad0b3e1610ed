#include "sockjs/path.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace naru::sockjs {
namespace {

constexpr std::array<std::pair<std::string_view, Resource>, 8> kOfSession{{
    {"websocket", Resource::websocket},
    {"xhr", Resource::xhr},
    {"xhr_streaming", Resource::xhr_streaming},
    {"xhr_send", Resource::xhr_send},
    {"eventsource", Resource::eventsource},
    {"htmlfile", Resource::htmlfile},
    {"jsonp", Resource::jsonp},
    {"jsonp_send", Resource::jsonp_send},
}};

// iframe[0-9-.a-z_]*.html
bool is_iframe(std::string_view name) {
  constexpr std::string_view begin = "iframe";
  constexpr std::string_view end = ".html";
  if (name.size() < begin.size() + end.size()) return false;
  if (!name.starts_with(begin) || !name.ends_with(end)) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
  });
}

bool is_name(std::string_view segment) {
  return !segment.empty() && segment.size() <= kSessionBytes &&
         segment.find('.') == std::string_view::npos;
}

}  // namespace

Path parse_path(std::string_view rest) {
  if (rest.empty() || rest == "/") return {Resource::greeting};
  rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t first = rest.find('/');
  if (first == std::string_view::npos) {
    if (rest == "info") return {Resource::info};
    if (rest == "websocket") return {Resource::raw_websocket};
    return {is_iframe(rest) ? Resource::iframe : Resource::none};
  }
  const std::size_t second = rest.find('/', first + 1);
  if (second == std::string_view::npos) return {};
  const std::string_view server = rest.substr(0, first);
  const std::string_view session = rest.substr(first + 1, second - first - 1);
  const std::string_view action = rest.substr(second + 1);
  if (!is_name(server) || !is_name(session)) return {};
  const auto* known = std::find_if(kOfSession.begin(), kOfSession.end(),
                                   [&](const auto& entry) { return entry.first == action; });
  if (known == kOfSession.end()) return {};
  return {known->second, session};
}

}  // namespace naru::sockjs
