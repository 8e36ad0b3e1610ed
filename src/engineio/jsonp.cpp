#include "engineio/jsonp.hpp"

#include "json/split.hpp"

namespace naru::engineio {

std::string to_jsonp(std::uint32_t index, std::string_view payload) {
  std::string literal;
  literal.reserve(payload.size() + 32);
  literal.append("___eio[").append(std::to_string(index)).append("](");
  json::append_string(payload, literal);
  // The two line separators that JSON lets stand and old JavaScript does not.
  constexpr std::string_view separator = "\xe2\x80\xa8";
  constexpr std::string_view common = separator.substr(0, 2);
  if (literal.find(common) == std::string::npos) return literal.append(");");
  std::string out;
  std::string_view rest = literal;
  while (!rest.empty()) {
    const bool line = rest.starts_with(separator);
    if (line || rest.starts_with("\xe2\x80\xa9")) {
      out.append(line ? "\\u2028" : "\\u2029");
      rest.remove_prefix(separator.size());
    } else {
      out.push_back(rest.front());
      rest.remove_prefix(1);
    }
  }
  return out.append(");");
}

std::string from_jsonp_form(std::string_view field) {
  std::string out;
  out.reserve(field.size());
  while (!field.empty()) {
    std::size_t taken = 1;
    if (field.starts_with("\\\\n")) {
      out.append("\\n");
      taken = 3;
    } else if (field.starts_with("\\n")) {
      out.push_back('\n');
      taken = 2;
    } else {
      out.push_back(field.front());
    }
    field.remove_prefix(taken);
  }
  return out;
}

std::uint32_t jsonp_index(std::string_view parameter) {
  std::uint32_t index = 0;
  std::size_t digits = 0;
  for (const char c : parameter) {
    if (c < '0' || c > '9' || ++digits > 9) continue;
    index = index * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return index;
}

}  // namespace naru::engineio
