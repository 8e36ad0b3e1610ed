#pragma once

#include "naru/result.hpp"

#include <string>
#include <string_view>

namespace naru::json {

// What the string literal `literal` (quotes included) stands for: a view into it where it has no
// escapes, else into `storage`. Halves of surrogate pairs that stand alone become U+FFFD.
// Errors: bad_json when it is no string literal.
Result<std::string_view> decode_string(std::string_view literal, std::string& storage);

}  // namespace naru::json
