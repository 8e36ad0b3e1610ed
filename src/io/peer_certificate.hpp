#pragma once

#include "naru/tls.hpp"

#include <optional>

struct ssl_st;
struct x509_st;

namespace naru::io {

// The certificate that the peer has shown and that was verified; nullopt when there is none.
std::optional<PeerCertificate> peer_certificate(const ssl_st* ssl);

PeerCertificate describe(const x509_st& certificate);

}  // namespace naru::io
