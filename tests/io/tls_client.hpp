#pragma once

#include "client.hpp"
#include "io/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace naru::io::testing {

// A self-signed certificate with a P-256 key, made for this run, in two files.
struct Certificate {
  explicit Certificate(const std::string& suffix = "")
      : stem(::testing::TempDir() + "naru-io-" + std::to_string(::getpid()) + suffix) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_NAME* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_sign(x509, key, EVP_sha256());
    std::FILE* out = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(out, x509);
    std::fclose(out);
    out = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    X509_free(x509);
    EVP_PKEY_free(key);
  }
  ~Certificate() {
    std::remove(certificate_file.c_str());
    std::remove(key_file.c_str());
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  const std::string stem;
  const std::string certificate_file = stem + "-certificate.pem";
  const std::string key_file = stem + "-key.pem";
};

inline std::shared_ptr<TlsContext> test_tls_context() {
  static const std::shared_ptr<TlsContext> context = [] {
    const Certificate certificate;
    auto loaded = TlsContext::load(certificate.certificate_file, certificate.key_file);
    EXPECT_TRUE(loaded) << last_error();
    return *std::move(loaded);
  }();
  return context;
}

struct TlsOptions {
  std::string alpn = {};  // as on the wire: "\x08http/1.1"
  int version = 0;        // the only one; 0: any
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
    ssl_ = SSL_new(context_);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_connect_state(ssl_);
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
