#include "io/socket_stream.hpp"

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

// What a peer may still send while we wait for its FIN. Taken without being looked at.
constexpr std::size_t kDiscardAtMost = std::size_t{8} << 20U;
// Of what the handler offers to read in, at once: others wait too, and it should stay in the cache.
constexpr std::size_t kRoomAtMost = std::size_t{1} << 18U;
constexpr std::size_t kDiscardPerEvent = std::size_t{1} << 20U;

}  // namespace

SocketStream::~SocketStream() {
  if (fd_ >= 0) ::close(fd_);
}

// Asked of the system: few want to know, and an idle connection would carry it for hours.
PeerAddress SocketStream::peer() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  return ::getpeername(fd_, address, &size) == 0 ? PeerAddress::from(*address) : PeerAddress{};
}

bool SocketStream::open() {
  asked_ = static_cast<std::uint16_t>(interest());
  return loop_.watch(fd_, asked_, *this);
}

std::span<char> SocketStream::receive_buffer() {
  const std::span<char> room = handler_->room();
  return room.empty() ? loop_.receive_buffer() : room.first(std::min(room.size(), kRoomAtMost));
}

// A pause is noticed here: most are over before the next bytes arrive, and cost no system call.
void SocketStream::held_back(std::uint32_t epoll_events) {
  // Reported whether asked for or not, hence again and again. Neither comes of a mere FIN.
  if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0) return end(StreamEnd::reset);
  update_interest();
}

std::uint32_t SocketStream::interest() const {
  const std::uint32_t in = EPOLLIN | EPOLLRDHUP;
  return (reading() ? in : 0U) | (blocked_ ? std::uint32_t{EPOLLOUT} : 0U);
}

void SocketStream::update_interest() {
  if (closed_ || asked_ == interest()) return;
  asked_ = static_cast<std::uint16_t>(interest());
  loop_.change(fd_, asked_, *this);
}

void SocketStream::half_close() {
  if (!say_goodbye()) {
    if (!closed_) wait_for_room();
    return;
  }
  if (read_ended_) return end(StreamEnd::peer_closed);
  ::shutdown(fd_, SHUT_WR);
  await_end();
}

// Closing with unread input would send RST, and the peer might lose what it has not read yet.
void SocketStream::discard() {
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

void SocketStream::release(StreamEnd why) {
  loop_.unwatch(fd_, *this);
  if (why == StreamEnd::aborted && !out_.empty()) {
    // A FIN would pass for the end of the message; and the kernel need not keep what it holds.
    const linger reset{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  ::close(std::exchange(fd_, -1));
}

Stream::Detached::~Detached() {
  if (ssl != nullptr) SSL_free(ssl);
  if (fd >= 0) ::close(fd);
}

std::unique_ptr<Stream::Detached> SocketStream::detach() {
  NARU_ASSERT(!closed_ && !finishing() && out_.empty());
  loop_.unwatch(fd_, *this);
  leave();
  return std::make_unique<Detached>(std::exchange(fd_, -1), release_tls());
}

Stream& Stream::attach(Loop& loop, std::unique_ptr<Detached> detached,
                       std::unique_ptr<StreamHandler> handler) {
  const int fd = std::exchange(detached->fd, -1);
  ssl_st* ssl = std::exchange(detached->ssl, nullptr);
  std::unique_ptr<Stream> stream;
  if (ssl != nullptr) {
    stream = std::make_unique<TlsStream>(loop, fd, ssl);
  } else {
    stream = std::make_unique<TcpStream>(loop, fd);
  }
  Stream& attached = loop.own(std::move(stream));
  attached.start(std::move(handler));
  return attached;
}

}  // namespace naru::io
