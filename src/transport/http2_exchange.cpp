#include "transport/http2_exchange.hpp"

#include "base/assert.hpp"
#include "transport/http2_connection.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

namespace naru::transport {
namespace {

// Checked by the session; 0 when there is none.
std::uint64_t announced_length(const http::Request& request) {
  const std::string_view text = request.field("content-length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  return error == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max()
                                                 : length;
}

}  // namespace

Http2Exchange::Http2Exchange(Http2Connection& connection, http2::StreamId id)
    : connection_(connection),
      id_(id),
      body_limit_(connection.limits().message.body_bytes),
      deadline_(connection.stream().loop().now() + connection.limits().body_timeout) {}

const http::Request& Http2Exchange::request() const {
  return connection_.session().request(id_);
}

std::string Http2Exchange::take_body() {
  release_body();
  return std::exchange(connection_.session().request(id_).body, {});
}

io::Stream& Http2Exchange::stream() {
  return connection_.stream();
}

void Http2Exchange::begin() {
  const http::Request& head = request();
  if (head.count("expect") > 0 && !http::iequals(head.field("expect"), "100-continue")) {
    return respond(http::plain(417));  // RFC 9110 10.1.1
  }
  const bool expects_continue = head.has_body && head.count("expect") > 0;
  connection_.service().on_request_head(*this);
  if (state_ != State::receiving) return;
  if (!head.protocol.empty()) return complete();  // what follows is the tunnel's
  if (expects_continue) connection_.session().send_continue(id_);
}

bool Http2Exchange::limit_body(std::size_t bytes) {
  body_limit_ = bytes;
  if (announced_length(request()) <= bytes) return true;
  respond({.status = 413});
  return false;
}

void Http2Exchange::receive(std::string_view body) {
  connection_.session().consume(id_, body.size());
  if (state_ != State::receiving) return;
  std::string& held = connection_.session().request(id_).body;
  if (body.size() > body_limit_ - held.size()) return respond({.status = 413});
  if (!connection_.hold_body(body.size(), held_)) return respond(http::plain(503));
  held_ += body.size();
  held.append(body);
}

void Http2Exchange::complete() {
  if (state_ != State::receiving) return;
  state_ = State::answering;
  on_abandoned_ = nullptr;
  deadline_ = kNever;
  connection_.service().on_request(*this);
}

void Http2Exchange::respond(http::Response response, After) {
  if (state_ != State::receiving && state_ != State::answering) return;
  const bool complete = state_ == State::answering;
  state_ = State::ended;
  if (!complete) abandon();
  on_abandoned_ = nullptr;
  release_body();
  add_fields_to(response);
  connection_.session().respond(id_, response);
  unsent_ = connection_.session().unsent(id_);
  deadline_ = connection_.stream().loop().now() + connection_.limits().idle_timeout;
  connection_.answered();
}

void Http2Exchange::respond_later(UniqueFunction<void()> on_abandoned) {
  NARU_ASSERT(state_ == State::answering);
  on_abandoned_ = std::move(on_abandoned);
}

void Http2Exchange::upgrade(const http::Response& accepted,
                            std::unique_ptr<io::StreamHandler> handler) {
  NARU_ASSERT(state_ == State::answering);
  state_ = State::handed_over;
  on_abandoned_ = nullptr;
  connection_.open_tunnel(id_, accepted, std::move(handler));
}

HttpExchange::Detached Http2Exchange::detach() {
  NARU_ASSERT(can_detach());
  return {};
}

void Http2Exchange::close() {
  state_ = State::ended;
  release_body();
  abandon();
}

// A body that does not come, or an answer that is not taken.
void Http2Exchange::on_deadline(Instant now) {
  if (now < deadline_) return;
  if (state_ == State::streaming) {
    const std::uint64_t taken = appended_ - buffered();
    if (buffered() > 0 && taken == taken_) return connection_.lose(id_);
    taken_ = taken;
    deadline_ = now + open_->stall_timeout;
    return;
  }
  if (state_ == State::receiving) return respond(http::plain(408));
  const std::size_t left = connection_.session().unsent(id_);
  if (left < std::exchange(unsent_, left)) {
    deadline_ = now + connection_.limits().idle_timeout;
  } else {
    connection_.lose(id_);
  }
}

// ---- an answer that stays open

ResponseStream& Http2Exchange::stream_response(http::Response head, StreamedAnswer answer) {
  NARU_ASSERT(state_ == State::answering);
  state_ = State::streaming;
  release_body();
  on_abandoned_ = std::exchange(answer.on_close, nullptr);
  open_ = std::make_shared<StreamedAnswer>(std::move(answer));
  deadline_ = connection_.stream().loop().now() + open_->stall_timeout;
  add_fields_to(head);
  connection_.session().respond_open(id_, head);
  connection_.answered();
  return *this;
}

std::size_t Http2Exchange::buffered() const {
  return connection_.session().unsent(id_);
}

bool Http2Exchange::congested() {
  if (buffered() <= open_->outbox.high_watermark) return false;
  connection_.pump();
  if (buffered() <= open_->outbox.high_watermark) return false;
  connection_.watch_drain(id_);
  return true;
}

template <class Bytes>
Push Http2Exchange::push(const Bytes& bytes, std::size_t size, Droppable droppable) {
  if (state_ != State::streaming) return Push::closed;
  if (droppable == Droppable::yes && congested()) return Push::dropped;
  const std::size_t before = buffered();
  connection_.session().append(id_, bytes);
  if (buffered() == before) return Push::queued;  // nothing, or the body of a HEAD
  appended_ += size;
  connection_.pump_later();
  if (!congested()) return Push::queued;
  if (buffered() <= open_->outbox.limit) return Push::high;
  connection_.lose(id_);
  return Push::overflow;
}

Push Http2Exchange::append(std::string_view bytes, Droppable droppable) {
  return push(bytes, bytes.size(), droppable);
}

Push Http2Exchange::append_framed(const SharedBytes& piece, Droppable droppable) {
  return push(piece, piece->size(), droppable);
}

void Http2Exchange::end() {
  if (state_ != State::streaming) return;
  const auto open = std::exchange(open_, nullptr);  // whose function may be what calls this
  state_ = State::ended;
  on_abandoned_ = nullptr;
  connection_.session().end(id_);
  unsent_ = connection_.session().unsent(id_);
  deadline_ = connection_.stream().loop().now() + connection_.limits().idle_timeout;
  connection_.answered();
}

void Http2Exchange::abort() {
  if (state_ != State::streaming) return;
  state_ = State::ended;
  on_abandoned_ = nullptr;
  connection_.lose(id_);
}

bool Http2Exchange::drain() {
  if (state_ != State::streaming) return true;
  if (buffered() > 0) return false;
  const auto open = open_;
  if (open->on_drain) open->on_drain();
  return true;
}

void Http2Exchange::on_shutdown() {
  if (state_ != State::streaming) return;
  const auto open = open_;
  if (open->on_shutdown) return open->on_shutdown();
  auto on_close = std::exchange(on_abandoned_, nullptr);
  end();
  if (on_close) on_close();
}

void Http2Exchange::release_body() {
  connection_.release_body(std::exchange(held_, 0));
}

}  // namespace naru::transport
