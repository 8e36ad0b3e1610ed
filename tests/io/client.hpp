#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace naru::io::testing {

// The other end of a stream: a socket that does not block, in the test's own thread.
class Client {
 public:
  enum class Input { open, ended, reset };

  // `receive_buffer`: of the system; 0 leaves it to it.
  Client(int family, std::uint16_t port, int receive_buffer = 0)
      : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer != 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    EXPECT_TRUE(connect(fd_, family, port)) << std::strerror(errno);
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  virtual ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Whether somebody listens there.
  static bool reaches(int family, std::uint16_t port) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected = connect(fd, family, port);
    ::close(fd);
    return connected;
  }

  int fd() const { return fd_; }
  std::uint16_t port() const {
    sockaddr_in6 address{};
    socklen_t size = sizeof(address);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin6_port);  // at the same place in both families
  }

  // One step of it; true when done.
  virtual bool handshake() { return true; }
  // How much of it the socket took.
  virtual std::size_t send(std::string_view bytes) { return send_raw(bytes); }
  // Appends what is there.
  virtual Input receive(std::string& into) { return receive_raw(into); }
  // Sends FIN (TLS: close_notify first).
  virtual void end() { ::shutdown(fd_, SHUT_WR); }
  // Leaves; with unread input the peer is sent a RST.
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close();
  }

  std::size_t send_raw(std::string_view bytes) {
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  Input receive_raw(std::string& into) {
    std::array<char, 65536> buffer;
    for (;;) {
      const auto count = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (count == 0) return Input::ended;
      if (count < 0) return errno == EAGAIN ? Input::open : Input::reset;
      into.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  static bool connect(int fd, int family, std::uint16_t port) {
    if (family == AF_INET6) {
      sockaddr_in6 to{};
      to.sin6_family = AF_INET6;
      to.sin6_addr = in6addr_loopback;
      to.sin6_port = htons(port);
      return ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    return ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
  }

  int fd_;
};

}  // namespace naru::io::testing
