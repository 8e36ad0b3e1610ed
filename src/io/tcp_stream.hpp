#pragma once

#include "io/stream.hpp"

#include <cstdint>

namespace naru::io {

// Bytes as they are.
class TcpStream final : public Stream {
 public:
  // Takes over `fd`, which does not block.
  TcpStream(Loop& loop, int fd, const PeerAddress& peer) : Stream(loop, fd, false, peer) {}

  void flush() override;
  void on_ready(std::uint32_t epoll_events) override;

 private:
  void read(std::uint32_t epoll_events);
  void flush_pieces();
};

}  // namespace naru::io
