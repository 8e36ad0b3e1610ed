#include "http/request.hpp"

#include <algorithm>
#include <array>

namespace naru::http {
namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  for (unsigned c = 0; c < 128; ++c) {
    const char character = static_cast<char>(c);
    table[c] = (c >= '0' && c <= '9') || (lower(character) >= 'a' && lower(character) <= 'z') ||
               others.find(character) != std::string_view::npos;
  }
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return x == y || lower(x) == lower(y);
         });
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

std::string_view find_field(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields) {
    if (iequals(field.name, name)) return field.value;
  }
  return {};
}

std::size_t count_fields(std::span<const Field> fields, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(),
                    [name](const Field& field) { return iequals(field.name, name); }));
}

bool lists_token(std::span<const Field> fields, std::string_view name, std::string_view token) {
  bool found = false;
  for (const Field& field : fields) {
    if (!iequals(field.name, name)) continue;
    for_each_element(field.value, [&](std::string_view element) {
      if (iequals(element, token)) found = true;
    });
  }
  return found;
}

}  // namespace naru::http
