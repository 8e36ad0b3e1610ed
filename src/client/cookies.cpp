#include "client/cookies.hpp"

#include "http/request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace naru::client {
namespace {

using Time = CookieJar::Time;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What stands before `mark`, which is taken off with it.
std::string_view take(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return trim(front);
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "Wed, 21 Oct 2026 07:28:00 GMT", with '-' in the date as well.
std::optional<Time> parse_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  take(text, ',');
  text = trim(text);
  if (text.size() < 20) return std::nullopt;
  const auto day = number(text.substr(0, 2));
  const auto year = number(text.substr(7, 4));
  const auto hour = number(text.substr(12, 2));
  const auto minute = number(text.substr(15, 2));
  const auto second = number(text.substr(18, 2));
  if (!day || !year || !hour || !minute || !second) return std::nullopt;
  for (unsigned month = 0; month < months.size(); ++month) {
    if (text.substr(3, 3) != months[month]) continue;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(month + 1),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
  }
  return std::nullopt;
}

}  // namespace

void CookieJar::store(std::string_view text, Time now) {
  if (text.size() > kBytes || !http::is_field_value(text)) return;
  std::string_view pair = take(text, ';');
  if (pair.find('=') == std::string_view::npos) return;
  const std::string name(take(pair, '='));
  if (!http::is_token(name)) return;
  Cookie cookie{.value = std::string(trim(pair))};
  bool aged = false;  // Max-Age goes before Expires (section 5.3)
  while (!text.empty()) {
    std::string_view attribute = take(text, ';');
    const std::string_view key = take(attribute, '=');
    const std::string_view value = trim(attribute);
    if (http::iequals(key, "Secure")) cookie.secure = true;
    if (http::iequals(key, "Max-Age")) {
      constexpr std::int64_t longest = 400LL * 24 * 3600;
      if (const auto seconds = number(value)) {
        aged = true;
        cookie.expires = now + std::chrono::seconds(std::min(*seconds, longest));
        if (*seconds <= 0) cookie.expires = now;
      }
    } else if (http::iequals(key, "Expires") && !aged) {
      if (const auto date = parse_date(value)) cookie.expires = *date;
    }
  }
  if (cookie.expires <= now) {
    cookies_.erase(name);
  } else if (cookies_.size() < kCookies || cookies_.contains(name)) {
    cookies_.insert_or_assign(name, std::move(cookie));
  }
}

std::string CookieJar::field(bool secure, Time now) const {
  std::string out;
  for (const auto& [name, cookie] : cookies_) {
    if (cookie.expires <= now || (cookie.secure && !secure)) continue;
    if (!out.empty()) out.append("; ");
    out.append(name).append("=").append(cookie.value);
  }
  return out;
}

}  // namespace naru::client
