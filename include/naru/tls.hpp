#pragma once

#include <string>
#include <vector>

namespace naru {

// A certificate chain, leaf first, and the leaf's private key: PEM files.
struct TlsCertificate {
  std::string chain_file{};
  std::string key_file{};
};

// Whether clients show a certificate of their own (mutual TLS). One that is shown must be valid in
// either case, or the handshake fails.
enum class ClientCertificates { none, optional, required };

// TLS at a listener: 1.2 and 1.3, ECDHE and AEAD ciphers only. On when there is a certificate.
struct TlsOptions {
  // A client gets the one that is for the host name it asks for (SNI): the names stand in the
  // certificate ("example.org", "*.example.org" for one label). Who asks for another name, or
  // none, gets the first. Certificates with the same names but keys of other types (ECDSA, RSA)
  // stand side by side; each client gets what it can use.
  std::vector<TlsCertificate> certificates{};

  ClientCertificates client_certificates = ClientCertificates::none;
  std::string client_authorities{};  // PEM file: who signs them

  bool enabled() const { return !certificates.empty(); }
};

// Whom a client's certificate names. It was valid when the TLS session began.
struct PeerCertificate {
  std::string subject{};  // RFC 4514: "CN=device 7,O=Example"
  // Subject alternative names: "DNS:example.org", "IP:192.0.2.1", "email:a@example.org",
  // "URI:spiffe://example.org/device/7".
  std::vector<std::string> names{};
};

// TLS of connections that we open: 1.2 and 1.3. The server's certificate and the name in it are
// always verified; to trust a private authority, name it. PEM throughout.
struct TlsClientOptions {
  bool system_roots = true;        // believe whom the system believes
  std::string ca_file{};           // and these
  std::string ca_pem{};            // likewise, as text
  std::string certificate_file{};  // our own chain, leaf first, for servers that ask for one
  std::string key_file{};          // empty: in certificate_file
};

}  // namespace naru
