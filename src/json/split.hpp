#pragma once

#include "naru/json.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace naru::json {

struct Limits {
  std::size_t depth = 64;        // nesting of arrays and objects
  std::size_t elements = 10000;  // of the outermost array
};

// Validates the whole of `text`, which must be an array, and appends its elements to `elements` as
// views into `text`, without building a tree. The text must be UTF-8 already.
// Errors: bad_json, too_many.
Result<void> split_array(std::string_view text, const Limits& limits,
                         std::vector<std::string_view>& elements);

// Validates that `text` is one JSON value. Errors: bad_json.
Result<void> validate(std::string_view text, const Limits& limits);

// Checks every placeholder of an already valid value: {"_placeholder":true,"num":n} must have a
// whole n in [0, attachments). Errors: bad_packet (CVE-2022-2421: a `num` that is not an index).
Result<void> check_placeholders(std::string_view text, std::size_t attachments);

// Appends `value` as a JSON string literal, quotes included.
void append_string(std::string_view value, std::string& out);

}  // namespace naru::json
