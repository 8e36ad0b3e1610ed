#pragma once

#include "base/cursor.hpp"
#include "base/time.hpp"
#include "naru/result.hpp"
#include "sockjs/messages.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::sockjs {

struct ClientSessionOptions {
  Duration open_timeout = std::chrono::seconds(5);  // until "o"
  Duration silence = std::chrono::seconds(60);      // without a frame; zero: nobody minds
  Limits limits{};
};

// The client's side of one SockJS session, whatever carries its frames. Pure.
class ClientSession {
 public:
  ClientSession(const ClientSessionOptions& options, Instant now)
      : options_(options), deadline_(now + options.open_timeout) {}

  enum class What : std::uint8_t { nothing, opened, messages, closed };
  // One frame, without a line end. Frames of letters that we do not know are nothing.
  // Errors: protocol_error, bad_json, too_many.
  Result<What> receive(std::string_view frame, Instant now);

  const std::vector<std::string>& messages() const { return messages_; }  // after `messages`
  std::vector<std::string>& messages() { return messages_; }
  // After `closed`.
  std::uint16_t code() const { return code_; }
  const std::string& reason() const { return reason_; }

  bool open() const { return phase_ == Phase::open; }
  // When the server is dead, or has not begun: kNever, if it may be silent.
  Instant deadline() const { return deadline_; }

 private:
  enum class Phase : std::uint8_t { opening, open, closed };
  Result<What> receive_close(std::string_view frame);

  ClientSessionOptions options_;
  Phase phase_ = Phase::opening;
  Instant deadline_;
  std::vector<std::string> messages_;
  std::uint16_t code_ = 0;
  std::string reason_;
};

// Takes the frames of one answer apart: a line each. The long line that some begin with is a
// heartbeat.
class FrameLines {
 public:
  explicit FrameLines(std::size_t limit) : limit_(limit) {}  // bytes of one

  // The next one at the front of `in`, valid until the next call; nullopt when it ends before: then
  // all of `in` is taken. Errors: message_too_big.
  Result<std::optional<std::string_view>> receive(Cursor& in);
  bool in_frame() const { return !held_.empty() && !told_; }

 private:
  std::size_t limit_;
  std::string held_;
  bool told_ = false;  // held_ has been
};

}  // namespace naru::sockjs
