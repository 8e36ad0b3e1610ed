#include "sse/decoder.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace naru::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::optional<std::chrono::milliseconds> parse_digits(std::string_view text) {
  std::int64_t value = 0;
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return std::chrono::milliseconds(value);
}

}  // namespace

Result<std::optional<Event>> Decoder::receive(Cursor& in) {
  while (!failed_ && !in.empty()) {
    if (std::exchange(after_cr_, false) && in.view().front() == '\n') {
      in.skip(1);
      continue;
    }
    const std::size_t end = in.view().find_first_of("\r\n");
    const std::size_t size = std::min(end, in.size());
    if (line_.size() + size > limits_.line_bytes) {
      failed_ = true;
      break;
    }
    line_.append(in.view().substr(0, size));
    in.skip(size);
    if (end == std::string_view::npos) break;
    after_cr_ = in.view().front() == '\r';
    in.skip(1);
    std::string line = std::exchange(line_, {});
    if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) {
      line.erase(0, kByteOrderMark.size());
    }
    if (line.empty()) {
      if (auto event = dispatch()) return event;
    } else if (!take_field(line)) {
      failed_ = true;
    }
  }
  if (failed_) return Error{Errc::message_too_big, "an event stream's line or event is too long"};
  return std::optional<Event>();
}

Result<void> Decoder::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0) return {};
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (data_.size() + value.size() + 1 > limits_.event_bytes) {
      return Error{Errc::message_too_big, "an event is too long"};
    }
    data_.append(value).append(1, '\n');
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    if (const auto time = parse_digits(value)) retry_ = time;
  }
  return {};
}

std::optional<Event> Decoder::dispatch() {
  last_id_ = id_;
  std::string type = std::exchange(type_, {});
  std::string data = std::exchange(data_, {});
  if (data.empty()) return std::nullopt;
  data.pop_back();
  if (type.empty()) type = "message";
  return Event{std::move(type), std::move(data), last_id_};
}

}  // namespace naru::sse
