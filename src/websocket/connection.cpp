#include "websocket/connection.hpp"

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "websocket/deflate.hpp"
#include "websocket/head_scan.hpp"
#include "websocket/partial.hpp"

#include <algorithm>

namespace naru::websocket {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

std::string_view view(std::span<char> bytes) {
  return {bytes.data(), bytes.size()};
}

std::optional<Event> message_event(bool binary, std::span<char> payload) {
  return Event{.type = Event::Type::message, .binary = binary, .payload = payload};
}

// Deflate may make a message longer: by five bytes in 64 KiB where it stores, by an eighth or so
// where a poor compressor codes. A compressed message is not held, so this is no matter of memory.
std::uint64_t compressed_limit(std::size_t message_bytes) {
  return std::uint64_t{message_bytes} + message_bytes / 4 + 1024;
}

}  // namespace

Connection::Connection(Role role, const Limits& limits, Random* masks)
    : limits_(&limits), short_cut_(!limits.parts), client_(role == Role::client) {
  if (!client_) return;
  NARU_ASSERT(masks != nullptr);
  rare().masks = masks;
}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

void Connection::use_deflate(const DeflateAgreement& agreement, DeflatePool& pool) {
  pool_ = &pool;
  own_context_ = agreement.own_context;
  peer_context_ = agreement.peer_context;
  own_window_bits_ = static_cast<std::uint8_t>(agreement.own_window_bits) & 15U;
  peer_window_bits_ = static_cast<std::uint8_t>(agreement.peer_window_bits) & 15U;
}

Connection::Step Connection::receive(Cursor& in, SendQueue& out) {
  // Nearly everything that arrives is a whole, short, final data frame. It is taken here, with one
  // pass over its bytes; whatever else there is, and every doubt, goes the general way.
  if (short_cut_ && in.size() >= 2) [[likely]] {
    const bool masked = !client_;
    const auto first = static_cast<unsigned char>(in.data()[0]);
    // A wrong mask bit leaves 0x80 set, which no short length has.
    const std::size_t length =
        static_cast<unsigned char>(in.data()[1]) ^ (masked ? detail::kMasked : 0U);
    const std::size_t head = masked ? 6 : 2;
    constexpr unsigned text = detail::kFin | static_cast<unsigned>(Opcode::text);
    constexpr unsigned binary = detail::kFin | static_cast<unsigned>(Opcode::binary);
    if ((first == text || first == binary) && length < 126 && in.size() >= head + length &&
        length <= limits_->message_bytes) [[likely]] {
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

std::span<char> Connection::room() {
  Partial* held = partial();
  if (held == nullptr || close_sent_ || limits_->parts) return {};
  return held->room(limits_->room_above);
}

Connection::Step Connection::receive_frames(Cursor& in, SendQueue& out) {
  if (Partial* held = partial()) {
    if (held->idle()) {
      drop_partial();  // the event that pointed into it is over
    } else if (close_sent_) {
      held->drop_message();
    }
  }
  while (!in.empty() || inflates_more()) {
    if (finished()) {
      in.skip(in.size());  // section 5.5.1: nothing counts after a Close
      break;
    }
    const Partial* held = partial();
    const bool inside = held != nullptr && held->in_frame;
    NARU_TRY(auto event, inside ? receive_more_body(in, out) : receive_head(in, out));
    if (event) return event;
  }
  if (partial() != nullptr && partial()->idle()) drop_partial();
  return std::optional<Event>();
}

Connection::Step Connection::receive_head(Cursor& in, SendQueue& out) {
  Partial* held = partial();
  const std::size_t stashed = held == nullptr ? 0 : held->head_size;
  std::string_view bytes = in.view();
  if (stashed > 0) {
    const std::size_t more = std::min(in.size(), detail::kLongestHead - stashed);
    std::copy_n(in.data(), more, held->head_bytes.data() + stashed);
    bytes = {held->head_bytes.data(), stashed + more};
  }
  const detail::HeadScan scan = detail::scan_head(
      bytes, role(), pool_ == nullptr ? detail::Reserved::none : detail::Reserved::rsv1);
  NARU_CHECK(judge_head(scan, out));
  if (!scan.whole) {
    held = &make_partial();
    if (stashed == 0) std::copy_n(in.data(), in.size(), held->head_bytes.data());
    held->head_size = static_cast<std::uint8_t>(bytes.size());
    in.skip(in.size());
    return std::optional<Event>();
  }
  in.skip(scan.size - stashed);
  if (stashed > 0) held->head_size = 0;
  return receive_body(scan.head, in, out);
}

// Judges before the rest of the head is there, and before anything is held for it.
Result<void> Connection::judge_head(const detail::HeadScan& scan, SendQueue& out) {
  const Partial* held = partial();
  const bool open = held != nullptr && held->open;
  const bool data = scan.started && !is_control(scan.head.opcode);
  // The order is that in which the bytes tell, or the outcome would depend on how they were cut.
  if (data && open != (scan.head.opcode == Opcode::continuation)) {
    return fail(Errc::protocol_error,
                open ? "new message inside a fragmented one" : "continuation of no message", out);
  }
  if (!scan.error.empty()) return fail(Errc::protocol_error, scan.error, out);
  if (!data || !scan.length_known) return {};
  if (open && held->fragments >= limits_->fragments) {
    return fail(Errc::too_many, "too many fragments", out);
  }
  const bool compressed = open ? held->compressed : scan.head.rsv1;
  const std::uint64_t limit =
      compressed ? compressed_limit(limits_->message_bytes) : limits_->message_bytes;
  const std::uint64_t so_far = open ? held->wire_bytes : 0;  // never more than the limit
  if (scan.head.payload_bytes > limit - so_far) {
    return fail(Errc::message_too_big, "message too big", out);
  }
  return {};
}

Connection::Step Connection::receive_body(const FrameHead& head, Cursor& in, SendQueue& out) {
  const bool whole = in.size() >= head.payload_bytes;
  const bool control = is_control(head.opcode);
  const bool in_place = control || (head.fin && head.opcode != Opcode::continuation &&
                                    !(head.rsv1 && limits_->parts));
  if (whole && in_place) {
    const std::span<char> payload = in.take(static_cast<std::size_t>(head.payload_bytes));
    if (head.masked) apply_mask(payload, head.mask);
    if (control) return receive_control(head.opcode, payload, out);
    if (close_sent_) return std::optional<Event>();
    const bool binary = head.opcode == Opcode::binary;
    if (head.rsv1) return receive_compressed(binary, view(payload), out);
    if (!binary && !is_utf8(view(payload))) {
      return fail(Errc::bad_utf8, "text is not UTF-8", out);
    }
    auto event = message_event(binary, payload);
    if (limits_->parts) event->type = Event::Type::part;
    return event;
  }
  make_partial().begin_frame(head);
  return receive_more_body(in, out);
}

Connection::Step Connection::receive_more_body(Cursor& in, SendQueue& out) {
  Partial& state = *partial();
  const bool data = !is_control(state.frame.opcode);
  if (data && state.compressed && limits_->parts && !close_sent_) {
    return receive_compressed_part(in, out);
  }
  const std::size_t phase = state.received % 4;
  const std::uint64_t missing = state.frame.payload_bytes - state.received;
  const std::span<char> piece =
      in.take(static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), missing)));
  if (state.frame.masked) apply_mask(piece, state.frame.mask, phase);
  if (data) return receive_piece(piece, out);

  std::copy(piece.begin(), piece.end(), state.control.begin() + state.received);
  state.received += piece.size();
  if (piece.size() < missing) return std::optional<Event>();
  state.in_frame = false;
  return receive_control(state.frame.opcode, std::span(state.control).first(state.received), out);
}

Connection::Step Connection::receive_piece(std::span<char> piece, SendQueue& out) {
  Partial& state = *partial();
  state.received += piece.size();
  const bool frame_ends = state.received == state.frame.payload_bytes;
  const bool message_ends = frame_ends && state.frame.fin;
  if (frame_ends) state.in_frame = false;
  if (message_ends) state.open = false;
  if (close_sent_) return std::optional<Event>();

  if (state.compressed) {
    NARU_CHECK(inflate(view(piece), message_ends, state, out));
  } else {
    if (!state.binary && !state.utf8.receive(view(piece))) {
      return fail(Errc::bad_utf8, "text is not UTF-8", out);
    }
    if (!limits_->parts) state.append(piece, out.pool());
  }
  if (message_ends && !state.binary && !state.utf8.complete()) {
    return fail(Errc::bad_utf8, "text is not UTF-8", out);
  }
  if (limits_->parts) {
    if (piece.empty() && !message_ends) return std::optional<Event>();
    return std::optional<Event>(state.part(piece, message_ends));
  }
  return message_ends ? message_event(state.binary, state.message.bytes()) : std::optional<Event>();
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

Error Connection::fail(Errc code, std::string_view text, SendQueue& out) {
  close(close_code_for(code), text, out);
  failed_ = true;
  drop_partial();
  return Error{code, text};
}

Connection::Rare& Connection::rare() {
  if (rare_ == nullptr) rare_ = std::make_unique<Rare>();
  return *rare_;
}

Connection::Partial* Connection::partial() const {
  return rare_ == nullptr ? nullptr : rare_->partial.get();
}

Connection::Partial& Connection::make_partial() {
  if (rare().partial == nullptr) rare_->partial = std::make_unique<Partial>();
  short_cut_ = false;
  return *rare_->partial;
}

void Connection::drop_partial() {
  Partial* held = partial();
  if (held == nullptr) return;
  if (held->borrowed != nullptr) pool_->release(std::move(held->borrowed));
  rare_->partial.reset();
  tidy();
}

void Connection::tidy() {
  short_cut_ = !close_sent_ && !limits_->parts && partial() == nullptr;
  if (rare_ != nullptr && rare_->empty()) rare_.reset();
}

}  // namespace naru::websocket
