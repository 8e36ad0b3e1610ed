#pragma once

#include "io/stream.hpp"
#include "io/tls_context.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

struct bio_method_st;
struct bio_st;

namespace naru::io {

// Bytes under TLS, as the server. The handler is attached before the handshake; what it queues
// waits for it. A handshake that takes longer than ten seconds ends the stream.
class TlsStream final : public Stream {
 public:
  // A session for the next connection; nullptr when memory is short.
  static ssl_st* new_session(const TlsContext& context);

  // Takes over `fd`, which does not block, and `ssl`, new or from a detached stream.
  TlsStream(Loop& loop, int fd, ssl_st* ssl, const PeerAddress& peer);
  ~TlsStream() override;

  void flush() override;
  void on_ready(std::uint32_t epoll_events) override;

 private:
  // Runs beside the handler's deadline.
  class HandshakeTimer final : public Timer {
   public:
    explicit HandshakeTimer(TlsStream& stream) : stream_(stream) {}
    void on_timer(Instant) override { stream_.fail(); }

   private:
    TlsStream& stream_;
  };

  // OpenSSL's view of the socket: bio_socket() would raise SIGPIPE, and read without end.
  static int bio_read(bio_st* bio, char* out, int size);
  static int bio_write(bio_st* bio, const char* in, int size);
  static long bio_control(bio_st* bio, int command, long number, void* pointer);
  static const bio_method_st* bio_methods();
  static void on_message(int is_write, int version, int content_type, const void* bytes,
                         std::size_t size, ssl_st* ssl, void* self);

  std::uint32_t interest() const override;
  void started() override;
  void resumed() override;
  void read_left_over() override;
  bool say_goodbye() override;
  ssl_st* release_tls() override;

  enum class Input { more, drained, ended, failed };

  void handshake();
  void read();
  Input fill(std::span<char> buffer, std::size_t& filled);
  bool buffered() const;
  void fail();

  ssl_st* ssl_;
  HandshakeTimer handshake_timer_{*this};
  int socket_error_ = 0;
  int reads_left_ = 0;        // recv calls of this event
  unsigned key_updates_ = 0;  // since the last application data
  bool established_;
  bool read_full_ = false;         // the last recv got all that it asked for
  bool eof_ = false;               // the socket's FIN is read
  bool handshake_writes_ = false;  // waits for room in the socket
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
};

}  // namespace naru::io
