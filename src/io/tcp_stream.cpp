#include "io/tcp_stream.hpp"

#include "io/syscalls.hpp"

#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

namespace naru::io {
namespace {

// A full buffer may have more behind it; but others wait too.
constexpr int kReadsPerEvent = 4;
constexpr std::size_t kPieces = 64;

}  // namespace

void TcpStream::on_ready(std::uint32_t epoll_events) {
  if (closed_) return;
  if ((epoll_events & ~std::uint32_t{EPOLLOUT}) != 0) read(epoll_events);
  if ((epoll_events & EPOLLOUT) != 0) loop_.touch(*this);
}

void TcpStream::read(std::uint32_t epoll_events) {
  if (finishing()) return discard();
  if (!reading()) return held_back(epoll_events);
  const bool ending = (epoll_events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  for (int i = 0; i < kReadsPerEvent; ++i) {
    const std::span<char> buffer = receive_buffer();
    const auto count = sys::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count > 0) {
      const auto bytes = buffer.first(static_cast<std::size_t>(count));
      handler_->on_bytes(bytes);
      if (closed_ || finishing() || paused_) return;
      if (bytes.size() < buffer.size() && !ending) return;
    } else if (count == 0) {
      return end_of_input();
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      return end(StreamEnd::reset);
    }
  }
}

void TcpStream::flush() {
  if (closed_ || out_.empty()) return;
  std::string_view piece;
  out_.peek({&piece, 1});
  if (piece.size() != out_.size()) return flush_pieces();
  const auto sent = sys::send(fd_, piece.data(), piece.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(piece.size())) {
    out_.consume(piece.size());
  } else {
    // Either full, which the next attempt will find, or broken.
    if (sent > 0) out_.consume(static_cast<std::size_t>(sent));
    flush_pieces();
  }
}

void TcpStream::flush_pieces() {
  while (!out_.empty()) {
    std::array<std::string_view, kPieces> pieces;
    std::array<iovec, kPieces> parts;
    const std::size_t count = out_.peek(pieces);
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
      total += pieces[i].size();
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const auto sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (!account(sent < 0 ? -errno : sent, total)) return;
  }
}

void TcpStream::flushed(std::int32_t result, std::size_t wanted) {
  if (account(result, wanted)) flush_pieces();
}

// What became of a send. True: there may be room for more.
bool TcpStream::account(ssize_t result, std::size_t wanted) {
  if (result >= 0) {
    out_.consume(static_cast<std::size_t>(result));
    if (static_cast<std::size_t>(result) == wanted) return true;
    wait_for_room();
  } else if (result == -EINTR) {
    return true;
  } else if (result == -EAGAIN) {
    wait_for_room();
  } else {
    end(StreamEnd::reset);
  }
  return false;
}

}  // namespace naru::io
