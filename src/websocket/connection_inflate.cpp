#include "base/assert.hpp"
#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"
#include "websocket/partial.hpp"

#include <algorithm>

// The part of Connection that receives compressed messages (RFC 7692 section 7.2.2). What a message
// says is judged octet by octet in its order, so that an outcome does not depend on how it was cut.

namespace naru::websocket {
namespace {

constexpr std::size_t kPieceAtOnce = 4096;  // compressed, where each step is an event

std::string_view view(std::span<char> bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

// Judges what one step has inflated: it follows `before` bytes of its message.
Result<void> Connection::judge_inflated(std::span<char> step, std::size_t before, bool failed,
                                        Utf8Validator* utf8, SendQueue& out) {
  const std::size_t room = limits_->message_bytes - before;
  if (utf8 != nullptr && !utf8->receive(view(step.first(std::min(step.size(), room))))) {
    return fail(Errc::bad_utf8, "text is not UTF-8", out);
  }
  if (step.size() > room) return fail(Errc::message_too_big, "message too big inflated", out);
  if (failed) return fail(Errc::bad_compression, "message does not inflate", out);
  return {};
}

// Where one step goes: it has room for one byte more than may come, which shows that too much does.
std::span<char> Connection::inflate_room(std::size_t before) {
  const std::size_t room = limits_->message_bytes - before;
  return pool_->step().first(std::min(room, DeflatePool::kStep - 1) + 1);
}

Result<void> Connection::inflate_to(Block& message, std::string_view in, bool ends,
                                    Inflater& inflater, Utf8Validator* utf8, SendQueue& out) {
  bool finishing = false;
  while (true) {
    const std::size_t before = message.size();
    std::span<char> step = inflate_room(before);
    bool failed = false;
    const std::size_t count =
        finishing ? inflater.finish(step, failed) : inflater.inflate(in, step, failed);
    const bool more = count == step.size();
    step = step.first(count);
    NARU_CHECK(judge_inflated(step, before, failed, utf8, out));
    message.append(step);
    if (more) continue;
    if (!ends || finishing) return {};
    finishing = true;
  }
}

// A whole message in one frame. Nothing is held for it but the peer's context, if there is one.
Connection::Step Connection::receive_compressed(bool binary, std::string_view payload,
                                                SendQueue& out) {
  Block& message = pool_->inflated();
  Utf8Validator utf8;
  Utf8Validator* judge = binary ? nullptr : &utf8;
  if (peer_context_) {
    NARU_CHECK(inflate_to(message, payload, true, peer_inflater(), judge, out));
  } else {
    std::unique_ptr<Inflater> inflater = pool_->borrow_inflater(15);
    const Result<void> inflated = inflate_to(message, payload, true, *inflater, judge, out);
    pool_->release(std::move(inflater));
    NARU_CHECK(inflated);
  }
  if (!utf8.complete()) return fail(Errc::bad_utf8, "text is not UTF-8", out);
  return std::optional<Event>(
      Event{.type = Event::Type::message, .binary = binary, .payload = message.bytes()});
}

// The next piece of a message of which a part is held.
Result<void> Connection::inflate(std::string_view piece, bool ends, Partial& state,
                                 SendQueue& out) {
  return inflate_to(state.message, piece, ends, inflater_of(state),
                    state.binary ? nullptr : &state.utf8, out);
}

// The next step of a message that is given on in parts. What a step does not use up stays in `in`
// as it came, to be presented again.
Connection::Step Connection::receive_compressed_part(Cursor& in, SendQueue& out) {
  Partial& state = *partial();
  Inflater& inflater = inflater_of(state);
  while (true) {
    std::span<char> step = inflate_room(state.inflated);
    bool failed = false;
    std::size_t count = 0;
    if (state.finishing) {
      count = inflater.finish(step, failed);
    } else {
      const std::uint64_t missing = state.frame.payload_bytes - state.received;
      const std::span<char> piece(in.data(), static_cast<std::size_t>(std::min<std::uint64_t>(
                                                 std::min(in.size(), kPieceAtOnce), missing)));
      if (state.frame.masked) apply_mask(piece, state.frame.mask, state.received % 4);
      std::string_view left = view(piece);
      count = inflater.inflate(left, step, failed);
      const std::size_t used = piece.size() - left.size();
      state.received += used;
      if (state.frame.masked) {
        apply_mask(piece.subspan(used), state.frame.mask, state.received % 4);
      }
      in.skip(used);
    }
    state.more = count == step.size();
    step = step.first(count);
    NARU_CHECK(
        judge_inflated(step, state.inflated, failed, state.binary ? nullptr : &state.utf8, out));
    state.inflated += count;

    bool message_ends = false;
    const bool frame_ends = !state.more && state.received == state.frame.payload_bytes;
    if (frame_ends && !state.frame.fin) state.in_frame = false;
    if (frame_ends && state.frame.fin) {
      message_ends = state.finishing;
      state.finishing = true;
    }
    if (message_ends) {
      state.in_frame = state.open = false;
      if (!state.utf8.complete()) return fail(Errc::bad_utf8, "text is not UTF-8", out);
    }
    if (count > 0 || message_ends) {
      return std::optional<Event>(state.part(step, message_ends));
    }
    if (!state.in_frame) return std::optional<Event>();
    if (!state.finishing && in.empty()) return std::optional<Event>();
  }
}

bool Connection::inflates_more() const {
  const Partial* held = partial();
  return held != nullptr && held->in_frame && (held->more || held->finishing) && !close_sent_;
}

// Made for the first message that needs it.
Inflater& Connection::peer_inflater() {
  if (rare().inflater == nullptr) {
    rare_->inflater = std::make_unique<Inflater>(int{peer_window_bits_});
  }
  return *rare_->inflater;
}

Inflater& Connection::inflater_of(Partial& state) {
  if (peer_context_) return peer_inflater();
  if (state.borrowed == nullptr) state.borrowed = pool_->borrow_inflater(15);
  return *state.borrowed;
}

}  // namespace naru::websocket
