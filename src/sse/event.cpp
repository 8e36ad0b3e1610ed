#include "sse/event.hpp"

#include <algorithm>

namespace naru::sse {
namespace {

void append_line(std::string_view name, std::string_view value, std::string& out) {
  // One space behind the colon is not the value's.
  out.append(name).append(": ").append(value).append(1, '\n');
}

void append_data(std::string_view data, std::string& out) {
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    append_line("data", data.substr(0, end), out);
    if (end == std::string_view::npos) return;
    data.remove_prefix(data.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
  }
}

}  // namespace

bool is_field_value(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void append_event(const EventText& event, std::string& out) {
  out.reserve(out.size() + event.id.size() + event.type.size() + event.data.size() + 32);
  append_id(event.id, out);
  if (!event.type.empty() && is_field_value(event.type)) append_line("event", event.type, out);
  append_data(event.data, out);
  out += '\n';
}

void append_id(std::string_view id, std::string& out) {
  if (!id.empty() && is_field_value(id)) append_line("id", id, out);
}

void append_retry(std::chrono::milliseconds time, std::string& out) {
  append_line("retry", std::to_string(time.count()), out);
}

void append_comment(std::string_view text, std::string& out) {
  const std::size_t from = out.size();
  out.append(":").append(text).append("\n\n");
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(from), out.end() - 2,
      [](char c) { return c == '\r' || c == '\n'; }, ' ');
}

}  // namespace naru::sse
