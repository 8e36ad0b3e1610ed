#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace naru::sse {

// A value of `event` or `id`: it stands on one line, and browsers ignore an id with NUL.
bool is_field_value(std::string_view text);

// Appends one event: a line `data` for each line of `data` (ended by CR LF, CR or LF, all of which
// the receiver reads as LF), and the others where they are not empty. Nothing that `data` holds can
// be taken for another field (CVE-2026-22735). `type` and `id` must be field values: those that are
// not are left out.
struct EventText {
  std::string_view id{};
  std::string_view type{};
  std::string_view data{};
};
void append_event(const EventText& event, std::string& out);

// A line `id` alone, in front of an event.
void append_id(std::string_view id, std::string& out);
// The reconnection time.
void append_retry(std::chrono::milliseconds time, std::string& out);
// What receivers skip: a heartbeat. Line ends in it become spaces.
void append_comment(std::string_view text, std::string& out);

}  // namespace naru::sse
