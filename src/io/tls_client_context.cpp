#include "io/tls_client_context.hpp"

#include "io/resolver.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <string_view>
#include <utility>

namespace naru::io {
namespace {

constexpr std::string_view kProtocols = "\x08http/1.1";

Error failed(const std::string& what, std::string_view text) {
  char reason[256] = "unknown error";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    ERR_error_string_n(code, reason, sizeof(reason));
  }
  ERR_clear_error();
  set_last_error(what + ": " + reason);
  return {Errc::tls, text};
}

void configure(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // As on the server's side: a missing close_notify is an end, and whether the end was in order is
  // for the protocol above to say (websocket: whether a Close had come).
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(kProtocols.data()),
                          static_cast<unsigned>(kProtocols.size()));
}

// Every certificate of the text becomes a root; at least one must be there.
bool trust_pem(SSL_CTX* context, const std::string& pem) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr)) {
    count += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  BIO_free(in);
  // The end of the text is found by failing to read one more.
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (count > 0 && ended) ERR_clear_error();
  return count > 0 && ended;
}

}  // namespace

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::make(const TlsClientOptions& options) {
  ERR_clear_error();
  SSL_CTX* native = SSL_CTX_new(TLS_client_method());
  if (native == nullptr) return failed("TLS", "no TLS context");
  std::shared_ptr<TlsClientContext> context(new TlsClientContext(native));
  configure(native);
  if (options.system_roots && SSL_CTX_set_default_verify_paths(native) != 1) {
    return failed("the system's certificates", "certificates not usable");
  }
  if (!options.ca_file.empty() && SSL_CTX_load_verify_file(native, options.ca_file.c_str()) != 1) {
    return failed(options.ca_file, "certificates not usable");
  }
  if (!options.ca_pem.empty() && !trust_pem(native, options.ca_pem)) {
    return failed("the CA's text", "certificates not usable");
  }
  if (options.certificate_file.empty()) return context;
  const std::string& key = options.key_file.empty() ? options.certificate_file : options.key_file;
  if (SSL_CTX_use_certificate_chain_file(native, options.certificate_file.c_str()) != 1) {
    return failed(options.certificate_file, "certificate not usable");
  }
  if (SSL_CTX_use_PrivateKey_file(native, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failed(key, "private key not usable");
  }
  if (SSL_CTX_check_private_key(native) != 1) {
    return failed(key, "private key is not the certificate's");
  }
  return context;
}

TlsClientContext::~TlsClientContext() {
  SSL_CTX_free(context_);
}

ssl_st* TlsClientContext::new_session(const std::string& host) const {
  SSL* ssl = SSL_new(context_);
  if (ssl == nullptr) return nullptr;
  SSL_set_connect_state(ssl);
  bool ok = false;
  if (parse_address(host)) {
    ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  } else {
    SSL_set_hostflags(ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    // A trailing dot makes a name absolute, and is part of neither SNI nor certificates.
    std::string name = host;
    if (name.ends_with('.')) name.pop_back();
    ok = SSL_set1_host(ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
  }
  if (ok) return ssl;
  SSL_free(ssl);
  return nullptr;
}

}  // namespace naru::io
