#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"
#include "websocket/head_scan.hpp"
#include "websocket/partial.hpp"

#include <algorithm>
#include <array>
#include <utility>

// The half of Connection that writes frames.

namespace naru::websocket {
namespace {

constexpr std::size_t kLongestReason = detail::kLongestControl - 2;

// Cuts at a boundary of code points: a Close with half a character would be refused (1007).
std::string_view cut_reason(std::string_view reason) {
  if (!is_utf8(reason)) return {};
  if (reason.size() <= kLongestReason) return reason;
  std::size_t end = kLongestReason;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0U) == 0x80) --end;
  return reason.substr(0, end);
}

// Whether any of a server's frames is compressed.
bool any_compressed(std::string_view frames) {
  while (!frames.empty()) {
    const detail::HeadScan scan = detail::scan_head(frames, Role::client, detail::Reserved::rsv1);
    NARU_ASSERT(scan.whole && scan.head.payload_bytes <= frames.size() - scan.size);
    if (scan.head.rsv1) return true;
    frames.remove_prefix(scan.size + static_cast<std::size_t>(scan.head.payload_bytes));
  }
  return false;
}

}  // namespace

void Connection::send(Opcode opcode, std::string_view prefix, std::string_view payload,
                      Compress compress, SendQueue& out) {
  NARU_DCHECK(opcode != Opcode::close && opcode != Opcode::continuation);
  if (close_sent_) return;
  if (is_control(opcode)) {
    return write_frame({.opcode = opcode}, {}, payload.substr(0, detail::kLongestControl), out);
  }
  if (sending_parts_) {
    return hold(
        {.opcode = opcode, .compress = compress, .bytes = std::string(prefix).append(payload)});
  }
  const std::size_t size = prefix.size() + payload.size();
  if (pool_ != nullptr && compress == Compress::yes && size >= limits_->deflate.threshold) {
    return send_compressed(opcode, prefix, payload, out);
  }
  write_frame({.opcode = opcode}, prefix, payload, out);
}

void Connection::send_compressed(Opcode opcode, std::string_view prefix, std::string_view payload,
                                 SendQueue& out) {
  Deflater& deflater =
      own_context_ ? own_deflater()
                   : pool_->deflater(wire_class_of(own_window_bits_), limits_->deflate.level);
  std::string& deflated = pool_->deflated();
  deflater.compress(prefix, Deflater::End::none, deflated);
  deflater.compress(payload, Deflater::End::message, deflated);
  // With a context the peer has to see it, or its window would miss it.
  if (!own_context_ && deflated.size() >= prefix.size() + payload.size()) {
    return write_frame({.opcode = opcode}, prefix, payload, out);
  }
  write_frame({.opcode = opcode, .compressed = true}, {}, deflated, out);
}

void Connection::send_part(Opcode opcode, std::string_view piece, Part part, Compress compress,
                           SendQueue& out) {
  NARU_DCHECK(opcode == Opcode::text || opcode == Opcode::binary);
  if (close_sent_) return;
  if (!sending_parts_) {
    if (part == Part::last) return send(opcode, {}, piece, compress, out);
    parts_compressed_ = pool_ != nullptr && compress == Compress::yes;
    write_part({.opcode = opcode, .fin = false, .compressed = parts_compressed_}, piece, out);
    sending_parts_ = true;
    return;
  }
  const bool last = part == Part::last;
  write_part({.opcode = Opcode::continuation, .fin = last}, piece, out);
  if (!last) return;
  sending_parts_ = false;
  if (!own_context_ && rare_ != nullptr) rare_->deflater.reset();
  send_held(out);
  tidy();
}

void Connection::write_part(FrameKind kind, std::string_view piece, SendQueue& out) {
  if (!parts_compressed_) return write_frame(kind, {}, piece, out);
  std::string& deflated = pool_->deflated();
  own_deflater().compress(piece, kind.fin ? Deflater::End::message : Deflater::End::piece,
                          deflated);
  write_frame(kind, {}, deflated, out);
}

void Connection::send_encoded(const SharedBytes& frames, std::string_view plain, SendQueue& out) {
  NARU_DCHECK(!client_);
  if (close_sent_) return;
  if (sending_parts_) return hold({.frames = frames, .bytes = std::string(plain)});
  out.append(frames);
  // The frame moves the peer's window on, so ours has to follow; a compressor that has said nothing
  // yet refers to nothing.
  const bool follows = own_context_ && rare_ != nullptr && rare_->deflater != nullptr;
  if (follows && any_compressed(*frames)) rare_->deflater->learn(plain);
}

int Connection::wire_class() const {
  return pool_ == nullptr || client_ ? 0 : wire_class_of(own_window_bits_);
}

void Connection::hold(Held message) {
  rare().held_bytes += message.bytes.size() + (message.frames ? message.frames->size() : 0);
  rare_->held.push_back(std::move(message));
}

void Connection::send_held(SendQueue& out) {
  if (rare_ == nullptr || rare_->held.empty()) return;
  rare_->held_bytes = 0;
  for (const Held& message : std::exchange(rare_->held, {})) {
    if (message.frames) {
      send_encoded(message.frames, message.bytes, out);
    } else {
      send(message.opcode, {}, message.bytes, message.compress, out);
    }
  }
}

std::size_t Connection::held_bytes() const {
  return rare_ == nullptr ? 0 : rare_->held_bytes;
}

// Made for the first message that needs it.
Deflater& Connection::own_deflater() {
  if (rare().deflater == nullptr) {
    rare_->deflater = std::make_unique<Deflater>(
        int{own_window_bits_}, limits_->deflate.memory_level, limits_->deflate.level);
  }
  return *rare_->deflater;
}

void Connection::trim() {
  if (rare_ == nullptr || sending_parts_) return;
  rare_->deflater.reset();
  tidy();
}

// A peer that does not read must not grow our queue: then only the newest ping is answered, which
// section 5.5.3 allows.
void Connection::answer_ping(std::string_view payload, SendQueue& out) {
  if (close_sent_) return;  // the peer, seeing our Close first, would ignore the pong
  if (out.size() <= limits_->pending_pong_above) {
    if (rare_ != nullptr) rare_->pong.reset();
    write_frame({.opcode = Opcode::pong}, {}, payload, out);
    return;
  }
  if (rare().pong == nullptr) rare_->pong = std::make_unique<std::string>();
  rare_->pong->assign(payload);
}

void Connection::on_sent(SendQueue& out) {
  if (rare_ == nullptr || rare_->pong == nullptr || out.size() > limits_->pending_pong_above)
    return;
  write_frame({.opcode = Opcode::pong}, {}, *rare_->pong, out);
  rare_->pong.reset();
  tidy();
}

void Connection::close(std::uint16_t code, std::string_view reason, SendQueue& out) {
  if (close_sent_) return;
  close_sent_ = true;
  short_cut_ = false;
  if (rare_ != nullptr) rare_->stop_sending();
  constexpr FrameKind kind{.opcode = Opcode::close};
  if (code == close_code::none) return write_frame(kind, {}, {}, out);
  if (!is_valid_close_code(code)) code = close_code::internal_error;
  reason = cut_reason(reason);
  std::array<char, detail::kLongestControl> payload;
  payload[0] = static_cast<char>(code >> 8U);
  payload[1] = static_cast<char>(code & 0xffU);
  std::copy(reason.begin(), reason.end(), payload.begin() + 2);
  write_frame(kind, {}, {payload.data(), 2 + reason.size()}, out);
}

void Connection::write_frame(FrameKind kind, std::string_view prefix, std::string_view payload,
                             SendQueue& out) {
  if (!client_) return encode_frame(kind, prefix, payload, out);
  std::array<unsigned char, 4> mask{};
  rare_->masks->fill(mask);
  encode_masked_frame(kind, prefix, payload, mask, out);
}

}  // namespace naru::websocket
