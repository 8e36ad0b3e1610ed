#pragma once

#include "base/send_queue.hpp"
#include "io/loop.hpp"
#include "io/peer_address.hpp"
#include "io/timer_wheel.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct ssl_st;

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

// Whoever handles a stream's bytes. The stream owns its handler, and never calls it from within
// one of the stream's own functions: what those cause is told later in the turn.
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
  // The server is shutting down: say goodbye as the protocol does, and finish().
  virtual void on_shutdown() {}
  // Last call, at the end of the turn in which the stream closed; the stream and its handler die
  // after it.
  virtual void on_closed(StreamEnd end) = 0;
};

// One TCP or TLS byte stream on one loop. All calls on the loop's thread. Freed by the loop at the
// end of the turn in which it closed, so it never dies beneath its handler.
class Stream : public Pollable, public Timer {
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
  // Sends what the socket takes now, without waiting for the end of the turn. Never calls the
  // handler: what goes wrong is reported at the end of the turn.
  virtual void flush() = 0;

  // Stops taking bytes from the socket, so that the peer is held back; and goes on.
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

  bool tls() const { return tls_; }
  std::string peer_address() const { return peer_.to_string(); }  // "192.0.2.1", "2001:db8::1"
  std::uint16_t peer_port() const { return peer_.port; }

  // A connection between two loops. Destroyed, it closes.
  struct Detached {
    Detached(int socket, ssl_st* session, const PeerAddress& address)
        : fd(socket), ssl(session), peer(address) {}
    ~Detached();
    Detached(const Detached&) = delete;
    Detached& operator=(const Detached&) = delete;
    int fd;
    ssl_st* ssl;  // nullptr: plain TCP
    PeerAddress peer;
  };
  // Takes the connection out of this loop, to be attached to another one. Nothing may be queued to
  // send. The stream is closed here without on_closed; its handler is destroyed at the end of the
  // turn. What the handler was given in this on_bytes and has not used, it passes on itself.
  std::unique_ptr<Detached> detach();
  static Stream& attach(Loop& loop, std::unique_ptr<Detached> detached,
                        std::unique_ptr<StreamHandler> handler);

  // The first handler of a stream that its loop owns; for listeners. Without one, it closes.
  void start(std::unique_ptr<StreamHandler> handler);

 protected:
  // See tcp_stream.hpp and tls_stream.hpp for the two kinds.
  Stream(Loop& loop, int fd, bool tls, const PeerAddress& peer);

  // Closes, for `why`.
  void end(StreamEnd why);
  // What the kinds do with a readiness that they must not read in.
  void held_back(std::uint32_t epoll_events);
  // The peer's FIN or close_notify has been read.
  void end_of_input();
  void discard();
  void update_interest();
  void wait_for_room();  // the socket is full
  bool reading() const { return !paused_ && !read_ended_; }

  // What epoll is asked for.
  virtual std::uint32_t interest() const;
  virtual void started() {}
  virtual void resumed() {}
  // At the end of a turn in which read_again_ was set.
  virtual void read_left_over() {}
  // Says goodbye above TCP; false when that has to wait for room in the socket.
  virtual bool say_goodbye() { return true; }
  // Gives up the TLS session, for detach.
  virtual ssl_st* release_tls() { return nullptr; }

  Loop& loop_;
  std::unique_ptr<StreamHandler> handler_;
  SendQueue out_;
  int fd_;
  bool tls_;
  bool paused_ = false;
  bool read_ended_ = false;  // the peer's FIN is read
  bool blocked_ = false;     // the socket is full, and on_sent is owed
  bool closed_ = false;
  bool read_again_ = false;  // bytes wait above the socket, where epoll does not see them

 private:
  friend class Loop;
  struct Finishing {
    Duration linger;
    Instant last;           // however well it goes
    std::size_t left;       // of the queue, when we last looked
    std::size_t discarded;  // of what the peer still sent
  };

  void on_timer(Instant now) final;
  void look_at_finish(Instant now);
  void half_close();
  void settle();
  void tell_closed();

  bool touched_ = false;  // in the loop's list
  bool silent_ = false;   // closes without on_closed
  bool shut_ = false;     // our FIN is sent
  StreamEnd why_ = StreamEnd::closed;
  PeerAddress peer_;
  std::uint32_t asked_ = 0;  // of epoll
  std::uint32_t index_ = 0;  // in the loop's list
  std::unique_ptr<Finishing> finishing_;
};

}  // namespace naru::io
