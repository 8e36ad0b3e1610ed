#include "io/connector.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace naru::io {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress to_socket_address(const PeerAddress& address, std::uint16_t port) {
  SocketAddress out;
  if (address.is_ipv4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes.data() + 12, 4);
    std::memcpy(&out.storage, &in, sizeof(in));
    out.size = sizeof(in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&out.storage, &in, sizeof(in));
    out.size = sizeof(in);
  }
  return out;
}

// A socket that has begun to connect, or -1 with errno.
int begin_connect(const PeerAddress& address, std::uint16_t port) {
  const SocketAddress to = to_socket_address(address, port);
  const int fd =
      ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return -1;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0 ||
      errno == EINPROGRESS) {
    return fd;
  }
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

Addresses interleave(const Addresses& addresses) {
  std::array<Addresses, 2> families;  // the first address's, the other
  for (const PeerAddress& address : addresses) {
    families[address.is_ipv4() == addresses.front().is_ipv4() ? 0 : 1].push_back(address);
  }
  Addresses sorted;
  for (std::size_t i = 0; sorted.size() < addresses.size(); ++i) {
    for (const Addresses& family : families) {
      if (i < family.size()) sorted.push_back(family[i]);
    }
  }
  return sorted;
}

// One address, until it has answered.
class Connector::Attempt final : public Pollable {
 public:
  Attempt(Connector& connector, const PeerAddress& address, int fd)
      : connector_(connector), address_(address), fd_(fd) {}
  ~Attempt() override {
    if (fd_ < 0) return;
    connector_.loop_.unwatch(fd_, *this);
    ::close(fd_);
  }

  bool watch() { return connector_.loop_.watch(fd_, EPOLLOUT, *this); }
  const PeerAddress& address() const { return address_; }
  int release() {
    connector_.loop_.unwatch(fd_, *this);
    return std::exchange(fd_, -1);
  }

  void on_ready(std::uint32_t) override {
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return connector_.on_failed(*this, error);
    connector_.on_connected(*this);
  }

 private:
  Connector& connector_;
  PeerAddress address_;
  int fd_;
};

Connector::Connector(Loop& loop) : loop_(loop) {}

Connector::~Connector() {
  cancel();
}

void Connector::cancel() {
  clock_.disarm();
  attempts_.clear();
  alive_.reset();
  done_ = nullptr;
}

void Connector::connect(const Addresses& addresses, std::uint16_t port, const ConnectTimes& times,
                        Done done) {
  cancel();
  done_ = std::move(done);
  addresses_ = interleave(addresses);
  next_ = 0;
  port_ = port;
  times_ = times;
  failure_.clear();
  end_ = loop_.now() + times.timeout;
  alive_ = std::make_shared<int>();
  if (try_next()) return set_clock();
  // All of them refused at once; but `done` is not called from within.
  loop_.defer([this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) give_up({Errc::io, "cannot connect"});
  });
}

// Begins with the next address that can be begun with; false when none is left and none is under
// way.
bool Connector::try_next() {
  next_at_ = kNever;
  while (next_ < addresses_.size()) {
    const PeerAddress& address = addresses_[next_++];
    const int fd = begin_connect(address, port_);
    if (fd < 0) {
      note_failure(address, errno);
      continue;
    }
    auto attempt = std::make_unique<Attempt>(*this, address, fd);
    if (!attempt->watch()) {
      note_failure(address, errno);
      continue;
    }
    attempts_.push_back(std::move(attempt));
    if (next_ < addresses_.size()) next_at_ = loop_.now() + times_.next_address;
    break;
  }
  return !attempts_.empty();
}

void Connector::set_clock() {
  clock_.arm(loop_.timers(), std::min(end_, next_at_));
}

void Connector::on_time(Instant now) {
  if (now >= end_) return give_up({Errc::timed_out, "no connection in time"});
  try_next();
  set_clock();
}

void Connector::on_connected(Attempt& attempt) {
  auto detached = std::make_unique<Stream::Detached>(attempt.release(), nullptr);
  Done done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(detached), {});
}

void Connector::on_failed(Attempt& attempt, int error) {
  note_failure(attempt.address(), error);
  std::erase_if(attempts_, [&](const auto& each) { return each.get() == &attempt; });
  if (!try_next()) return give_up({Errc::io, "cannot connect"});
  set_clock();
}

void Connector::note_failure(const PeerAddress& address, int error) {
  const std::string host = address.to_string();
  failure_ = (address.is_ipv4() ? host : "[" + host + "]") + ":" + std::to_string(port_) + ": " +
             std::generic_category().message(error);
}

void Connector::give_up(const Error& error) {
  Done done = std::exchange(done_, nullptr);
  const std::string failure = std::exchange(failure_, {});
  cancel();
  done(error, failure);
}

}  // namespace naru::io
