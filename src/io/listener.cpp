#include "io/listener.hpp"

#include "io/tcp_stream.hpp"
#include "io/tls_stream.hpp"

#include <arpa/inet.h>
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

constexpr int kBacklog = 4096;  // the system caps it at net.core.somaxconn
constexpr int kAcceptsPerEvent = 64;
constexpr Duration kRest = std::chrono::milliseconds(100);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// Tells whether `host` is an address of that family.
bool make_address(int family, const std::string& host, std::uint16_t port, SocketAddress& out) {
  if (family == AF_INET6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    if (!host.empty() && ::inet_pton(AF_INET6, host.c_str(), &in.sin6_addr) != 1) return false;
    out.size = sizeof(in);
    std::memcpy(&out.storage, &in, sizeof(in));
    return true;
  }
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  const char* text = host == "localhost" ? "127.0.0.1" : host.c_str();
  if (!host.empty() && ::inet_pton(AF_INET, text, &in.sin_addr) != 1) return false;
  out.size = sizeof(in);
  std::memcpy(&out.storage, &in, sizeof(in));
  return true;
}

// Whether other sockets may listen on the same port: the other loops' may, another program's not.
enum class Port { shared, exclusive };

// A listening socket, or -1 with errno.
int open_socket(int family, const SocketAddress& address, bool both_families, Port port) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  const int only = both_families ? 0 : 1;
  bool ok = ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
            (port == Port::exclusive ||
             ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
            // Linux hands it on to what is accepted: no system call per connection.
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
  if (family == AF_INET6) {
    ok = ok && ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) == 0;
  }
  ok = ok && ::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0 &&
       ::listen(fd, kBacklog) == 0;
  if (ok) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

int open_endpoint(const Endpoint& endpoint, Port port) {
  SocketAddress address;
  if (make_address(AF_INET6, endpoint.host, endpoint.port, address)) {
    const int fd = open_socket(AF_INET6, address, endpoint.host.empty(), port);
    // A machine may be without IPv6; its IPv4 addresses are then all there are.
    if (fd >= 0 || !endpoint.host.empty()) return fd;
    if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) return fd;
  }
  if (make_address(AF_INET, endpoint.host, endpoint.port, address)) {
    return open_socket(AF_INET, address, false, port);
  }
  errno = EADDRNOTAVAIL;
  return -1;
}

std::uint16_t local_port(int fd) {
  SocketAddress address;
  address.size = sizeof(address.storage);
  auto* storage = reinterpret_cast<sockaddr*>(&address.storage);
  ::getsockname(fd, storage, &address.size);
  return PeerAddress::from(*storage).port;
}

}  // namespace

Result<void> check_unused(const Endpoint& endpoint) {
  if (endpoint.port == 0) return {};
  const int fd = open_endpoint(endpoint, Port::exclusive);
  if (fd < 0) {
    set_last_error(endpoint.to_string() + ": " + std::generic_category().message(errno));
    return Error{Errc::io, "cannot listen"};
  }
  ::close(fd);
  return {};
}

Result<std::unique_ptr<Listener>> Listener::listen(Loop& loop, const Endpoint& endpoint,
                                                   std::shared_ptr<TlsContext> tls,
                                                   HandlerFactory make_handler,
                                                   HandshakeGate* gate) {
  const int fd = open_endpoint(endpoint, Port::shared);
  if (fd < 0) {
    set_last_error(endpoint.to_string() + ": " + std::generic_category().message(errno));
    return Error{Errc::io, "cannot listen"};
  }
  std::unique_ptr<Listener> listener(
      new Listener(loop, fd, std::move(tls), std::move(make_handler), gate));
  if (!loop.watch(fd, EPOLLIN, *listener)) {
    set_last_error(endpoint.to_string() + ": " + std::generic_category().message(errno));
    return Error{Errc::io, "cannot listen"};
  }
  return listener;
}

Listener::Listener(Loop& loop, int fd, std::shared_ptr<TlsContext> tls, HandlerFactory make_handler,
                   HandshakeGate* gate)
    : loop_(loop),
      fd_(fd),
      port_(local_port(fd)),
      tls_(std::move(tls)),
      make_handler_(std::move(make_handler)),
      gate_(gate) {}

Listener::~Listener() {
  close();
}

void Listener::close() {
  if (fd_ < 0) return;
  disarm();
  if (gate_ != nullptr) gate_->leave(*this);
  loop_.unwatch(fd_, *this);
  ::close(std::exchange(fd_, -1));
}

void Listener::on_ready(std::uint32_t) {
  // A handler factory may close the listener.
  for (int i = 0; i < kAcceptsPerEvent && fd_ >= 0; ++i) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      welcome(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return rest();
    } else if (errno == EAGAIN) {
      return;
    }
    // Anything else is the end of that one connection (accept(2)); the next may be well.
  }
}

void Listener::welcome(int fd) {
  if (tls_ == nullptr) {
    start(std::make_unique<TcpStream>(loop_, fd));
  } else if (gate_ != nullptr) {
    gate_->arrive(*this, fd);
  } else {
    admit(fd);
  }
}

void Listener::admit(int fd) {
  if (ssl_st* session = tls_->new_session(loop_.now()); session != nullptr) {
    return start(std::make_unique<TlsStream>(loop_, fd, session, gate_));
  }
  if (gate_ != nullptr) gate_->ended(HandshakeGate::Outcome::failed);
  ::close(fd);
}

void Listener::start(std::unique_ptr<Stream> made) {
  Stream& stream = loop_.own(std::move(made));
  stream.start(make_handler_(stream));
}

// Without descriptors a connection cannot even be refused, and epoll would report it for ever.
void Listener::rest() {
  loop_.change(fd_, 0, *this);
  arm(loop_.timers(), loop_.now() + kRest);
}

void Listener::on_timer(Instant) {
  loop_.change(fd_, EPOLLIN, *this);
}

}  // namespace naru::io
