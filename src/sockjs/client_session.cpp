#include "sockjs/client_session.hpp"

#include "json/string.hpp"

#include <charconv>
#include <utility>

namespace naru::sockjs {

Result<ClientSession::What> ClientSession::receive(std::string_view frame, Instant now) {
  if (phase_ == Phase::closed) return What::nothing;
  const char letter = frame.empty() ? '\0' : frame[0];
  if (letter == 'c') return receive_close(frame);
  if (phase_ == Phase::opening && letter != 'o') {
    // Streams begin with a line that is to fill the buffers of browsers.
    if (letter == 'h') return What::nothing;
    return Error{Errc::protocol_error, "a frame before the session is open"};
  }
  deadline_ = options_.silence > Duration::zero() ? now + options_.silence : kNever;
  switch (letter) {
    case 'o':
      if (std::exchange(phase_, Phase::open) == Phase::open) {
        return Error{Errc::protocol_error, "a session that is opened again"};
      }
      return What::opened;
    case 'a':
    case 'm': {
      NARU_TRY(messages_, read_messages(frame.substr(1), Carrier::websocket, options_.limits));
      return What::messages;
    }
    default:
      return What::nothing;
  }
}

// c[3000,"Go away!"]
Result<ClientSession::What> ClientSession::receive_close(std::string_view frame) {
  constexpr Error kMalformed{Errc::protocol_error, "a malformed close frame"};
  if (!frame.starts_with("c[") || !frame.ends_with("]")) return kMalformed;
  const std::string_view inside = frame.substr(2, frame.size() - 3);
  const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), code_);
  if (error != std::errc()) return kMalformed;
  const std::string_view rest = inside.substr(static_cast<std::size_t>(end - inside.data()));
  if (!rest.starts_with(",")) return kMalformed;
  std::string storage;
  const auto reason = json::decode_string(rest.substr(1), storage);
  if (!reason) return kMalformed;
  reason_ = *reason;
  phase_ = Phase::closed;
  deadline_ = kNever;
  return What::closed;
}

Result<std::optional<std::string_view>> FrameLines::receive(Cursor& in) {
  constexpr Error kTooBig{Errc::message_too_big, "a frame above the limit"};
  if (std::exchange(told_, false)) held_.clear();
  const std::string_view bytes = in.view();
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() > limit_ - held_.size()) return kTooBig;
    held_ += bytes;
    in.skip(bytes.size());
    return std::optional<std::string_view>{};
  }
  if (end > limit_ - held_.size()) return kTooBig;
  in.skip(end + 1);
  if (held_.empty()) return std::optional(bytes.substr(0, end));
  held_ += bytes.substr(0, end);
  told_ = true;
  return std::optional(std::string_view(held_));
}

}  // namespace naru::sockjs
