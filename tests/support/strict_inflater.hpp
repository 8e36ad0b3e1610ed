#pragma once

#include <zlib.h>

#include <optional>
#include <string>
#include <string_view>

namespace naru::test {

// A peer's inflater that shares no code with ours, and holds a sender to the agreed window: it
// hands out one octet at a time, so that zlib can only look back into that window.
class StrictInflater {
 public:
  explicit StrictInflater(int window_bits) { inflateInit2(&stream_, -window_bits); }
  ~StrictInflater() { inflateEnd(&stream_); }
  StrictInflater(const StrictInflater&) = delete;
  StrictInflater& operator=(const StrictInflater&) = delete;

  // The message in the payload of its frames; nullopt when it does not inflate.
  std::optional<std::string> message(std::string_view payload) {
    std::string in(payload);
    in.append("\x00\x00\xff\xff", 4);
    std::string out;
    stream_.next_in = reinterpret_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    while (true) {
      Bytef octet = 0;
      stream_.next_out = &octet;
      stream_.avail_out = 1;
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      if (stream_.avail_out == 0) out += static_cast<char>(octet);
      if (code == Z_STREAM_END) inflateReset(&stream_);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return std::nullopt;
      if (stream_.avail_out == 1 && stream_.avail_in == 0) return out;
    }
  }
  void reset() { inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

}  // namespace naru::test
