#pragma once

#include "io/last_error.hpp"
#include "io/ticket_keys.hpp"
#include "io/tls_files.hpp"
#include "naru/result.hpp"

#include <memory>

struct ssl_ctx_st;
struct ssl_st;

namespace naru::io {

// Application protocols that a listener offers by ALPN (RFC 7301).
enum class Alpn { http1, http2_and_http1 };

// Certificates and settings, ready for accepting connections: see naru::TlsOptions. Immutable;
// each loop has its own, made of the same files and sharing ticket keys. Connections keep what they
// need of it, so it may go before them.
class TlsContext {
 public:
  // Checks that each key is its certificate's. Errors: tls, with the reason in io::last_error().
  static Result<std::shared_ptr<TlsContext>> make(const TlsFiles& files,
                                                  std::shared_ptr<TicketKeys> tickets,
                                                  Alpn alpn = Alpn::http1);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For the next connection; it takes the certificate that its peer asks for. nullptr when memory
  // is short.
  ssl_st* new_session(Instant now) const;
  ssl_ctx_st* native() const { return context_; }  // with the default certificate

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace naru::io
