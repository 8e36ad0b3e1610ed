#include "guest.hpp"

#include <algorithm>

namespace naru::app {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

std::string trimmed(const Json& value) {
  const auto* text = value.as<std::string>();
  if (text == nullptr) return {};
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text->substr(first, text->find_last_not_of(" \t\r\n") - first + 1);
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 4 * kNameCharacters && characters(text) <= kNameCharacters;
}

}  // namespace naru::app
