// An answer of HTTP/1.1 that stays open: in chunks, or to its end for a peer of HTTP/1.0.
#include "base/assert.hpp"
#include "transport/http_connection.hpp"

#include <utility>

namespace naru::transport {

ResponseStream& HttpConnection::stream_response(http::Response head, StreamedAnswer answer) {
  NARU_ASSERT(state_ == State::answering);
  const http::Request& request = decoder_.request();
  state_ = State::streaming;
  open_ = std::make_shared<Open>();
  open_->settings = std::move(answer);
  open_->head_only = request.method == "HEAD";
  open_->keep_alive = request.keep_alive && request.minor_version > 0;
  on_abandoned_ = std::exchange(open_->settings.on_close, nullptr);
  add_fields_to(head);
  open_->framing = http::encode_streamed_head(head,
                                              {.head_only = open_->head_only,
                                               .keep_alive = open_->keep_alive,
                                               .minor_version = request.minor_version},
                                              stream_->out());
  open_->appended = stream_->out().size();
  stream_->send_later();
  stream_->set_deadline(stream_->loop().now() + open_->settings.stall_timeout);
  return *this;
}

// Why a piece is not for the queue, if it is not.
std::optional<Push> HttpConnection::refuse_piece(Droppable droppable) {
  if (state_ != State::streaming || stream_->closed()) return Push::closed;
  if (open_->head_only) return Push::queued;
  if (droppable == Droppable::yes && congested()) return Push::dropped;
  return std::nullopt;
}

bool HttpConnection::congested() {
  if (buffered() <= open_->settings.outbox.high_watermark) return false;
  stream_->flush();
  if (stream_->closed() || buffered() <= open_->settings.outbox.high_watermark) return false;
  open_->told_high = true;
  return true;
}

Push HttpConnection::append(std::string_view bytes, Droppable droppable) {
  if (const auto refused = refuse_piece(droppable)) return *refused;
  const std::size_t before = buffered();
  if (!bytes.empty()) http::append_piece(bytes, open_->framing, stream_->out());
  return appended(before);
}

Push HttpConnection::append_framed(const SharedBytes& piece, Droppable droppable) {
  if (const auto refused = refuse_piece(droppable)) return *refused;
  const std::size_t before = buffered();
  stream_->out().append(piece);
  return appended(before);
}

Push HttpConnection::appended(std::size_t before) {
  open_->appended += buffered() - before;
  stream_->send_later();
  if (!congested()) return stream_->closed() ? Push::closed : Push::queued;
  if (buffered() <= open_->settings.outbox.limit) return Push::high;
  stream_->abort();
  return Push::overflow;
}

void HttpConnection::end() {
  if (state_ != State::streaming) return;
  const auto open = std::exchange(open_, nullptr);  // whose function may be what calls this
  on_abandoned_ = nullptr;
  if (!open->head_only) http::append_body_end(open->framing, stream_->out());
  answered(open->keep_alive && !peer_ended_ && !shutting_down_);
}

void HttpConnection::abort() {
  if (state_ != State::streaming) return;
  state_ = State::ended;
  on_abandoned_ = nullptr;
  stream_->abort();
}

void HttpConnection::on_sent() {
  if (state_ != State::streaming || !std::exchange(open_->told_high, false)) return;
  const auto open = open_;
  if (open->settings.on_drain) open->settings.on_drain();
}

// What waits, and does not get less, waits for nobody.
void HttpConnection::look_at_peer(Instant now) {
  const std::uint64_t taken = open_->appended - buffered();
  if (buffered() > 0 && taken == open_->taken) return stream_->abort();
  open_->taken = taken;
  stream_->set_deadline(now + open_->settings.stall_timeout);
}

}  // namespace naru::transport
