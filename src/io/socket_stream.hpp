#pragma once

#include "io/stream.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace naru::io {

// A stream with a descriptor of its own: what TcpStream and TlsStream share.
class SocketStream : public Stream {
 public:
  ~SocketStream() override;

  PeerAddress peer() const final;
  bool can_detach() const final { return true; }
  std::unique_ptr<Detached> detach() final;

 protected:
  // Takes over `fd`, which does not block.
  SocketStream(Loop& loop, int fd) : Stream(loop), fd_(fd) {}

  bool open() final;
  void half_close() final;
  void release(StreamEnd why) final;
  void update_interest() final;

  // Where the next bytes go: ask again for every read.
  std::span<char> receive_buffer();
  // What the kinds do with a readiness that they must not read in.
  void held_back(std::uint32_t epoll_events);
  void discard();

  // What epoll is asked for.
  virtual std::uint32_t interest() const;
  // Says goodbye above TCP; false when that has to wait for room in the socket.
  virtual bool say_goodbye() { return true; }
  // Gives up the TLS session, for detach.
  virtual ssl_st* release_tls() { return nullptr; }

 private:
  std::uint16_t asked_ = 0;  // of epoll

 protected:
  int fd_;
};

}  // namespace naru::io
