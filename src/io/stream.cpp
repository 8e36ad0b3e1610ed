#include "io/stream.hpp"

#include "base/assert.hpp"
#include "io/tcp_stream.hpp"
#include "io/tls_stream.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace naru::io {
namespace {

constexpr Duration kFinishAtMost = std::chrono::seconds(60);
// What a peer may still send while we wait for its FIN. Taken without being looked at.
constexpr std::size_t kDiscardAtMost = std::size_t{8} << 20U;
constexpr std::size_t kDiscardPerEvent = std::size_t{1} << 20U;

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

Stream::Stream(Loop& loop, int fd, bool tls, const PeerAddress& peer)
    : loop_(loop), out_(loop.chunks()), fd_(fd), tls_(tls), peer_(peer) {}

Stream::~Stream() {
  if (fd_ >= 0) ::close(fd_);
}

void Stream::start(std::unique_ptr<StreamHandler> handler) {
  if (closed_ || handler == nullptr) {
    silent_ = true;
    handler_ = std::make_unique<Nobody>();
    return end(StreamEnd::aborted);
  }
  handler_ = std::move(handler);
  asked_ = interest();
  if (!loop_.watch(fd_, asked_, *this)) end(StreamEnd::aborted);
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

// A pause is noticed here: most are over before the next bytes arrive, and cost no system call.
void Stream::held_back(std::uint32_t epoll_events) {
  // Reported whether asked for or not, hence again and again. Neither comes of a mere FIN.
  if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0) return end(StreamEnd::reset);
  update_interest();
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

std::uint32_t Stream::interest() const {
  const std::uint32_t in = EPOLLIN | EPOLLRDHUP;
  return (reading() ? in : 0U) | (blocked_ ? std::uint32_t{EPOLLOUT} : 0U);
}

void Stream::update_interest() {
  if (closed_ || asked_ == interest()) return;
  asked_ = interest();
  loop_.change(fd_, asked_, *this);
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

void Stream::half_close() {
  blocked_ = false;
  if (!say_goodbye()) {
    if (!closed_) wait_for_room();
    return;
  }
  if (read_ended_) return end(StreamEnd::peer_closed);
  ::shutdown(fd_, SHUT_WR);
  shut_ = true;
  const Finishing& state = *finishing_;
  arm(loop_.timers(), std::min(loop_.now() + state.linger, state.last));
  update_interest();
}

// Closing with unread input would send RST, and the peer might lose what it has not read yet.
void Stream::discard() {
  if (read_ended_) return end(StreamEnd::reset);  // nothing else is reported after a FIN
  const auto buffer = loop_.receive_buffer();
  for (std::size_t taken = 0; taken < kDiscardPerEvent;) {
    const auto count = ::recv(fd_, buffer.data(), buffer.size(), MSG_TRUNC);
    if (count == 0) return end_of_input();
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      return end(shut_ ? StreamEnd::closed : StreamEnd::reset);
    }
    taken += static_cast<std::size_t>(count);
    finishing_->discarded += static_cast<std::size_t>(count);
    if (finishing_->discarded > kDiscardAtMost) return end(StreamEnd::aborted);
    if (static_cast<std::size_t>(count) < buffer.size()) return;
  }
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
  loop_.unwatch(fd_, *this);
  if (why == StreamEnd::aborted && !out_.empty()) {
    // A FIN would pass for the end of the message; and the kernel need not keep what it holds.
    const linger reset{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  out_.clear();
  ::close(std::exchange(fd_, -1));
  loop_.bury(*this);
}

void Stream::tell_closed() {
  if (!silent_) handler_->on_closed(why_);
}

Stream::Detached::~Detached() {
  if (ssl != nullptr) SSL_free(ssl);
  if (fd >= 0) ::close(fd);
}

std::unique_ptr<Stream::Detached> Stream::detach() {
  NARU_ASSERT(!closed_ && !finishing() && out_.empty());
  closed_ = true;
  silent_ = true;
  disarm();
  loop_.unwatch(fd_, *this);
  loop_.bury(*this);
  return std::make_unique<Detached>(std::exchange(fd_, -1), release_tls(), peer_);
}

Stream& Stream::attach(Loop& loop, std::unique_ptr<Detached> detached,
                       std::unique_ptr<StreamHandler> handler) {
  const int fd = std::exchange(detached->fd, -1);
  ssl_st* ssl = std::exchange(detached->ssl, nullptr);
  std::unique_ptr<Stream> stream;
  if (ssl != nullptr) {
    stream = std::make_unique<TlsStream>(loop, fd, ssl, detached->peer);
  } else {
    stream = std::make_unique<TcpStream>(loop, fd, detached->peer);
  }
  Stream& attached = loop.own(std::move(stream));
  attached.start(std::move(handler));
  return attached;
}

}  // namespace naru::io
