#pragma once

#include "certificates.hpp"
#include "client.hpp"
#include "io/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace naru::io::testing {

struct TlsOptions {
  std::string alpn = {};                     // as on the wire: "\x08http/1.1"
  int version = 0;                           // the only one; 0: any
  std::string host = {};                     // asked for by SNI
  const Certificate* certificate = nullptr;  // to show when asked
  SSL_SESSION* session = nullptr;            // to resume; borrowed
  std::string signatures = {};               // algorithms that it takes, as OpenSSL names them
};

// A TLS client that keeps OpenSSL away from the socket, so that a test sees each record.
class TlsClient final : public Client {
 public:
  explicit TlsClient(std::uint16_t port, const TlsOptions& options = {}, int receive_buffer = 0)
      : Client(AF_INET, port, receive_buffer), context_(SSL_CTX_new(TLS_client_method())) {
    if (options.version != 0) {
      SSL_CTX_set_min_proto_version(context_, options.version);
      SSL_CTX_set_max_proto_version(context_, options.version);
    }
    SSL_CTX_set_security_level(context_, 0);  // lets it offer TLS 1.1
    if (options.certificate != nullptr) {
      SSL_CTX_use_certificate(context_, options.certificate->x509());
      SSL_CTX_use_PrivateKey(context_, options.certificate->key());
    }
    if (!options.signatures.empty()) {
      SSL_CTX_set1_sigalgs_list(context_, options.signatures.c_str());
    }
    ssl_ = SSL_new(context_);
    if (!options.host.empty()) SSL_set_tlsext_host_name(ssl_, options.host.c_str());
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_connect_state(ssl_);
    if (options.session != nullptr) {
      // A copy: OpenSSL spoils a session whose connection ends without goodbye.
      SSL_SESSION* session = SSL_SESSION_dup(options.session);
      SSL_set_session(ssl_, session);
      SSL_SESSION_free(session);
    }
    SSL_set_msg_callback(ssl_, note_alert);
    SSL_set_msg_callback_arg(ssl_, this);
    if (!options.alpn.empty()) {
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned>(options.alpn.size()));
    }
  }
  ~TlsClient() override {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }

  SSL* ssl() { return ssl_; }
  int alert() const { return alert_; }  // the last one received, -1 for none

  bool handshake() override {
    if (SSL_is_init_finished(ssl_) != 0) return true;
    input_ = load();
    SSL_do_handshake(ssl_);
    drain();
    return SSL_is_init_finished(ssl_) != 0 && pending_.empty();
  }

  std::size_t send(std::string_view bytes) override {
    drain();
    if (!pending_.empty()) return 0;  // the socket is full
    std::size_t count = 0;
    SSL_write_ex(ssl_, bytes.data(), std::min<std::size_t>(bytes.size(), 16384), &count);
    drain();
    return count;
  }

  Input receive(std::string& into) override {
    drain();
    input_ = load();
    std::array<char, 16384> buffer;
    std::size_t count = 0;
    while (SSL_read_ex(ssl_, buffer.data(), buffer.size(), &count) == 1) {
      into.append(buffer.data(), count);
    }
    drain();
    if ((SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0) said_goodbye_ = true;
    return input_;
  }
  // close_notify came before the end.
  bool said_goodbye() const { return said_goodbye_; }

  void end() override {
    SSL_shutdown(ssl_);
    drain();
    Client::end();
  }
  // What OpenSSL wants to say, onto the socket.
  void drain() {
    std::array<char, 16384> buffer;
    for (int count = 0; (count = BIO_read(out_, buffer.data(), buffer.size())) > 0;) {
      pending_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (!pending_.empty()) pending_.erase(0, send_raw(pending_));
  }
  // The first flight, not sent.
  std::string hello() {
    SSL_do_handshake(ssl_);
    return take_output();
  }
  // Encrypted, but not sent.
  std::string encrypt(std::string_view bytes) {
    std::size_t count = 0;
    SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
    return take_output();
  }

 private:
  static void note_alert(int is_write, int, int type, const void* bytes, std::size_t size, SSL*,
                         void* self) {
    if (type == SSL3_RT_ALERT && is_write == 0 && size == 2) {
      static_cast<TlsClient*>(self)->alert_ = static_cast<const unsigned char*>(bytes)[1];
    }
  }
  std::string take_output() {
    std::string records(static_cast<std::size_t>(BIO_ctrl_pending(out_)), '\0');
    BIO_read(out_, records.data(), static_cast<int>(records.size()));
    return records;
  }
  Input load() {
    std::string bytes;
    const Input input = input_ == Input::open ? receive_raw(bytes) : input_;
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    return input;
  }

  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  std::string pending_;
  Input input_ = Input::open;
  int alert_ = -1;
  bool said_goodbye_ = false;
};

}  // namespace naru::io::testing
