// The floor: the least that a WebSocket echo can cost in C++ on this kernel. One thread, one
// level-triggered epoll, one receive buffer, one send per connection and turn. It trusts its peer:
// no limits, no UTF-8, one path; who does not read its answers is dropped. tools/bench measures it.
#include "base/base64.hpp"
#include "base/sha1.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct Connection {
  int fd = -1;
  bool open = false;     // the handshake is over
  std::string received;  // an incomplete frame or request
};

std::string handshake_answer(std::string_view request) {
  constexpr std::string_view kField = "Sec-WebSocket-Key: ";
  const std::size_t at = request.find(kField);
  if (at == std::string_view::npos) return {};
  const std::string key(request.substr(at + kField.size(), 24));
  const auto digest = naru::sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         naru::base64({digest.data(), digest.size()}) + "\r\n\r\n";
}

// Echoes the whole frames at the front of `bytes` into `out`; returns how many bytes they took.
std::size_t echo_frames(std::span<char> bytes, std::string& out) {
  std::size_t used = 0;
  while (bytes.size() - used >= 6) {
    const auto* head = reinterpret_cast<const unsigned char*>(bytes.data() + used);
    std::size_t size = head[1] & 0x7fU;
    const std::size_t head_bytes = size == 126 ? 4U : size == 127 ? 10U : 2U;
    if (bytes.size() - used < head_bytes + 4) break;
    if (head_bytes > 2) size = 0;
    for (std::size_t i = 2; i < head_bytes; ++i) size = size << 8U | head[i];
    if (bytes.size() - used - head_bytes - 4 < size) break;
    char* payload = bytes.data() + used + head_bytes + 4;
    std::uint64_t mask = 0;
    std::memcpy(&mask, payload - 4, 4);
    mask |= mask << 32U;
    std::size_t i = 0;
    for (std::uint64_t word = 0; i + 8 <= size; i += 8) {
      std::memcpy(&word, payload + i, 8);
      word ^= mask;
      std::memcpy(payload + i, &word, 8);
    }
    for (; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ (payload - 4)[i % 4]);
    bytes[used + 1] = static_cast<char>(head[1] & 0x7fU);
    out.append(bytes.data() + used, head_bytes).append(payload, size);
    used += head_bytes + 4 + size;
  }
  return used;
}

std::size_t answer(Connection& connection, std::span<char> bytes, std::string& out) {
  if (connection.open) return echo_frames(bytes, out);
  const std::string_view request(bytes.data(), bytes.size());
  const std::size_t end = request.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  out = handshake_answer(request.substr(0, end));
  connection.open = true;
  return end + 4;
}

// Reads once, answers once. False when the connection is over.
bool on_readable(Connection& connection, std::span<char> buffer, std::string& out) {
  const ssize_t count = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  std::span<char> bytes = buffer.first(static_cast<std::size_t>(count));
  const bool continued = !connection.received.empty();
  if (continued) bytes = connection.received.append(bytes.data(), bytes.size());
  const std::size_t used = answer(connection, bytes, out);
  if (continued) {
    connection.received.erase(0, used);
  } else if (used < bytes.size()) {
    connection.received.assign(bytes.data() + used, bytes.size() - used);
  }
  if (out.empty()) return true;
  const ssize_t sent = ::send(connection.fd, out.data(), out.size(), MSG_NOSIGNAL);
  return sent == static_cast<ssize_t>(out.size());
}

void accept_one(int listener, int poller) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = new Connection{fd, false, {}}}};
  ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

// Listens on 127.0.0.1 and says on which port.
int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{.sin_family = AF_INET,
                      .sin_port = htons(static_cast<std::uint16_t>(port)),
                      .sin_addr = {htonl(INADDR_LOOPBACK)},
                      .sin_zero = {}};
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) < 0 || ::listen(listener, 4096) < 0) return -1;
  ::getsockname(listener, generic, &size);
  std::printf("listening on %u\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view where = argc == 3 ? argv[2] : "127.0.0.1:0";
  const int listener = listen_on(std::atoi(where.data() + where.rfind(':') + 1));
  if (listener < 0) return std::perror("epoll_echo"), 1;
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event accepting{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(poller, EPOLL_CTL_ADD, listener, &accepting);
  std::array<epoll_event, 512> events{};
  static std::array<char, std::size_t{64} << 10U> buffer;
  for (std::string out;;) {
    const int count = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      out.clear();
      if (connection == nullptr) {
        accept_one(listener, poller);
      } else if (!on_readable(*connection, buffer, out)) {
        ::close(connection->fd);
        delete connection;
      }
    }
  }
}
