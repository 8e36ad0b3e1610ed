#pragma once

#include "naru/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace naru::json {

// Appends `value` as JavaScript writes it (ECMA-262 6.1.6.1.20): the shortest digits that read
// back, an exponent from 1e21 on and below 1e-6. NaN and the infinities become null, as
// JSON.stringify has it.
void append_number(double value, std::string& out);

// The value of a JSON number. Errors: bad_json when `text` is none, or is out of range.
Result<double> parse_double(std::string_view text);
// The same for whole numbers; 3.0 and 1e2 are whole, since JavaScript has nothing but doubles.
// Those with a fraction or an exponent must be within 2^53, where doubles are exact.
Result<std::int64_t> parse_int64(std::string_view text);
Result<std::uint64_t> parse_uint64(std::string_view text);

}  // namespace naru::json
