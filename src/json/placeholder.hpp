#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace naru::json {

// An object {"_placeholder":true,"num":n} (Socket.IO's) and where it stands in its text.
struct Placeholder {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t num = 0;
};

// Finds the placeholders of a valid value in the order of their ends, by what JavaScript would see:
// names are decoded, of equal ones the last counts, other members do not matter.
// Errors: bad_packet for a `num` that is no index at all; bad_json when `text` is not valid.
Result<void> find_placeholders(std::string_view text, std::vector<Placeholder>& found);

// The attachment that a value which is one placeholder names, if it is one.
std::optional<std::size_t> placeholder_num(std::string_view text);

}  // namespace naru::json
