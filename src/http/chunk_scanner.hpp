#pragma once

#include "base/cursor.hpp"
#include "http/refusal.hpp"
#include "http/request_decoder.hpp"

#include <cstddef>
#include <string>

namespace naru::http {

// Collects what stands between the data of chunks (RFC 9112 section 7.1) until it is whole: the
// CRLF that ends a chunk with the size line of the next, or the last chunk with its trailers. Holds
// them to limits that Beast does not have, and to lines without control characters (CVE-2025-58056:
// a LF inside an extension).
class ChunkScanner {
 public:
  enum class Progress { need_more, whole, refused };

  explicit ChunkScanner(const Limits& limits) : limits_(limits) {}

  // Takes bytes up to the first one of a chunk's data, or to the end of the message.
  Progress receive(Cursor& in);
  const Refusal& refusal() const { return refusal_; }

  // What was collected, once it is whole.
  std::string_view bytes() const { return bytes_; }
  // After a whole one: expects what follows the data of its chunk.
  void expect_next();
  void reset();

 private:
  std::size_t line_cap() const;
  Progress refuse(int status, std::string_view text);
  Progress end_line();
  Progress end_size_line(std::string_view line);
  Progress end_trailer_line(std::string_view line);

  enum class Line { data_end, size, trailer };
  Limits limits_;
  std::string bytes_;
  Line line_ = Line::size;
  std::size_t line_start_ = 0;
  std::size_t trailers_start_ = 0;
  std::size_t trailers_ = 0;
  std::size_t extension_bytes_ = 0;  // of the message so far
  Refusal refusal_;
};

}  // namespace naru::http
