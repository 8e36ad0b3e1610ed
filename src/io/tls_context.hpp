#pragma once

#include "io/last_error.hpp"
#include "naru/result.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace naru::io {

// A certificate and its key, ready for accepting connections: TLS 1.2 and later, ALPN "http/1.1",
// SSL_MODE_RELEASE_BUFFERS. Immutable; shared by all loops.
class TlsContext {
 public:
  // PEM files: the chain, leaf first, and the private key.
  // Errors: tls, with the reason in io::last_error().
  static Result<std::shared_ptr<TlsContext>> load(const std::string& certificate_file,
                                                  const std::string& key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ssl_ctx_st* native() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace naru::io
