#pragma once

#include "naru/json.hpp"

#include <string>
#include <string_view>

namespace naru::app {

// What people call themselves and their rooms, as the demos take it.

inline constexpr std::size_t kNameCharacters = 32;

// A string without the blanks around it; empty when it is none.
std::string trimmed(const Json& value);
std::size_t characters(std::string_view text);
bool is_name(const std::string& text);

}  // namespace naru::app
