#include "io/stream.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <utility>

namespace naru::io {
namespace {

constexpr Duration kFinishAtMost = std::chrono::seconds(60);

// Of a stream that was turned away, until the turn ends: handler() is always somebody.
class Nobody final : public StreamHandler {
 public:
  void on_attached(Stream&) override {}
  void on_bytes(std::span<char>) override {}
  void on_end() override {}
  void on_deadline(Instant) override {}
  void on_closed(StreamEnd) override {}
};

}  // namespace

Stream::~Stream() = default;

void Stream::start(std::unique_ptr<StreamHandler> handler) {
  if (closed_ || handler == nullptr) {
    silent_ = true;
    handler_ = std::make_unique<Nobody>();
    return end(StreamEnd::aborted);
  }
  handler_ = std::move(handler);
  if (!open()) end(StreamEnd::aborted);
  handler_->on_attached(*this);
  if (!closed_) started();
}

void Stream::replace_handler(std::unique_ptr<StreamHandler> handler) {
  loop_.bury(std::exchange(handler_, std::move(handler)));
  handler_->on_attached(*this);
}

void Stream::send_later() {
  // A full socket says itself when it has room.
  if (!blocked_) loop_.touch(*this);
}

void Stream::resume_reading() {
  if (!paused_ || closed_) return;
  paused_ = false;
  update_interest();
  resumed();
}

void Stream::set_deadline(Instant deadline) {
  if (closed_ || finishing()) return;
  arm(loop_.timers(), deadline);
}

void Stream::end_of_input() {
  read_ended_ = true;
  if (!finishing()) handler_->on_end();
  if (closed_) return;
  if (!finishing()) return update_interest();  // or the FIN would be reported for ever
  if (shut_) return end(StreamEnd::closed);
  loop_.touch(*this);
  update_interest();
}

void Stream::wait_for_room() {
  blocked_ = true;
  update_interest();
}

// After the flush at the end of a turn: what the handler is owed, and the next step of finish().
void Stream::settle() {
  if (closed_) return;
  if (read_again_) {
    read_again_ = false;
    read_left_over();
  }
  if (closed_ || !out_.empty()) return;
  if (finishing()) {
    blocked_ = false;
    if (!shut_) half_close();
  } else if (blocked_) {
    blocked_ = false;
    update_interest();
    handler_->on_sent();
  }
}

void Stream::finish(Duration linger) {
  if (closed_ || finishing()) return;
  const Instant now = loop_.now();
  finishing_ = std::make_unique<Finishing>(
      Finishing{linger, now + std::max(linger, kFinishAtMost), out_.size(), 0});
  arm(loop_.timers(), now + linger);
  paused_ = false;
  update_interest();
  loop_.touch(*this);
}

void Stream::await_end() {
  shut_ = true;
  const Finishing& state = *finishing_;
  arm(loop_.timers(), std::min(loop_.now() + state.linger, state.last));
  update_interest();
}

void Stream::on_timer(Instant now) {
  if (closed_) return;
  if (finishing()) {
    look_at_finish(now);
  } else {
    handler_->on_deadline(now);
  }
}

// A peer that takes bytes, if slowly, is given time.
void Stream::look_at_finish(Instant now) {
  Finishing& state = *finishing_;
  const bool progress = out_.size() < std::exchange(state.left, out_.size());
  if (shut_) return end(StreamEnd::closed);
  if (!progress || now >= state.last) return end(StreamEnd::aborted);
  arm(loop_.timers(), std::min(now + state.linger, state.last));
}

void Stream::end(StreamEnd why) {
  if (closed_) return;
  closed_ = true;
  why_ = why;
  disarm();
  release(why);
  out_.clear();
  loop_.bury(*this);
}

void Stream::leave() {
  closed_ = true;
  silent_ = true;
  disarm();
  loop_.bury(*this);
}

void Stream::tell_closed() {
  if (!silent_) handler_->on_closed(why_);
}

std::unique_ptr<Stream::Detached> Stream::detach() {
  NARU_ASSERT(can_detach());
  return nullptr;
}

}  // namespace naru::io
