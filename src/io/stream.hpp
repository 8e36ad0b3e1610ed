#pragma once

#include "base/send_queue.hpp"
#include "io/loop.hpp"
#include "io/timer_wheel.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace naru::io {

class Stream;

// Why a stream has ended, for the log and the session's reason.
enum class StreamEnd : std::uint8_t {
  peer_closed,  // FIN (after which we closed too)
  reset,        // RST, or another error of the socket
  closed,       // by us, everything sent
  aborted,      // by us, at once
  tls_failed,   // handshake or record error
};

// Whoever handles a stream's bytes. The stream owns its handler.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  virtual void on_attached(Stream& stream) = 0;  // first call: keep the reference
  // Bytes arrived, in the loop's receive buffer: take all of them, they are gone afterwards. May be
  // changed in place.
  virtual void on_bytes(std::span<char> bytes) = 0;
  // The peer will send no more (FIN). Answers may still be sent; ends with finish().
  virtual void on_end() = 0;
  // The queue had met a full socket and is empty now.
  virtual void on_sent() {}
  virtual void on_deadline(Instant now) = 0;  // of set_deadline
  virtual void on_closed(StreamEnd end) = 0;  // last call; the stream and its handler die after it
};

// One TCP or TLS byte stream on one loop. All calls on the loop's thread. Freed by the loop at the
// end of the turn in which it closed, so it never dies beneath its handler.
class Stream : public Pollable, public Timer {
 public:
  ~Stream() override;

  Loop& loop() { return loop_; }
  StreamHandler& handler() { return *handler_; }
  // Hands the stream to another handler (an HTTP upgrade). The old one lives until the end of the
  // turn, so it may call this from its own on_bytes.
  void replace_handler(std::unique_ptr<StreamHandler> handler);

  // What leaves next. Append, then call send_later(): one flush per turn.
  SendQueue& out() { return out_; }
  void send_later();

  // Stops taking bytes from the socket, so that the peer is held back; and goes on.
  void pause_reading();
  void resume_reading();

  // Sends what is queued, then half-closes (TLS: close_notify first), discards what the peer still
  // sends for at most `linger`, and closes: the last message always arrives. No on_bytes any more.
  void finish(Duration linger = std::chrono::seconds(2));
  bool finishing() const { return finishing_; }
  // Closes at once; what is queued is lost.
  void abort();
  bool closed() const { return closed_; }

  void set_deadline(Instant deadline);  // kNever: none

  bool tls() const { return tls_; }
  const std::string& peer_address() const { return peer_address_; }  // "192.0.2.1", "2001:db8::1"
  std::uint16_t peer_port() const { return peer_port_; }

  // Takes the connection out of this loop, to be attached to another one. Nothing may be queued to
  // send. The stream is closed here without on_closed; its handler is destroyed at the end of the
  // turn.
  struct Detached;
  std::unique_ptr<Detached> detach();
  static void attach(Loop& loop, std::unique_ptr<Detached> detached,
                     std::unique_ptr<StreamHandler> handler);

 protected:
  // See tcp_stream.hpp and tls_stream.hpp for the two kinds.
  Stream(Loop& loop, int fd, bool tls);

  Loop& loop_;
  std::unique_ptr<StreamHandler> handler_;
  SendQueue out_;
  std::string peer_address_;
  std::uint16_t peer_port_ = 0;
  int fd_ = -1;
  bool tls_ = false;
  bool finishing_ = false;
  bool closed_ = false;
};

}  // namespace naru::io
