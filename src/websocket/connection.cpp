#include "websocket/connection.hpp"

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "websocket/head_scan.hpp"
#include "websocket/partial.hpp"

#include <algorithm>
#include <array>

namespace naru::websocket {
namespace {

constexpr std::size_t kLongestReason = detail::kLongestControl - 2;
constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

std::string_view view(std::span<char> bytes) {
  return {bytes.data(), bytes.size()};
}

std::optional<Event> message_event(bool binary, std::span<char> payload) {
  return Event{.type = Event::Type::message, .binary = binary, .payload = payload};
}

// Cuts at a boundary of code points: a Close with half a character would be refused (1007).
std::string_view cut_reason(std::string_view reason) {
  if (!is_utf8(reason)) return {};
  if (reason.size() <= kLongestReason) return reason;
  std::size_t end = kLongestReason;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0U) == 0x80) --end;
  return reason.substr(0, end);
}

}  // namespace

Connection::Connection(Role role, const Limits& limits, Random* masks)
    : role_(role), limits_(limits), masks_(masks) {
  NARU_ASSERT(role == Role::server || masks != nullptr);
}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Connection::Step Connection::receive(Cursor& in, SendQueue& out) {
  // Nearly everything that arrives is a whole, short, final data frame. It is taken here, with one
  // pass over its bytes; whatever else there is, and every doubt, goes the general way.
  if (partial_ == nullptr && !close_sent_ && in.size() >= 2) [[likely]] {
    const bool masked = role_ == Role::server;
    const auto first = static_cast<unsigned char>(in.data()[0]);
    // A wrong mask bit leaves 0x80 set, which no short length has.
    const std::size_t length =
        static_cast<unsigned char>(in.data()[1]) ^ (masked ? detail::kMasked : 0U);
    const std::size_t head = masked ? 6 : 2;
    constexpr unsigned text = detail::kFin | static_cast<unsigned>(Opcode::text);
    constexpr unsigned binary = detail::kFin | static_cast<unsigned>(Opcode::binary);
    if ((first == text || first == binary) && length < 126 && in.size() >= head + length &&
        length <= limits_.message_bytes) [[likely]] {
      const std::span<char> payload = in.take(head + length).subspan(head);
      const std::uint64_t seen =
          masked ? detail::unmask_short(payload.data(), length, payload.data() - 4) : kHighBits;
      if (first == text && (seen & kHighBits) != 0 && !is_utf8(view(payload))) {
        return fail(Errc::bad_utf8, "text is not UTF-8", out);
      }
      return message_event(first == binary, payload);
    }
  }
  return receive_frames(in, out);
}

Connection::Step Connection::receive_frames(Cursor& in, SendQueue& out) {
  if (partial_ != nullptr) {
    if (partial_->idle()) {
      partial_.reset();  // the event that pointed into it is over
    } else if (close_sent_) {
      partial_->drop_message();
    }
  }
  while (!in.empty()) {
    if (finished()) {
      in.skip(in.size());  // section 5.5.1: nothing counts after a Close
      break;
    }
    const bool inside = partial_ != nullptr && partial_->in_frame;
    NARU_TRY(auto event, inside ? receive_more_body(in, out) : receive_head(in, out));
    if (event) return event;
  }
  if (partial_ != nullptr && partial_->idle()) partial_.reset();
  return std::optional<Event>();
}

Connection::Step Connection::receive_head(Cursor& in, SendQueue& out) {
  const std::size_t stashed = partial_ == nullptr ? 0 : partial_->head_size;
  std::string_view bytes = in.view();
  if (stashed > 0) {
    const std::size_t more = std::min(in.size(), detail::kLongestHead - stashed);
    std::copy_n(in.data(), more, partial_->head_bytes.data() + stashed);
    bytes = {partial_->head_bytes.data(), stashed + more};
  }
  const detail::HeadScan scan = detail::scan_head(bytes, role_);
  NARU_CHECK(judge_head(scan, out));
  if (!scan.whole) {
    if (stashed == 0) std::copy_n(in.data(), in.size(), partial().head_bytes.data());
    partial_->head_size = static_cast<std::uint8_t>(bytes.size());
    in.skip(in.size());
    return std::optional<Event>();
  }
  in.skip(scan.size - stashed);
  if (stashed > 0) partial_->head_size = 0;
  return receive_body(scan.head, in, out);
}

// Judges before the rest of the head is there, and before anything is held for it.
Result<void> Connection::judge_head(const detail::HeadScan& scan, SendQueue& out) {
  const bool open = partial_ != nullptr && partial_->open;
  const bool data = scan.started && !is_control(scan.head.opcode);
  // The order is that in which the bytes tell, or the outcome would depend on how they were cut.
  if (data && open != (scan.head.opcode == Opcode::continuation)) {
    return fail(Errc::protocol_error,
                open ? "new message inside a fragmented one" : "continuation of no message", out);
  }
  if (!scan.error.empty()) return fail(Errc::protocol_error, scan.error, out);
  if (!data || !scan.length_known) return {};
  if (open && partial_->fragments >= limits_.fragments) {
    return fail(Errc::too_many, "too many fragments", out);
  }
  const std::size_t held = open ? partial_->message.size() : 0;  // never more than the limit
  if (scan.head.payload_bytes > limits_.message_bytes - held) {
    return fail(Errc::message_too_big, "message too big", out);
  }
  return {};
}

Connection::Step Connection::receive_body(const FrameHead& head, Cursor& in, SendQueue& out) {
  const bool whole = in.size() >= head.payload_bytes;
  const bool control = is_control(head.opcode);
  if (whole && (control || (head.fin && head.opcode != Opcode::continuation))) {
    const std::span<char> payload = in.take(static_cast<std::size_t>(head.payload_bytes));
    if (head.masked) apply_mask(payload, head.mask);
    if (control) return receive_control(head.opcode, payload, out);
    if (close_sent_) return std::optional<Event>();
    if (head.opcode == Opcode::text && !is_utf8(view(payload))) {
      return fail(Errc::bad_utf8, "text is not UTF-8", out);
    }
    return message_event(head.opcode == Opcode::binary, payload);
  }
  partial().begin_frame(head);
  return receive_more_body(in, out);
}

Connection::Step Connection::receive_more_body(Cursor& in, SendQueue& out) {
  Partial& state = *partial_;
  const std::size_t phase = state.received % 4;
  const std::uint64_t missing = state.frame.payload_bytes - state.received;
  const std::span<char> piece =
      in.take(static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), missing)));
  if (state.frame.masked) apply_mask(piece, state.frame.mask, phase);
  if (!is_control(state.frame.opcode)) return receive_piece(piece, out);

  std::copy(piece.begin(), piece.end(), state.control.begin() + state.received);
  state.received += piece.size();
  if (piece.size() < missing) return std::optional<Event>();
  state.in_frame = false;
  return receive_control(state.frame.opcode, std::span(state.control).first(state.received), out);
}

Connection::Step Connection::receive_piece(std::span<char> piece, SendQueue& out) {
  Partial& state = *partial_;
  if (!close_sent_) {
    if (!state.binary && !state.utf8.receive(view(piece))) {
      return fail(Errc::bad_utf8, "text is not UTF-8", out);
    }
    state.append(piece);
  }
  state.received += piece.size();
  if (state.received < state.frame.payload_bytes) return std::optional<Event>();
  state.in_frame = false;
  if (!state.frame.fin) return std::optional<Event>();
  state.open = false;
  if (close_sent_) return std::optional<Event>();
  if (!state.binary && !state.utf8.complete()) {
    return fail(Errc::bad_utf8, "text is not UTF-8", out);
  }
  return message_event(state.binary, state.message);
}

Connection::Step Connection::receive_control(Opcode opcode, std::span<char> payload,
                                             SendQueue& out) {
  if (opcode == Opcode::close) return receive_close(payload, out);
  if (opcode == Opcode::pong) {
    return std::optional<Event>(Event{.type = Event::Type::pong, .payload = payload});
  }
  answer_ping(view(payload), out);
  return std::optional<Event>();
}

Connection::Step Connection::receive_close(std::span<char> payload, SendQueue& out) {
  std::uint16_t code = close_code::none;
  if (!payload.empty()) {
    if (payload.size() == 1) return fail(Errc::protocol_error, "half a close code", out);
    code = static_cast<std::uint16_t>(detail::read_big_endian(payload.data(), 2));
    payload = payload.subspan(2);
    if (!is_valid_close_code(code)) return fail(Errc::protocol_error, "invalid close code", out);
    if (!is_utf8(view(payload))) return fail(Errc::bad_utf8, "reason is not UTF-8", out);
  }
  const bool answers_ours = close_sent_;
  close_received_ = true;
  close(code, {}, out);
  return std::optional<Event>(
      Event{.type = answers_ours ? Event::Type::close_answered : Event::Type::closed,
            .code = code,
            .payload = payload});
}

// A peer that does not read must not grow our queue: then only the newest ping is answered, which
// section 5.5.3 allows.
void Connection::answer_ping(std::string_view payload, SendQueue& out) {
  if (close_sent_) return;  // the peer, seeing our Close first, would ignore the pong
  if (out.size() <= limits_.pending_pong_above) {
    pending_pong_.reset();
    write_frame(Opcode::pong, payload, out);
    return;
  }
  if (pending_pong_ == nullptr) pending_pong_ = std::make_unique<std::string>();
  pending_pong_->assign(payload);
}

void Connection::on_sent(SendQueue& out) {
  if (pending_pong_ == nullptr || out.size() > limits_.pending_pong_above) return;
  write_frame(Opcode::pong, *pending_pong_, out);
  pending_pong_.reset();
}

void Connection::send(Opcode opcode, std::string_view payload, SendQueue& out) {
  NARU_DCHECK(opcode != Opcode::close && opcode != Opcode::continuation);
  NARU_DCHECK(opcode != Opcode::text || is_utf8(payload));
  if (close_sent_) return;
  if (is_control(opcode)) payload = payload.substr(0, detail::kLongestControl);
  write_frame(opcode, payload, out);
}

void Connection::close(std::uint16_t code, std::string_view reason, SendQueue& out) {
  if (close_sent_) return;
  close_sent_ = true;
  pending_pong_.reset();
  if (code == close_code::none) return write_frame(Opcode::close, {}, out);
  if (!is_valid_close_code(code)) code = close_code::internal_error;
  reason = cut_reason(reason);
  std::array<char, detail::kLongestControl> payload;
  payload[0] = static_cast<char>(code >> 8U);
  payload[1] = static_cast<char>(code & 0xffU);
  std::copy(reason.begin(), reason.end(), payload.begin() + 2);
  write_frame(Opcode::close, {payload.data(), 2 + reason.size()}, out);
}

void Connection::write_frame(Opcode opcode, std::string_view payload, SendQueue& out) {
  if (role_ == Role::server) return encode_frame(opcode, {}, payload, out);
  std::array<unsigned char, 4> mask{};
  masks_->fill(mask);
  encode_masked_frame(opcode, payload, mask, out);
}

Error Connection::fail(Errc code, std::string_view text, SendQueue& out) {
  close(close_code_for(code), text, out);
  failed_ = true;
  partial_.reset();
  return Error{code, text};
}

Connection::Partial& Connection::partial() {
  if (partial_ == nullptr) partial_ = std::make_unique<Partial>();
  return *partial_;
}

}  // namespace naru::websocket
