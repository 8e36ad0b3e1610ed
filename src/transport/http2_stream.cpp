#include "transport/http2_stream.hpp"

#include "transport/http2_connection.hpp"

#include <utility>

namespace naru::transport {

Http2Stream::Http2Stream(io::Loop& loop, Http2Connection& connection, http2::StreamId id)
    : Stream(loop), connection_(&connection), id_(id) {}

void Http2Stream::flush() {
  if (closed_) return;
  if (out_.empty()) return;
  connection_->session().resume(id_);
  connection_->pump();
  if (!out_.empty()) wait();
}

void Http2Stream::wait() {
  wait_for_room();
  connection_->wait(*this);
}

bool Http2Stream::has_room() const {
  return ending_ ? connection_->session().ended(id_) : out_.empty();
}

bool Http2Stream::tls() const {
  return connection_ != nullptr && connection_->stream().tls();
}
std::string_view Http2Stream::alpn() const {
  return connection_ == nullptr ? std::string_view() : connection_->stream().alpn();
}
std::optional<PeerCertificate> Http2Stream::peer_certificate() const {
  return connection_ == nullptr ? std::nullopt : connection_->stream().peer_certificate();
}
io::PeerAddress Http2Stream::peer() const {
  return connection_ == nullptr ? io::PeerAddress{} : connection_->stream().peer();
}

// While reading pauses the peer's window is not given back, and closes.
void Http2Stream::receive(std::span<char> bytes) {
  if (closed_) return;
  if ((paused_ || !held_.empty()) && !finishing()) {
    held_.append(bytes.data(), bytes.size());
    return;
  }
  connection_->session().consume(id_, bytes.size());
  if (!finishing()) handler_->on_bytes(bytes);
}

void Http2Stream::receive_end() {
  if (closed_) return;
  end_held_ = !held_.empty() && !finishing();
  if (!end_held_) end_of_input();
}

void Http2Stream::resumed() {
  if (held_.empty()) return;
  read_again_ = true;
  loop_.touch(*this);
}

void Http2Stream::read_left_over() {
  if (paused_ || held_.empty()) return;
  std::string bytes = std::exchange(held_, {});
  receive(bytes);
  if (!closed_ && end_held_) end_of_input();
  if (!closed_) connection_->pump();  // the window
}

// END_STREAM behind what has been sent (RFC 8441 section 5).
void Http2Stream::half_close() {
  ending_ = true;
  connection_->session().end(id_);
  connection_->pump();
  if (closed_) return;
  if (!has_room()) return wait();
  if (read_ended_) return end(io::StreamEnd::peer_closed);
  await_end();
}

// A peer that has not ended is told NO_ERROR behind our own end, else CANCEL, which is the RST of
// RFC 8441 section 5.
void Http2Stream::release(io::StreamEnd why) {
  const bool orderly = why == io::StreamEnd::closed || why == io::StreamEnd::peer_closed;
  std::exchange(connection_, nullptr)
      ->close_tunnel(*this,
                     orderly && shut_ ? http2::ErrorCode::no_error : http2::ErrorCode::cancel);
}

}  // namespace naru::transport
