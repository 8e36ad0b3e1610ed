#include "msgpack/date.hpp"

#include <cstdio>

namespace naru::msgpack {
namespace {

constexpr std::int64_t kLatest = 8'640'000'000'000'000;
constexpr std::int64_t kDay = 86'400'000;

struct Day {
  std::int64_t year;
  int month;
  int day;
};

// From days since 1970. std::chrono's years end at 32767, JavaScript's at 275760. Counts from
// 1 March of the year 0, in eras of 400 years.
Day civil(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto of_era = static_cast<int>(days - era * 146'097);
  const int year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int month_from_march = (5 * of_year + 2) / 153;
  const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {era * 400 + year_of_era + (month <= 2 ? 1 : 0), month,
          of_year - (153 * month_from_march + 2) / 5 + 1};
}

}  // namespace

std::string iso_date(std::int64_t milliseconds) {
  if (milliseconds < -kLatest || milliseconds > kLatest) return {};
  std::int64_t days = milliseconds / kDay;
  auto of_day = static_cast<int>(milliseconds % kDay);
  if (of_day < 0) {
    of_day += static_cast<int>(kDay);
    --days;
  }
  const Day day = civil(days);
  char text[40];
  const bool plain = day.year >= 0 && day.year <= 9999;
  const int size = std::snprintf(
      text, sizeof text,
      plain ? "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ" : "%+07lld-%02d-%02dT%02d:%02d:%02d.%03dZ",
      static_cast<long long>(day.year), day.month, day.day, of_day / 3'600'000,
      of_day / 60'000 % 60, of_day / 1000 % 60, of_day % 1000);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace naru::msgpack
