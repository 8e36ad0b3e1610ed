#include "http/chunk_scanner.hpp"

#include "http/request.hpp"

#include <algorithm>

namespace naru::http {
namespace {

constexpr std::size_t kSizeDigits = 16;  // 64 bits
constexpr std::size_t kExtensionBytes = 256;
constexpr std::size_t kExtensionBytesInAll = 4096;

}  // namespace

void ChunkScanner::reset() {
  std::string().swap(bytes_);  // most requests have no chunks
  line_ = Line::size;
  line_start_ = trailers_start_ = trailers_ = extension_bytes_ = 0;
}

void ChunkScanner::expect_next() {
  bytes_.clear();
  line_ = Line::data_end;
  line_start_ = 0;
}

ChunkScanner::Progress ChunkScanner::refuse(int status, std::string_view text) {
  refusal_ = {status, text};
  return Progress::refused;
}

// How many bytes may be held at the end of the line that is being read.
std::size_t ChunkScanner::line_cap() const {
  switch (line_) {
    case Line::data_end:
      return 2;
    case Line::size:
      return line_start_ + kSizeDigits + kExtensionBytes + 2;
    case Line::trailer:
      break;
  }
  return trailers_start_ + limits_.head_bytes;
}

ChunkScanner::Progress ChunkScanner::receive(Cursor& in) {
  while (!in.empty()) {
    const std::size_t newline = in.view().find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::size_t wanted = ends ? newline + 1 : in.size();
    const std::size_t count = std::min(wanted, line_cap() - bytes_.size());
    bytes_.append(in.view().substr(0, count));
    in.skip(count);
    if (line_ == Line::data_end && !std::string_view("\r\n").starts_with(bytes_)) {
      return refuse(400, "no CRLF after a chunk");
    }
    if (count < wanted) {
      if (line_ == Line::trailer) return refuse(431, "the trailers are too long");
      return refuse(400, "a chunk line is too long");
    }
    if (!ends) break;
    if (const Progress progress = end_line(); progress != Progress::need_more) return progress;
  }
  return Progress::need_more;
}

ChunkScanner::Progress ChunkScanner::end_line() {
  std::string_view line = bytes_;
  line.remove_prefix(line_start_);
  if (line.size() < 2 || line[line.size() - 2] != '\r') return refuse(400, "LF without CR");
  line.remove_suffix(2);
  line_start_ = bytes_.size();
  switch (line_) {
    case Line::data_end:
      line_ = Line::size;
      return Progress::need_more;
    case Line::size:
      return end_size_line(line);
    case Line::trailer:
      break;
  }
  return end_trailer_line(line);
}

ChunkScanner::Progress ChunkScanner::end_size_line(std::string_view line) {
  const std::size_t digits =
      std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  if (digits == 0 || digits > kSizeDigits) return refuse(400, "a malformed chunk size");
  const std::string_view extension = line.substr(digits);
  extension_bytes_ += extension.size();
  if (extension.size() > kExtensionBytes || extension_bytes_ > kExtensionBytesInAll) {
    return refuse(400, "too many chunk extensions");
  }
  if (!is_field_value(extension)) return refuse(400, "a control character in a chunk extension");
  const bool last = line.substr(0, digits).find_first_not_of('0') == std::string_view::npos;
  if (!last) return Progress::whole;
  line_ = Line::trailer;
  trailers_start_ = bytes_.size();
  return Progress::need_more;
}

ChunkScanner::Progress ChunkScanner::end_trailer_line(std::string_view line) {
  if (line.empty()) return Progress::whole;
  if (line[0] == ' ' || line[0] == '\t') return refuse(400, "a line that starts with white space");
  if (++trailers_ > limits_.fields) return refuse(431, "too many trailers");
  return Progress::need_more;
}

}  // namespace naru::http
