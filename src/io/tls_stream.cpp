#include "io/tls_stream.hpp"

#include "base/assert.hpp"
#include "io/peer_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace naru::io {
namespace {

constexpr Duration kHandshakeTimeout = std::chrono::seconds(10);
constexpr std::uint8_t kReadsPerEvent = 4;
constexpr std::size_t kRecordBytes = 16384;  // RFC 8446 5.1
constexpr std::size_t kPieces = 64;
constexpr std::size_t kWriteAtMost = std::size_t{1} << 30U;  // SSL_write takes an int
// RFC 8446 4.6.3 sets no limit. A peer that only changes keys makes us compute for nothing.
constexpr unsigned kKeyUpdatesAtMost = 32;

// The front of the queue as one run, so that small pieces share a record. Repeated after a full
// socket it begins with the same bytes, as OpenSSL asks.
std::string_view gather(const SendQueue& queue, std::span<char, kRecordBytes> record) {
  std::string_view first;
  queue.peek({&first, 1});
  if (first.size() >= kRecordBytes || first.size() == queue.size()) return first;
  std::array<std::string_view, kPieces> pieces;
  const std::size_t count = queue.peek(pieces);
  std::size_t size = 0;
  for (std::size_t i = 0; i < count && size < kRecordBytes; ++i) {
    const std::size_t part = std::min(pieces[i].size(), kRecordBytes - size);
    std::memcpy(record.data() + size, pieces[i].data(), part);
    size += part;
  }
  return {record.data(), size};
}

// Resumption asks for no certificate again; the one that the session began with may have expired
// since.
bool certificate_expired(const SSL* ssl) {
  const X509* shown = SSL_session_reused(ssl) == 1 ? SSL_get0_peer_certificate(ssl) : nullptr;
  return shown != nullptr && X509_cmp_current_time(X509_get0_notAfter(shown)) <= 0;
}

}  // namespace

// Runs beside the handler's deadline. Gone once the handshake is done: connections are many, and
// most of them are idle.
class TlsStream::Handshake final : public Timer {
 public:
  Handshake(TlsStream& stream, HandshakeGate* gate) : stream_(stream), gate_(gate) {}
  ~Handshake() override {
    if (gate_ != nullptr) gate_->ended(outcome_);
  }
  void done(HandshakeGate::Outcome outcome) { outcome_ = outcome; }

  bool writes = false;  // waits for room in the socket

 private:
  void on_timer(Instant) override { stream_.fail(); }

  TlsStream& stream_;
  HandshakeGate* gate_;
  HandshakeGate::Outcome outcome_ = HandshakeGate::Outcome::failed;
};

TlsStream::TlsStream(Loop& loop, int fd, ssl_st* ssl, HandshakeGate* gate)
    : SocketStream(loop, fd), ssl_(ssl) {
  if (SSL_is_init_finished(ssl_) == 0) handshake_ = std::make_unique<Handshake>(*this, gate);
  if (SSL_get_rbio(ssl_) == nullptr) {
    BIO* bio = BIO_new(bio_methods());
    NARU_ASSERT(bio != nullptr);
    SSL_set_bio(ssl_, bio, bio);
  }
  BIO_set_data(SSL_get_rbio(ssl_), this);
  SSL_set_msg_callback(ssl_, on_message);
  SSL_set_msg_callback_arg(ssl_, this);
}

TlsStream::~TlsStream() {
  SSL_free(ssl_);
}

std::string_view TlsStream::alpn() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

std::optional<PeerCertificate> TlsStream::peer_certificate() const {
  return established() ? io::peer_certificate(ssl_) : std::nullopt;
}

ssl_st* TlsStream::release_tls() {
  BIO_set_data(SSL_get_rbio(ssl_), nullptr);
  SSL_set_msg_callback_arg(ssl_, nullptr);
  handshake_.reset();
  return std::exchange(ssl_, nullptr);
}

void TlsStream::started() {
  if (!established() && SSL_is_server(ssl_) == 0) {
    shake_hands();  // a client speaks first
  } else if (!established()) {
    handshake_->arm(loop_.timers(), loop_.now() + kHandshakeTimeout);
  } else {
    resumed();
  }
}

void TlsStream::resumed() {
  if (!established() || !buffered()) return;
  read_again_ = true;
  loop_.touch(*this);
}

void TlsStream::read_left_over() {
  if (reading() && !finishing()) read();
}

bool TlsStream::buffered() const {
  return SSL_has_pending(ssl_) == 1 || (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::uint32_t TlsStream::interest() const {
  if (!established()) return handshake_->writes ? EPOLLOUT : EPOLLIN;
  return SocketStream::interest() | (read_wants_write_ ? std::uint32_t{EPOLLOUT} : 0U) |
         (write_wants_read_ ? std::uint32_t{EPOLLIN} : 0U);
}

void TlsStream::on_ready(std::uint32_t epoll_events) {
  if (closed_) return;
  if (!established()) return shake_hands();
  const bool in = (epoll_events & ~std::uint32_t{EPOLLOUT}) != 0;
  if (in && finishing()) {
    discard();  // nobody will decrypt it
  } else if (in && !reading() && !write_wants_read_) {
    held_back(epoll_events);
  } else if ((in || read_wants_write_) && reading()) {
    read();
  }
  if ((epoll_events & EPOLLOUT) != 0 || write_wants_read_) loop_.touch(*this);
}

void TlsStream::shake_hands() {
  ERR_clear_error();
  reads_left_ = kReadsPerEvent;
  const int done = SSL_do_handshake(ssl_);
  if (done != 1) {
    const int error = SSL_get_error(ssl_, done);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return fail();
    handshake_->writes = error == SSL_ERROR_WANT_WRITE;
    return update_interest();
  }
  if (certificate_expired(ssl_)) return fail();
  const bool reused = SSL_session_reused(ssl_) == 1;
  handshake_->done(reused ? HandshakeGate::Outcome::resumed : HandshakeGate::Outcome::full);
  handshake_.reset();
  update_interest();
  loop_.touch(*this);  // what was queued meanwhile
  handler_->on_secured();
  if (closed_) return;
  if (reading() && !finishing()) read();
}

void TlsStream::read() {
  reads_left_ = kReadsPerEvent;
  read_wants_write_ = false;
  for (;;) {
    const std::span<char> buffer = receive_buffer();
    std::size_t filled = 0;
    const Input input = fill(buffer, filled);
    if (filled > 0 && !closed_) {
      key_updates_ = 0;
      handler_->on_bytes(buffer.first(filled));
    }
    if (closed_ || finishing()) return;
    if (input == Input::failed) return fail();
    if (paused_) return;  // resumed() looks for the rest
    if (input == Input::ended) return end_of_input();
    if (input == Input::drained) return update_interest();
  }
}

// Decrypts until the buffer is full or the socket is dry.
TlsStream::Input TlsStream::fill(std::span<char> buffer, std::size_t& filled) {
  while (filled < buffer.size()) {
    ERR_clear_error();
    const int count =
        SSL_read(ssl_, buffer.data() + filled, static_cast<int>(buffer.size() - filled));
    if (count > 0) {
      filled += static_cast<std::size_t>(count);
      // Nothing inside OpenSSL, and the last recv came back short: no need to ask again.
      if (SSL_has_pending(ssl_) == 0 && !read_full_) return Input::drained;
      continue;
    }
    switch (SSL_get_error(ssl_, count)) {
      case SSL_ERROR_WANT_WRITE:
        read_wants_write_ = true;
        return Input::drained;
      case SSL_ERROR_WANT_READ:
        return Input::drained;
      case SSL_ERROR_ZERO_RETURN:
        return Input::ended;
      default:
        return Input::failed;
    }
  }
  return Input::more;
}

void TlsStream::flush() {
  if (closed_ || !established()) return;
  write_wants_read_ = false;
  std::array<char, kRecordBytes> record;
  while (!out_.empty()) {
    const std::string_view run = gather(out_, record);
    ERR_clear_error();
    const int count =
        SSL_write(ssl_, run.data(), static_cast<int>(std::min(run.size(), kWriteAtMost)));
    if (count > 0) {
      out_.consume(static_cast<std::size_t>(count));
      continue;
    }
    switch (SSL_get_error(ssl_, count)) {
      case SSL_ERROR_WANT_WRITE:
        return wait_for_room();
      case SSL_ERROR_WANT_READ:
        write_wants_read_ = true;
        return update_interest();
      default:
        return fail();
    }
  }
}

bool TlsStream::say_goodbye() {
  if (!established()) {
    end(StreamEnd::closed);
    return false;
  }
  ERR_clear_error();
  const int done = SSL_shutdown(ssl_);
  return done >= 0 || SSL_get_error(ssl_, done) != SSL_ERROR_WANT_WRITE;
}

void TlsStream::fail() {
  tls_error_ = static_cast<std::uint32_t>(ERR_peek_last_error());
  if (socket_error_ != 0) return end(StreamEnd::reset);
  end(eof_ ? StreamEnd::peer_closed : StreamEnd::tls_failed);
}

std::string TlsStream::tls_failure() const {
  if (const long verified = SSL_get_verify_result(ssl_); verified != X509_V_OK) {
    return X509_verify_cert_error_string(verified);
  }
  const char* reason = ERR_reason_error_string(tls_error_);
  return reason != nullptr ? reason : "";
}

void TlsStream::on_message(int is_write, int /*version*/, int content_type, const void* bytes,
                           std::size_t size, ssl_st* /*ssl*/, void* self) {
  if (content_type != SSL3_RT_HANDSHAKE || is_write != 0 || size == 0 || self == nullptr) return;
  if (*static_cast<const unsigned char*>(bytes) != SSL3_MT_KEY_UPDATE) return;
  auto& stream = *static_cast<TlsStream*>(self);
  if (++stream.key_updates_ > kKeyUpdatesAtMost) stream.end(StreamEnd::tls_failed);
}

int TlsStream::bio_read(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  auto* stream = static_cast<TlsStream*>(BIO_get_data(bio));
  if (stream == nullptr || stream->closed_) return -1;
  stream->read_full_ = false;
  if (stream->reads_left_ == 0) {  // epoll will say again that there is more
    BIO_set_retry_read(bio);
    return -1;
  }
  --stream->reads_left_;
  const auto count = ::recv(stream->fd_, out, static_cast<std::size_t>(size), 0);
  if (count > 0) {
    stream->read_full_ = count == size;
  } else if (count == 0) {
    stream->eof_ = true;
  } else if (errno == EAGAIN || errno == EINTR) {
    BIO_set_retry_read(bio);
  } else {
    stream->socket_error_ = errno;
  }
  return static_cast<int>(count);
}

int TlsStream::bio_write(BIO* bio, const char* in, int size) {
  BIO_clear_retry_flags(bio);
  auto* stream = static_cast<TlsStream*>(BIO_get_data(bio));
  if (stream == nullptr || stream->closed_) return -1;
  const auto count = ::send(stream->fd_, in, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      BIO_set_retry_write(bio);
    } else {
      stream->socket_error_ = errno;
    }
  }
  return static_cast<int>(count);
}

long TlsStream::bio_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  const auto* stream = static_cast<const TlsStream*>(BIO_get_data(bio));
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return stream != nullptr && stream->eof_ ? 1 : 0;
  return 0;
}

const BIO_METHOD* TlsStream::bio_methods() {
  static BIO_METHOD* const methods = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "naru stream");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return methods;
}

}  // namespace naru::io
