#include "stomp/decoder.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace naru::stomp {
namespace {

constexpr std::size_t kCommandBytes = 16;
constexpr std::string_view kLength = "content-length";

std::size_t find(const char* at, std::size_t from, std::size_t size, char wanted) {
  const void* found = from < size ? std::memchr(at + from, wanted, size - from) : nullptr;
  return found == nullptr ? size : static_cast<std::size_t>(static_cast<const char*>(found) - at);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Whether every backslash begins an escape that the version has.
bool escapes_hold(std::string_view text, Version version) {
  for (std::size_t i = text.find('\\'); i != std::string_view::npos; i = text.find('\\', i + 2)) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool known =
        next == '\\' || next == 'n' || next == 'c' || (next == 'r' && version == Version::v12);
    if (!known) return false;
  }
  return true;
}

// Decodes escapes that were checked, in place: they only shrink.
std::string_view unescape(char* at, std::size_t size) {
  std::size_t to = find(at, 0, size, '\\');
  for (std::size_t i = to; i < size; ++i) {
    char c = at[i];
    if (c == '\\') {
      c = at[++i];
      if (c == 'n') c = '\n';
      if (c == 'c') c = ':';
      if (c == 'r') c = '\r';
    }
    at[to++] = c;
  }
  return {at, to};
}

}  // namespace

// By the letter a CR before the LF is data in 1.0 and 1.1; but of an opening frame the version is
// not known yet (reference: every broker takes it there).
bool Decoder::strips_cr() const {
  return version_ == Version::v12 || phase_ == Phase::command || is_opening(command_);
}

void Decoder::begin() {
  phase_ = Phase::command;
  line_ = scanned_ = body_ = headers_ = 0;
  length_.reset();
}

Result<const Frame*> Decoder::receive(Cursor& in) {
  if (phase_ == Phase::between) {
    held_ = {};  // what the last frame pointed into
    const std::size_t first = std::min(in.view().find_first_not_of("\r\n"), in.size());
    in.skip(first);
    if (in.empty()) return nullptr;
    begin();
    NARU_TRY(const bool whole, scan(in.data(), in.size()));
    if (whole) return read(in.take(scanned_).data());
    held_.assign(in.data(), in.size());
    in.skip(in.size());
    return nullptr;
  }
  while (!in.empty()) {
    const std::span<char> piece = in.take(wanted(in.view()));
    held_.append(piece.data(), piece.size());
    NARU_TRY(const bool whole, scan(held_.data(), held_.size()));
    if (whole) return read(held_.data());
  }
  return nullptr;
}

// So much of `rest` belongs to the frame for certain.
std::size_t Decoder::wanted(std::string_view rest) const {
  if (phase_ != Phase::body) return std::min(rest.find('\n'), rest.size() - 1) + 1;
  if (length_) return std::min(rest.size(), body_ + *length_ + 1 - held_.size());
  return std::min(rest.find('\0'), rest.size() - 1) + 1;
}

Result<bool> Decoder::scan(const char* at, std::size_t size) {
  while (phase_ != Phase::body) {
    const std::size_t end = find(at, scanned_, size, '\n');
    const std::size_t bytes = end - line_;
    // The same limit whether the line's end is there yet or not.
    const std::size_t limit = phase_ == Phase::command ? kCommandBytes : limits_->line_bytes;
    if (bytes > limit) {
      if (phase_ == Phase::command) return Error{Errc::protocol_error, "unknown command"};
      return Error{Errc::message_too_big, "header too long"};
    }
    if (end > limits_->head_bytes) return Error{Errc::message_too_big, "headers too long"};
    if (end == size) {
      scanned_ = size;
      return false;
    }
    std::string_view line(at + line_, bytes);
    if (strips_cr() && line.ends_with('\r')) line.remove_suffix(1);
    line_ = scanned_ = end + 1;
    NARU_CHECK(check_line(line));
    if (phase_ == Phase::body) {
      body_ = scanned_;
      if (!is_utf8({at, body_})) return Error{Errc::bad_utf8, "headers are not UTF-8"};
    }
  }
  return scan_body(at, size);
}

Result<void> Decoder::check_line(std::string_view line) {
  if (phase_ == Phase::command) {
    const auto command = parse_command(line);
    if (!command) return Error{Errc::protocol_error, "unknown command"};
    command_ = *command;
    phase_ = Phase::headers;
    return {};
  }
  if (line.empty()) {
    phase_ = Phase::body;
    return {};
  }
  if (++headers_ > limits_->headers) return Error{Errc::too_many, "too many headers"};
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos || line.find('\0') != std::string_view::npos ||
      (escapes() && !escapes_hold(line, version_))) {
    return Error{Errc::protocol_error, "malformed header"};
  }
  if (!length_ && trimmed(line.substr(0, colon)) == kLength) {
    return read_length(line.substr(colon + 1));
  }
  return {};
}

Result<void> Decoder::read_length(std::string_view value) {
  value = trimmed(value);
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error == std::errc::invalid_argument || end != value.data() + value.size()) {
    return Error{Errc::protocol_error, "malformed content-length"};
  }
  if (error != std::errc() || length > limits_->body_bytes) {
    return Error{Errc::message_too_big, "body too large"};
  }
  length_ = length;
  return {};
}

Result<bool> Decoder::scan_body(const char* at, std::size_t size) {
  if (length_) {
    const std::size_t end = body_ + *length_;
    if (size <= end) return false;
    if (at[end] != '\0') return Error{Errc::protocol_error, "body is not as long as it says"};
    scanned_ = end + 1;
    return true;
  }
  const std::size_t end = find(at, scanned_, size, '\0');
  scanned_ = end;
  if (end - body_ > limits_->body_bytes) return Error{Errc::message_too_big, "body too large"};
  if (end == size) return false;
  length_ = end - body_;
  ++scanned_;
  return true;
}

// The whole frame is at `at`, and its lines are in order.
Result<const Frame*> Decoder::read(char* at) {
  Frame& frame = *frame_;
  frame.command = command_;
  frame.headers.clear();
  frame.body = {at + body_, *length_};
  phase_ = Phase::headers;  // for strips_cr
  std::size_t begin = find(at, 0, body_, '\n') + 1;
  while (begin < body_) {
    const std::size_t end = find(at, begin, body_, '\n');
    std::string_view line(at + begin, end - begin);
    if (strips_cr() && line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) {
      const std::size_t colon = line.find(':');
      Header header{line.substr(0, colon), line.substr(colon + 1)};
      if (escapes()) {
        header.name = unescape(at + begin, colon);
        header.value = unescape(at + begin + colon + 1, header.value.size());
      }
      frame.headers.push_back(header);
    }
    begin = end + 1;
  }
  phase_ = Phase::between;
  // Clients of 1.0 pad with spaces; of an opening frame, those that speak nothing else.
  const bool old =
      is_opening(command_) ? !frame.find("accept-version").has_value() : version_ == Version::v10;
  if (old) {
    for (Header& header : frame.headers) header = {trimmed(header.name), trimmed(header.value)};
  }
  return &frame;
}

}  // namespace naru::stomp
