#include "transport/http_connection.hpp"

#include "base/assert.hpp"
#include "websocket/handshake.hpp"

namespace naru::transport {

HttpConnection::HttpConnection(HttpService& service, const HttpLimits& limits)
    : service_(service), limits_(limits), decoder_(limits.message) {}

HttpConnection::~HttpConnection() = default;

void HttpConnection::on_attached(io::Stream& stream) {
  stream_ = &stream;
  stream.set_deadline(stream.loop().now() + limits_.head_timeout);
}

void HttpConnection::on_bytes(std::span<char> bytes) {
  Cursor in(bytes);
  receive(in);
}

// Requests are taken one at a time: while an answer is due, what follows is kept.
void HttpConnection::receive(Cursor& in) {
  in_receive_ = true;
  current_ = &in;
  // A request without a body is complete with no more bytes, so an empty cursor may still give it.
  while (state_ == State::receiving || (state_ == State::idle && !in.empty())) {
    if (state_ == State::idle) {
      state_ = State::receiving;
      stream_->set_deadline(stream_->loop().now() + limits_.head_timeout);
    }
    const auto event = decoder_.receive(in);
    if (!event) {
      refuse(decoder_.error_status(), event.error().text);
      break;
    }
    if (!*event) break;
    dispatch(**event);
  }
  current_ = nullptr;
  in_receive_ = false;
  if (state_ == State::answering || state_ == State::streaming) {
    keep(in.view());
  } else if (state_ == State::handed_over && !in.empty() && !stream_->closed()) {
    stream_->handler().on_bytes(in.take(in.size()));
  }
}

void HttpConnection::dispatch(http::RequestDecoder::Event event) {
  if (event == http::RequestDecoder::Event::head) {
    stream_->set_deadline(stream_->loop().now() + limits_.body_timeout);
    const http::Request& request = decoder_.request();
    if (request.minor_version > 0 && request.count("Expect") > 0 &&
        !http::iequals(request.field("Expect"), "100-continue")) {
      return respond(http::plain(417), After::close);  // RFC 9110 10.1.1
    }
    service_.on_request_head(*this);
    if (state_ != State::receiving) return;
    if (decoder_.expects_continue()) {
      stream_->out().append(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"));
      stream_->send_later();
    }
    return;
  }
  state_ = State::answering;
  on_abandoned_ = nullptr;
  stream_->set_deadline(kNever);
  service_.on_request(*this);
}

bool HttpConnection::limit_body(std::size_t bytes) {
  if (decoder_.limit_body(bytes)) return true;
  respond({.status = 413}, After::close);
  return false;
}

void HttpConnection::respond(http::Response response, After after) {
  // Before its request is complete, an answer ends the connection: the body is not read.
  const bool complete = state_ == State::answering;
  if (!complete && state_ != State::receiving) return;
  if (!complete) abandon();
  const http::Request& request = decoder_.request();
  const bool keep_alive = complete && after == After::keep_alive && request.keep_alive &&
                          !peer_ended_ && !shutting_down_;
  add_fields_to(response);
  on_abandoned_ = nullptr;
  http::encode_response(response,
                        {.head_only = request.method == "HEAD",
                         .keep_alive = keep_alive,
                         .minor_version = request.minor_version},
                        stream_->out());
  answered(keep_alive);
}

void HttpConnection::answered(bool keep_alive) {
  stream_->send_later();
  if (!keep_alive) {
    state_ = State::ended;
    stream_->finish();
    return;
  }
  decoder_.next();
  state_ = State::idle;
  stream_->set_deadline(stream_->loop().now() + limits_.idle_timeout);
  if (!in_receive_) go_on();
}

// Goes on with what had been pipelined behind the request that has just been answered.
void HttpConnection::go_on() {
  if (paused_) {
    paused_ = false;
    stream_->resume_reading();
  }
  if (pipelined_.empty()) return;
  std::string kept = std::move(pipelined_);
  pipelined_.clear();
  Cursor in(kept);
  receive(in);
}

void HttpConnection::keep(std::string_view rest) {
  pipelined_.append(rest);
  if (pipelined_.size() > limits_.pipelined_bytes && !paused_) {
    paused_ = true;
    stream_->pause_reading();
  }
}

void HttpConnection::respond_later(UniqueFunction<void()> on_abandoned) {
  NARU_ASSERT(state_ == State::answering);
  on_abandoned_ = std::move(on_abandoned);
  if (peer_ended_) abandon();
}

void HttpConnection::upgrade(const http::Response& accepted,
                             std::unique_ptr<io::StreamHandler> handler) {
  NARU_ASSERT(state_ == State::answering);
  websocket::encode_switching_protocols(accepted, stream_->out());
  stream_->send_later();
  state_ = State::handed_over;
  on_abandoned_ = nullptr;
  stream_->set_deadline(kNever);
  stream_->replace_handler(std::move(handler));
}

bool HttpConnection::can_detach() {
  if (!stream_->out().empty()) stream_->flush();
  return !stream_->closed() && stream_->out().empty();
}

HttpConnection::Detached HttpConnection::detach() {
  NARU_ASSERT(state_ == State::answering && in_receive_);
  state_ = State::ended;
  Detached detached;
  detached.received = current_->view();
  current_->skip(current_->size());
  detached.stream = stream_->detach();
  return detached;
}

void HttpConnection::refuse(int status, std::string_view text) {
  service_.on_violation(*stream_, status, text);
  abandon();
  state_ = State::ended;
  http::encode_response(http::plain(status), {.head_only = false, .keep_alive = false},
                        stream_->out());
  stream_->send_later();
  stream_->finish();
}

// A peer that half-closes may still read the answer to a request that was complete; but one whose
// answer may take long (a poll) has left.
void HttpConnection::on_end() {
  peer_ended_ = true;
  if (state_ == State::answering && !on_abandoned_) return;
  if (state_ == State::streaming) state_ = State::ended;
  abandon();
  if (!stream_->finishing()) stream_->finish();
}

void HttpConnection::on_deadline(Instant now) {
  if (state_ == State::streaming) return look_at_peer(now);
  if (state_ == State::receiving) return refuse(408, "the request did not arrive in time");
  if (state_ != State::idle) return;
  state_ = State::ended;
  stream_->finish();
}

// A request that has begun is still answered; the connection ends after it.
void HttpConnection::on_shutdown() {
  shutting_down_ = true;
  if (state_ == State::streaming) {
    const auto open = open_;
    if (open->settings.on_shutdown) return open->settings.on_shutdown();
    auto on_close = std::exchange(on_abandoned_, nullptr);
    end();
    if (on_close) on_close();
    return;
  }
  if (state_ == State::idle) {
    state_ = State::ended;
    stream_->finish();
  }
}

void HttpConnection::on_closed(io::StreamEnd) {
  state_ = State::ended;
  abandon();
}

}  // namespace naru::transport
