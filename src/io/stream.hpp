#pragma once

#include "base/send_queue.hpp"
#include "io/loop.hpp"
#include "io/peer_address.hpp"
#include "io/timer_wheel.hpp"
#include "naru/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;

namespace naru::io {

class Stream;
class TcpStream;

// Why a stream has ended, for the log and the session's reason.
enum class StreamEnd : std::uint8_t {
  peer_closed,  // FIN (after which we closed too)
  reset,        // RST, or another error of the socket
  closed,       // by us, everything sent
  aborted,      // by us, at once
  tls_failed,   // handshake or record error
};

// Whoever handles a stream's bytes. The stream owns its handler, and never calls it from within
// one of the stream's own functions: what those cause is told later in the turn.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  virtual void on_attached(Stream& stream) = 0;  // first call: keep the reference
  // The TLS handshake is done; what had been queued leaves now. Not told of plain streams, nor of
  // one that was attached after it.
  virtual void on_secured() {}
  // Where to receive the bytes of the next on_bytes, asked right before reading; empty: in the
  // loop's receive buffer.
  virtual std::span<char> room() { return {}; }
  // Bytes arrived, there: take all of them, they are gone afterwards. May be changed in place.
  virtual void on_bytes(std::span<char> bytes) = 0;
  // The peer will send no more (FIN). Answers may still be sent; ends with finish().
  virtual void on_end() = 0;
  // The queue had met a full socket and is empty now.
  virtual void on_sent() {}
  virtual void on_deadline(Instant now) = 0;  // of set_deadline
  // The server is shutting down: say goodbye as the protocol does, and finish().
  virtual void on_shutdown() {}
  // Last call, at the end of the turn in which the stream closed; the stream and its handler die
  // after it.
  virtual void on_closed(StreamEnd end) = 0;
};

// One byte stream on one loop: a TCP or TLS connection (SocketStream), or a part of one. All calls
// on the loop's thread. Freed by the loop at the end of the turn in which it closed, so it never
// dies beneath its handler.
class Stream : public Pollable {
 public:
  ~Stream() override;

  Loop& loop() { return loop_; }
  StreamHandler& handler() { return *handler_; }
  // Hands the stream to another handler (an HTTP upgrade), which is attached at once; the old one
  // gets no more calls. It lives until the end of the turn, so it may do this from its own
  // on_bytes.
  void replace_handler(std::unique_ptr<StreamHandler> handler);

  // What leaves next. Append, then call send_later(): one flush per turn.
  SendQueue& out() { return out_; }
  void send_later();
  // Sends what can leave now, without waiting for the end of the turn. Never calls the handler:
  // what goes wrong is reported at the end of the turn.
  virtual void flush() = 0;
  // For a flusher that sends for many at once: itself, if its bytes leave just as they are queued.
  virtual TcpStream* bare() { return nullptr; }

  // Stops taking bytes from the peer, so that it is held back; and goes on.
  void pause_reading() { paused_ = true; }
  void resume_reading();

  // Sends what is queued, then half-closes (TLS: close_notify first), discards what the peer still
  // sends, and closes at its FIN: the last message always arrives. Gives up when the peer takes
  // nothing for `linger`, or sends no FIN within it, and after 60 s altogether. Of the handler's
  // calls only on_closed is left.
  void finish(Duration linger = std::chrono::seconds(2));
  bool finishing() const { return finishing_ != nullptr; }
  // Closes at once; what is queued is lost (the peer sees a reset then).
  void abort() { end(StreamEnd::aborted); }
  bool closed() const { return closed_; }

  void set_deadline(Instant deadline);  // kNever: none

  virtual bool tls() const = 0;
  // Why TLS has failed, in words; in on_closed too.
  virtual std::string tls_failure() const { return {}; }
  virtual std::string_view alpn() const { return {}; }  // what TLS agreed on: "h2", "http/1.1", ""
  // Verified; nullopt when the peer has shown none. A copy: not for every message.
  virtual std::optional<PeerCertificate> peer_certificate() const { return std::nullopt; }
  // Of the connection; all zero when it has broken, or closed.
  virtual PeerAddress peer() const = 0;
  std::string peer_address() const { return peer().to_string(); }  // "192.0.2.1", "2001:db8::1"
  std::uint16_t peer_port() const { return peer().port; }

  // A connection between two loops. Destroyed, it closes.
  struct Detached {
    Detached(int socket, ssl_st* session) : fd(socket), ssl(session) {}
    ~Detached();
    Detached(const Detached&) = delete;
    Detached& operator=(const Detached&) = delete;
    int fd;
    ssl_st* ssl;  // nullptr: plain TCP
  };
  // Takes the connection out of this loop, to be attached to another one. Only if can_detach(), and
  // nothing may be queued to send. The stream is closed here without on_closed; its handler is
  // destroyed at the end of the turn. What the handler was given in this on_bytes and has not used,
  // it passes on itself.
  virtual bool can_detach() const { return false; }
  virtual std::unique_ptr<Detached> detach();
  static Stream& attach(Loop& loop, std::unique_ptr<Detached> detached,
                        std::unique_ptr<StreamHandler> handler);

  // The first handler of a stream that its loop owns. Without one, it closes.
  void start(std::unique_ptr<StreamHandler> handler);

  void on_ready(std::uint32_t) override {}  // epoll knows only those with a descriptor

 protected:
  explicit Stream(Loop& loop) : loop_(loop), out_(loop.chunks()) {}

  // What a kind of stream says to this class...

  void end(StreamEnd why);  // closes, for `why`
  void end_of_input();      // the peer's FIN, close_notify or END_STREAM has been read
  void wait_for_room();     // no more can be sent now; loop_.touch(*this) when it can again
  void await_end();         // our own end is sent: closes at the peer's, or after the linger
  void leave();             // closes without a word to the handler
  bool reading() const { return !paused_ && !read_ended_; }

  // ...and what it is asked to do.

  virtual bool open() { return true; }  // at start(); false when the system has no room for it
  virtual void started() {}             // its handler is attached
  virtual void resumed() {}             // after a pause
  virtual void read_left_over() {}      // at the end of a turn in which read_again_ was set
  // paused_, read_ended_ or blocked_ may have changed. Not told of pause_reading().
  virtual void update_interest() {}
  // finish(), and everything has left: says so to the peer, then end() or await_end(); or
  // wait_for_room(), to be asked again.
  virtual void half_close() = 0;
  // Closed, for `why`: gives up what lies beneath. out_ still holds what was not sent.
  virtual void release(StreamEnd why) = 0;

  struct Finishing {
    Duration linger;
    Instant last;           // however well it goes
    std::size_t left;       // of the queue, when we last looked
    std::size_t discarded;  // of what the peer still sent
  };

 private:
  friend class Loop;
  std::uint32_t index_ = 0;  // in the loop's list; here, where four bytes are free

 protected:
  Loop& loop_;
  std::unique_ptr<StreamHandler> handler_;
  SendQueue out_;
  std::unique_ptr<Finishing> finishing_;

 private:
  void on_timer(Instant now) final;
  void look_at_finish(Instant now);
  void settle();
  bool settled() const {
    return out_.empty() && !blocked_ && !closed_ && !read_again_ && !finishing();
  }
  void tell_closed();

 protected:
  bool paused_ : 1 = false;
  bool read_ended_ : 1 = false;  // the peer's FIN is read
  bool blocked_ : 1 = false;     // the way out is full, and on_sent is owed
  bool closed_ : 1 = false;
  bool read_again_ : 1 = false;  // bytes wait where epoll does not see them
  bool shut_ : 1 = false;        // our FIN is sent

 private:
  bool touched_ : 1 = false;  // in the loop's list
  bool silent_ : 1 = false;   // closes without on_closed
  StreamEnd why_ = StreamEnd::closed;
};

}  // namespace naru::io
