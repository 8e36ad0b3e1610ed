#include "http/head_scanner.hpp"

#include "http/request.hpp"

#include <algorithm>

namespace naru::http {
namespace {

constexpr int kEmptyLines = 4;            // RFC 9112 section 2.2: at least one is to be ignored
constexpr std::size_t kMethodBytes = 32;  // longer than every registered method
constexpr std::size_t kVersionBytes = 8;  // "HTTP/1.1"
constexpr std::size_t kKeptBytes = 2048;
constexpr std::string_view kAnswerStart = "HTTP/1.";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

void HeadScanner::reset() {
  bytes_.clear();
  if (bytes_.capacity() > kKeptBytes) std::string().swap(bytes_);  // assigning would keep it
  line_start_ = method_seen_ = fields_ = 0;
  empty_lines_ = 0;
  method_done_ = false;
}

HeadScanner::Progress HeadScanner::refuse(int status, std::string_view text) {
  refusal_ = {status, text};
  return Progress::refused;
}

// How long the head may be at the end of the line that is being read.
std::size_t HeadScanner::line_cap() const {
  if (line_start_ > 0 || start_line_ == StartLine::status) return limits_.head_bytes;
  return std::min(limits_.head_bytes, kMethodBytes + limits_.target_bytes + kVersionBytes + 4);
}

HeadScanner::Progress HeadScanner::receive(Cursor& in) {
  while (!in.empty()) {
    const std::size_t newline = in.view().find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::size_t wanted = ends ? newline + 1 : in.size();
    const std::size_t count = std::min(wanted, line_cap() - bytes_.size());
    bytes_.append(in.view().substr(0, count));
    in.skip(count);
    if (line_start_ == 0 && check_start() == Progress::refused) return Progress::refused;
    if (count < wanted) {
      if (line_start_ == 0 && start_line_ == StartLine::request) {
        return refuse(414, "the request target is too long");
      }
      return refuse(431, "the request head is too long");
    }
    if (!ends) break;
    if (const Progress progress = end_line(); progress != Progress::need_more) return progress;
  }
  return Progress::need_more;
}

// Judged before the line is whole, so that TLS or noise on a plain port is refused at once.
HeadScanner::Progress HeadScanner::check_start() {
  if (start_line_ == StartLine::request) return check_method();
  const std::string_view start = std::string_view(bytes_).substr(0, kAnswerStart.size());
  if (!kAnswerStart.starts_with(start)) return refuse(400, "not an HTTP answer");
  return Progress::need_more;
}

HeadScanner::Progress HeadScanner::check_method() {
  if (bytes_[0] == '\r') {
    if (bytes_.size() > 1 && bytes_[1] != '\n') return refuse(400, "CR without LF");
    return Progress::need_more;
  }
  while (!method_done_ && method_seen_ < bytes_.size()) {
    if (bytes_[method_seen_] == ' ' && method_seen_ > 0) {
      method_done_ = true;
      break;
    }
    if (!is_token({&bytes_[method_seen_], 1})) return refuse(400, "not an HTTP request");
    if (++method_seen_ > kMethodBytes) return refuse(501, "the method is unknown");
  }
  return Progress::need_more;
}

HeadScanner::Progress HeadScanner::end_line() {
  std::string_view line = bytes_;
  line.remove_prefix(line_start_);
  if (line.size() < 2 || line[line.size() - 2] != '\r') return refuse(400, "LF without CR");
  line.remove_suffix(2);
  if (line_start_ == 0) {
    if (start_line_ == StartLine::status) return end_status_line(line);
    if (!line.empty()) return end_request_line(line);
    if (++empty_lines_ > kEmptyLines) return refuse(400, "empty lines instead of a request");
    bytes_.clear();
    return Progress::need_more;
  }
  if (line.empty()) return Progress::whole;
  if (line[0] == ' ' || line[0] == '\t') return refuse(400, "a line that starts with white space");
  if (++fields_ > limits_.fields) return refuse(431, "too many fields");
  line_start_ = bytes_.size();
  return Progress::need_more;
}

HeadScanner::Progress HeadScanner::end_request_line(std::string_view line) {
  const std::size_t target = line.find(' ') + 1;
  const std::size_t end = line.rfind(' ');
  if (end < target) return refuse(400, "a request line without a version");
  if (end - target > limits_.target_bytes) return refuse(414, "the request target is too long");
  const std::string_view version = line.substr(end + 1);
  if (version.size() != kVersionBytes || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return refuse(400, "a malformed HTTP version");
  }
  if (version[5] != '1' || version[7] > '1') return refuse(505, "not HTTP/1.0 or HTTP/1.1");
  line_start_ = bytes_.size();
  return Progress::need_more;
}

// "HTTP/1.1 101 Switching Protocols"; the reason may be empty (RFC 9112 section 4).
HeadScanner::Progress HeadScanner::end_status_line(std::string_view line) {
  constexpr std::size_t code_at = kVersionBytes + 1;
  constexpr std::size_t reason_at = code_at + 4;
  if (line.size() < reason_at ||
      (line[kVersionBytes - 1] != '0' && line[kVersionBytes - 1] != '1') ||
      line[kVersionBytes] != ' ' || line[reason_at - 1] != ' ') {
    return refuse(400, "a malformed status line");
  }
  for (const char c : line.substr(code_at, 3)) {
    if (!is_digit(c)) return refuse(400, "a malformed status code");
  }
  if (line[code_at] == '0') return refuse(400, "a malformed status code");
  const std::string_view reason = line.substr(reason_at);
  if (!is_field_value(reason)) return refuse(400, "a control character in a reason");
  line_start_ = bytes_.size();
  return Progress::need_more;
}

}  // namespace naru::http
