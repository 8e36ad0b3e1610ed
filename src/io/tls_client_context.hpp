#pragma once

#include "io/last_error.hpp"
#include "naru/result.hpp"
#include "naru/tls.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace naru::io {

// Settings of TLS connections that we open: TLS 1.2 and later, the peer's chain and name always
// verified (RFC 9525: by its subjectAltNames alone), ALPN "http/1.1". Immutable; any thread.
class TlsClientContext {
 public:
  // Errors: tls, with the reason in io::last_error().
  static Result<std::shared_ptr<TlsClientContext>> make(const TlsClientOptions& options);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  // A session for TlsStream with a peer that must prove to be `host`: a name, which it is told by
  // SNI, or a literal address (RFC 6066 section 3: never told). nullptr when memory is short.
  ssl_st* new_session(const std::string& host) const;

 private:
  explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace naru::io
