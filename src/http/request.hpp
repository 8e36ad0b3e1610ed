#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::http {

struct Field {
  std::string_view name;
  std::string_view value;  // without outer white space
};

// The first value of that name (ASCII case-insensitive), or "".
std::string_view find_field(std::span<const Field> fields, std::string_view name);
std::size_t count_fields(std::span<const Field> fields, std::string_view name);
// Whether the comma-separated list in all fields of that name holds `token` (case-insensitive).
bool lists_token(std::span<const Field> fields, std::string_view name, std::string_view token);

// One request as received. Views point into the request's own storage and are valid until the
// decoder starts the next one (RequestDecoder::next).
struct Request {
  std::string_view method;
  std::string_view target;  // as sent; an absolute-form target is reduced to its path and query
  std::string_view path;    // of the target, still percent-encoded
  std::string_view query;   // without '?', still percent-encoded
  int major_version = 1;
  int minor_version = 1;      // HTTP/1.x; 1 in HTTP/2 as well, which is no older
  std::string_view protocol;  // of an extended CONNECT (RFC 8441); "" for every other request
  std::vector<Field> fields;
  std::string body;
  bool keep_alive = true;
  bool has_body = false;  // a body was announced, even one of no bytes by chunks

  std::string_view field(std::string_view name) const { return find_field(fields, name); }
  std::size_t count(std::string_view name) const { return count_fields(fields, name); }
  bool lists(std::string_view name, std::string_view token) const {
    return lists_token(fields, name, token);
  }
};

// ASCII case-insensitive equality, as field names and tokens compare.
bool iequals(std::string_view a, std::string_view b);

// A token of RFC 9110 section 5.6.2; a field value without CR, LF, NUL or other control characters
// (HTAB allowed). What an application supplies is checked by these before it is sent.
bool is_token(std::string_view text);
bool is_field_value(std::string_view text);

// Calls `visit(element)` for each trimmed, non-empty element of a comma-separated list.
template <class F>
void for_each_element(std::string_view list, F visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) {
      element.remove_prefix(1);
    }
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) {
      element.remove_suffix(1);
    }
    if (!element.empty()) visit(element);
  }
}

}  // namespace naru::http
