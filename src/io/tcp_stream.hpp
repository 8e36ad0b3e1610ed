#pragma once

#include "io/socket_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace naru::io {

// Bytes as they are.
class TcpStream final : public SocketStream {
 public:
  // Takes over `fd`, which does not block.
  TcpStream(Loop& loop, int fd) : SocketStream(loop, fd) {}

  bool tls() const override { return false; }
  void flush() override;
  TcpStream* bare() override { return this; }
  void on_ready(std::uint32_t epoll_events) override;

  // A flusher sends in its place: `wanted` bytes from the front of out(), to this socket, and
  // tells the result: how many it took, or a negative errno.
  int fd() const { return fd_; }
  void flushed(std::int32_t result, std::size_t wanted);

 private:
  void read(std::uint32_t epoll_events);
  void flush_pieces();
  bool account(ssize_t result, std::size_t wanted);
};

}  // namespace naru::io
