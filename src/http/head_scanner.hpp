#pragma once

#include "base/cursor.hpp"
#include "http/refusal.hpp"
#include "http/request_decoder.hpp"

#include <cstddef>
#include <string>

namespace naru::http {

// Collects the head of a message until it is whole, looking at each byte once: Beast, given a
// growing head, would start over with every read (CVE-2023-43669). Limits and line ends are judged
// here, in the order of the bytes, so that the answer does not depend on how they were cut.
class HeadScanner {
 public:
  enum class Progress { need_more, whole, refused };
  enum class StartLine { request, status };

  explicit HeadScanner(const Limits& limits, StartLine start_line = StartLine::request)
      : limits_(limits), start_line_(start_line) {}

  // Takes bytes up to the end of the head and none behind it.
  Progress receive(Cursor& in);
  const Refusal& refusal() const { return refusal_; }

  // The head with its last empty line, without empty lines before it.
  std::string& bytes() { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  // Starts over. A small buffer is kept for the next head.
  void reset();

 private:
  std::size_t line_cap() const;
  Progress refuse(int status, std::string_view text);
  // These return need_more when all is well so far.
  Progress check_start();
  Progress check_method();
  Progress end_line();
  Progress end_request_line(std::string_view line);
  Progress end_status_line(std::string_view line);

  Limits limits_;
  StartLine start_line_;
  std::string bytes_;
  std::size_t line_start_ = 0;
  std::size_t method_seen_ = 0;  // characters of the method that were looked at
  std::size_t fields_ = 0;
  int empty_lines_ = 0;
  bool method_done_ = false;
  Refusal refusal_;
};

}  // namespace naru::http
