#pragma once

#include "naru/result.hpp"
#include "naru/tls.hpp"

#include <string>
#include <vector>

namespace naru::io {

// What TlsOptions name, read at one moment: the contexts of all loops are made of the same bytes.
struct TlsFiles {
  struct Certificate {
    std::string chain;  // PEM
    std::string key;
    TlsCertificate from;  // where they were read, for error messages
  };
  std::vector<Certificate> certificates;
  ClientCertificates client_certificates = ClientCertificates::none;
  std::string client_authorities;  // PEM
  std::string client_authorities_file;

  // Errors: tls, with the reason in io::last_error().
  static Result<TlsFiles> read(const TlsOptions& options);
};

}  // namespace naru::io
