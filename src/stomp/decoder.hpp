#pragma once

#include "base/cursor.hpp"
#include "naru/result.hpp"
#include "stomp/frame.hpp"
#include "stomp/limits.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace naru::stomp {

// Takes the frames of one connection out of its bytes, however these are cut. A frame that arrives
// whole is read where it is; of one that is cut, the decoder keeps the beginning.
//
// The version decides on escapes and line ends: 1.0 until set_version(), as CONNECT has neither.
class Decoder {
 public:
  // `frame` is where the frames go, for many decoders of one thread.
  Decoder(const Limits& limits, Frame& frame) : limits_(&limits), frame_(&frame) {}

  void set_version(Version version) { version_ = version; }
  void set_limits(const Limits& limits) { limits_ = &limits; }

  // The next frame at the front of `in`, or nullptr when it ends before: then all of `in` is taken.
  // The frame is valid until the next call. Line ends between frames are skipped: heart-beats, of
  // which the caller knows by any byte at all.
  // Errors, after which the connection is lost: protocol_error, bad_utf8 (in the head),
  // message_too_big, too_many.
  Result<const Frame*> receive(Cursor& in);

  std::size_t held_bytes() const { return held_.size(); }

 private:
  enum class Phase : unsigned char { between, command, headers, body };
  // How far the bytes of the frame, from `at`, bring us.
  Result<bool> scan(const char* at, std::size_t size);
  Result<bool> scan_body(const char* at, std::size_t size);
  Result<void> check_line(std::string_view line);
  Result<void> read_length(std::string_view value);
  Result<const Frame*> read(char* at);
  std::size_t wanted(std::string_view rest) const;
  bool strips_cr() const;
  bool escapes() const { return version_ != Version::v10 && !is_opening(command_); }
  void begin();

  const Limits* limits_;
  Frame* frame_;
  Version version_ = Version::v10;
  Phase phase_ = Phase::between;
  Command command_ = Command::connect;
  std::string held_;  // of a frame that was cut, from its command on
  // Offsets from the frame's first byte.
  std::size_t line_ = 0;     // where the line begins that is being scanned
  std::size_t scanned_ = 0;  // nothing of interest before
  std::size_t body_ = 0;
  std::size_t headers_ = 0;            // so many
  std::optional<std::size_t> length_;  // of the body, if it was said
};

}  // namespace naru::stomp
