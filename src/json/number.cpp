#include "json/number.hpp"

#include "json/scanner.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <type_traits>

namespace naru::json {
namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: above it doubles skip whole numbers

constexpr Error kOutOfRange{Errc::bad_json, "a number out of range"};

bool is_number(std::string_view text) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  return begin != end && scan_number(begin, end) == end;
}

template <class Integer>
Result<Integer> parse_integer(std::string_view text) {
  if (!is_number(text)) return Error{Errc::bad_json, "not a number"};
  Integer value = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [stop, code] = std::from_chars(begin, end, value);
  if (stop == end && code == std::errc()) return value;
  if (stop == end) return kOutOfRange;
  NARU_TRY(const double number, parse_double(text));
  if (std::trunc(number) != number) return Error{Errc::bad_json, "not a whole number"};
  if (std::abs(number) > kExact || (number < 0 && !std::is_signed_v<Integer>)) return kOutOfRange;
  return static_cast<Integer>(number);
}

// `digits` with the decimal point behind the first `point` of them.
void append_fixed(std::string_view digits, int point, std::string& out) {
  const int count = static_cast<int>(digits.size());
  if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else if (point >= count) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else {
    out += digits.substr(0, static_cast<std::size_t>(point));
    out.push_back('.');
    out += digits.substr(static_cast<std::size_t>(point));
  }
}

// Whether a number outside the range of doubles is so because it is too small.
bool is_tiny(std::string_view text) {
  if (text[0] == '-') text.remove_prefix(1);
  const std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
  std::string_view exponent = text.substr(mantissa.size());
  std::int64_t order = 0;  // of the first digit that is not 0
  if (!exponent.empty()) {
    exponent.remove_prefix(exponent[1] == '+' ? 2 : 1);
    const char* begin = exponent.data();
    const char* end = begin + exponent.size();
    if (std::from_chars(begin, end, order).ec != std::errc()) return exponent[0] == '-';
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = mantissa.find_first_of("123456789");
  return order < static_cast<std::int64_t>(first) - static_cast<std::int64_t>(point);
}

}  // namespace

void append_number(double value, std::string& out) {
  std::array<char, 32> buffer{};
  char* const begin = buffer.data();
  char* const limit = begin + buffer.size();
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (std::trunc(value) == value && std::abs(value) < kExact) {  // -0 is written as 0
    out.append(begin, std::to_chars(begin, limit, static_cast<std::int64_t>(value)).ptr);
    return;
  }
  if (value < 0) out.push_back('-');
  // d.ddde+xx: take the digits and the exponent apart, and lay them out as JavaScript does.
  const char* end = std::to_chars(begin, limit, std::abs(value), std::chars_format::scientific).ptr;
  const std::string_view text(begin, end);
  const std::size_t mark = text.find('e');
  std::string digits(text.substr(0, 1));
  if (mark > 2) digits += text.substr(2, mark - 2);
  int exponent = 0;
  const std::string_view magnitude = text.substr(mark + 2);
  std::from_chars(magnitude.data(), magnitude.data() + magnitude.size(), exponent);
  if (text[mark + 1] == '-') exponent = -exponent;
  if (exponent >= -6 && exponent < 21) {
    append_fixed(digits, exponent + 1, out);
    return;
  }
  out.push_back(digits[0]);
  if (digits.size() > 1) out.append(1, '.').append(digits, 1);
  out += exponent < 0 ? "e-" : "e+";
  out.append(begin, std::to_chars(begin, limit, std::abs(exponent)).ptr);
}

Result<double> parse_double(std::string_view text) {
  if (!is_number(text)) return Error{Errc::bad_json, "not a number"};
  double value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc()) return value;
  // Out of range either way: what is too small is 0, as in JavaScript.
  if (is_tiny(text)) return text[0] == '-' ? -0.0 : 0.0;
  return kOutOfRange;
}

Result<std::int64_t> parse_int64(std::string_view text) {
  return parse_integer<std::int64_t>(text);
}

Result<std::uint64_t> parse_uint64(std::string_view text) {
  return parse_integer<std::uint64_t>(text);
}

}  // namespace naru::json
