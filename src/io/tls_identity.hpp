#pragma once

#include "io/tls_files.hpp"
#include "naru/result.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace naru::io {

struct FreeX509 {
  void operator()(x509_st* certificate) const;
};
struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using X509Pointer = std::unique_ptr<x509_st, FreeX509>;
using KeyPointer = std::unique_ptr<evp_pkey_st, FreeKey>;

// One certificate with its chain and key, as one loop has it.
struct TlsIdentity {
  std::vector<X509Pointer> chain;  // the leaf first
  KeyPointer key;                  // the leaf's: checked
  std::vector<std::string> hosts;  // in lower case
  int type = 0;                    // of the key: an SSL_CTX holds one of each
  const TlsCertificate* from = nullptr;

  // Errors: tls, with the file and OpenSSL's reason in io::last_error().
  static Result<TlsIdentity> read(const TlsFiles::Certificate& files);
};

// Every certificate of a PEM file; none when one is malformed.
std::vector<X509Pointer> read_certificates(const std::string& pem);

// Notes `where` and OpenSSL's last reason for io::last_error().
Error tls_failure(const std::string& where, std::string_view text);

}  // namespace naru::io
