#include "poller.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace naru::load {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

Poller::Poller(const std::string& host, std::uint16_t port, Idle idle)
    : fd_(::epoll_create1(EPOLL_CLOEXEC)),
      timeout_ms_(idle == Idle::wait ? 100 : 0),
      address_(::inet_addr(host.c_str())),
      port_(htons(port)),
      buffer_(kBufferBytes) {
  if (fd_ < 0) fail("epoll_create1");
  if (address_ == INADDR_NONE) throw std::runtime_error("--host wants an IPv4 address");
}

Poller::~Poller() {
  ::close(fd_);
}

void Poller::turn() {
  std::array<epoll_event, 512> events;
  const int count = ::epoll_wait(fd_, events.data(), static_cast<int>(events.size()), timeout_ms_);
  now_ = Clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Connection*>(event.data.ptr)->on_event(event.events);
  }
}

void Connection::open() {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) fail("socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  const sockaddr_in address{.sin_family = AF_INET,
                            .sin_port = poller_.port_,
                            .sin_addr = {poller_.address_},
                            .sin_zero = {}};
  const int result = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result < 0 && errno != EINPROGRESS) fail("connect");
  connecting_ = true;
  watch(EPOLLOUT, EPOLL_CTL_ADD);
}

void Connection::drop() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  in_.clear();
  out_.clear();
  sent_ = 0;
}

void Connection::pause() {
  paused_ = true;
  if (fd_ >= 0 && !connecting_) watch(wanted(), EPOLL_CTL_MOD);
}

void Connection::resume() {
  paused_ = false;
  if (fd_ >= 0 && !connecting_) watch(wanted(), EPOLL_CTL_MOD);
}

std::uint32_t Connection::wanted() const {
  return (paused_ ? 0U : std::uint32_t{EPOLLIN}) | (out_.empty() ? 0U : std::uint32_t{EPOLLOUT});
}

void Connection::flush() {
  if (fd_ < 0 || connecting_ || out_.empty()) return;
  const ssize_t sent = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return;  // the loss is seen by the next recv
  if (sent > 0) sent_ += static_cast<std::size_t>(sent);
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  }
  watch(wanted(), EPOLL_CTL_MOD);
}

void Connection::on_event(std::uint32_t events) {
  if (fd_ < 0) return;  // dropped earlier in this turn
  if (connecting_) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return lose();
    connecting_ = false;
    watch(wanted(), EPOLL_CTL_MOD);
    on_connected();
  } else if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
    receive();
  }
  flush();
}

void Connection::receive() {
  const ssize_t count = ::recv(fd_, poller_.buffer_.data(), poller_.buffer_.size(), 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return lose();
  poller_.now_ = Clock::now();
  std::span<char> bytes(poller_.buffer_.data(), static_cast<std::size_t>(count));
  const bool continued = !in_.empty();
  if (continued) bytes = in_.append(bytes.data(), bytes.size());
  const std::size_t used = on_bytes(bytes);
  if (fd_ < 0) return;
  if (continued) {
    in_.erase(0, used);
  } else if (used < bytes.size()) {
    in_.assign(bytes.data() + used, bytes.size() - used);
  }
}

void Connection::watch(std::uint32_t events, int operation) {
  if (operation == EPOLL_CTL_MOD && events == watched_) return;
  watched_ = events;
  epoll_event event{.events = events, .data = {.ptr = this}};
  if (::epoll_ctl(poller_.fd_, operation, fd_, &event) < 0) fail("epoll_ctl");
}

void Connection::lose() {
  drop();
  on_lost();
}

}  // namespace naru::load
