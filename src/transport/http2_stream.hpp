#pragma once

#include "http2/session.hpp"
#include "io/stream.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::transport {

class Http2Connection;

// The bytes of one tunnel (RFC 8441) through an HTTP/2 connection: to its handler a stream like
// any other. What waits to leave waits in its own queue, until both windows and the socket take it.
class Http2Stream final : public io::Stream {
 public:
  Http2Stream(io::Loop& loop, Http2Connection& connection, http2::StreamId id);

  void flush() override;
  bool tls() const override;
  std::string_view alpn() const override;
  std::optional<PeerCertificate> peer_certificate() const override;
  io::PeerAddress peer() const override;

  // What the connection says.
  void receive(std::span<char> bytes);
  void receive_end();
  void close(io::StreamEnd why) { end(why); }  // reset by the peer, or lost with the connection
  // Whether what it has waited for has left.
  bool has_room() const;
  http2::StreamId id() const { return id_; }

 private:
  void wait();
  void resumed() override;
  void read_left_over() override;
  void half_close() override;
  void release(io::StreamEnd why) override;

  Http2Connection* connection_;  // nullptr: closed
  http2::StreamId id_;
  bool ending_ = false;  // our end is queued
  bool end_held_ = false;
  std::string held_;  // received while reading pauses, at most a window
};

}  // namespace naru::transport
