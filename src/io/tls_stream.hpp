#pragma once

#include "io/handshake_gate.hpp"
#include "io/socket_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

struct bio_method_st;
struct bio_st;

namespace naru::io {

// Bytes under TLS, in the role that `ssl` is set to. The handler is attached before the handshake;
// what it queues waits for it. A handshake with a client that takes longer than ten seconds ends
// the stream; for one with a server, the handler sets its own deadline.
class TlsStream final : public SocketStream {
 public:
  // Takes over `fd`, which does not block, and `ssl`: new and in its role, or from a detached
  // stream. `gate` is told when the handshake that it admitted has ended.
  TlsStream(Loop& loop, int fd, ssl_st* ssl, HandshakeGate* gate = nullptr);
  ~TlsStream() override;

  bool tls() const override { return true; }
  std::string_view alpn() const override;
  std::optional<PeerCertificate> peer_certificate() const override;
  std::string tls_failure() const override;
  void flush() override;
  void on_ready(std::uint32_t epoll_events) override;

 private:
  class Handshake;

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

  bool established() const { return handshake_ == nullptr; }
  void shake_hands();
  void read();
  Input fill(std::span<char> buffer, std::size_t& filled);
  bool buffered() const;
  void fail();

  ssl_st* ssl_;
  std::unique_ptr<Handshake> handshake_;  // while it is under way
  int socket_error_ = 0;
  std::uint32_t tls_error_ = 0;   // OpenSSL's code, once it has failed
  std::uint8_t reads_left_ = 0;   // recv calls of this event
  std::uint8_t key_updates_ = 0;  // since the last application data
  bool read_full_ = false;        // the last recv got all that it asked for
  bool eof_ = false;              // the socket's FIN is read
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
};

}  // namespace naru::io
