#include "io/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace naru::io {
namespace {

constexpr std::string_view kProtocols = "\x08http/1.1";

int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kProtocols.data());
  const int found =
      SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, ours,
                            static_cast<unsigned>(kProtocols.size()), offered, offered_size);
  // RFC 7301 3.2: no overlap ends the handshake with no_application_protocol. (A selection left
  // over would be ours, not the peer's: ALPACA.)
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void configure(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // An end without close_notify is an end: the protocols above all know where a message is
  // complete. No renegotiation, which only TLS 1.2 has: it costs us much and the peer little.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  // Buffers only while they hold something: 52 to 18 KB per connection.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Head and body of a record with one recv.
  SSL_CTX_set_read_ahead(context, 1);
  // Resumption by tickets, which cost us no memory; they hold for this context only.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  const std::string_view id = "naru";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(id.data()),
                                 static_cast<unsigned>(id.size()));
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
}

std::string openssl_reason() {
  char text[256] = "unknown error";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof(text));
  }
  ERR_clear_error();
  return text;
}

Error failed(const std::string& file, std::string_view text) {
  set_last_error(file + ": " + openssl_reason());
  return {Errc::tls, text};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::load(const std::string& certificate_file,
                                                     const std::string& key_file) {
  for (const std::string& file : {certificate_file, key_file}) {
    if (::access(file.c_str(), R_OK) == 0) continue;
    set_last_error(file + ": " + std::generic_category().message(errno));
    return Error{Errc::tls, "cannot read a file"};
  }
  ERR_clear_error();
  SSL_CTX* native = SSL_CTX_new(TLS_server_method());
  if (native == nullptr) return failed("TLS", "no TLS context");
  std::shared_ptr<TlsContext> context(new TlsContext(native));
  configure(native);
  if (SSL_CTX_use_certificate_chain_file(native, certificate_file.c_str()) != 1) {
    return failed(certificate_file, "certificate not usable");
  }
  if (SSL_CTX_use_PrivateKey_file(native, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failed(key_file, "private key not usable");
  }
  if (SSL_CTX_check_private_key(native) != 1) {
    return failed(key_file, "private key is not the certificate's");
  }
  return context;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

}  // namespace naru::io
