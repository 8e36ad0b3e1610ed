#pragma once

#include "io/tls_context.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>

namespace naru::io::testing {

enum class CertificateKey { p256, rsa };
class Certificate;

struct CertificateOptions {
  std::string name = "localhost";  // common name
  std::string alternatives = {};   // as OpenSSL writes them: "DNS:a.example,IP:192.0.2.1"
  CertificateKey key = CertificateKey::p256;
  const Certificate* issuer = nullptr;  // nullptr: self-signed
  bool authority = false;               // signs others
  std::chrono::seconds ends_in = std::chrono::hours(1);
};

// A certificate made for this run, and its key: in memory and in two files.
class Certificate {
 public:
  Certificate() : Certificate("") {}
  explicit Certificate(const char* suffix) : Certificate(CertificateOptions{}, suffix) {}
  explicit Certificate(const CertificateOptions& wanted, const char* suffix = "")
      : stem(::testing::TempDir() + "naru-io-" + std::to_string(::getpid()) + "-" +
             std::to_string(next_number()) + suffix) {
    key_ = wanted.key == CertificateKey::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
    x509_ = X509_new();
    X509_set_version(x509_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509_), next_number());
    X509_gmtime_adj(X509_getm_notBefore(x509_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509_), static_cast<long>(wanted.ends_in.count()));
    X509_set_pubkey(x509_, key_);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509_), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wanted.name.c_str()), -1, -1,
                               0);
    const Certificate& issuer = wanted.issuer != nullptr ? *wanted.issuer : *this;
    X509_set_issuer_name(x509_, X509_get_subject_name(issuer.x509_));
    if (!wanted.alternatives.empty()) extend(NID_subject_alt_name, wanted.alternatives);
    if (wanted.authority) extend(NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(x509_, issuer.key_, EVP_sha256());
    write();
  }
  ~Certificate() {
    X509_free(x509_);
    EVP_PKEY_free(key_);
    std::remove(certificate_file.c_str());
    std::remove(key_file.c_str());
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  X509* x509() const { return x509_; }
  EVP_PKEY* key() const { return key_; }
  TlsCertificate files() const { return {certificate_file, key_file}; }
  // Puts this one where another one was read from.
  void replace(const Certificate& other) const {
    std::rename(certificate_file.c_str(), other.certificate_file.c_str());
    std::rename(key_file.c_str(), other.key_file.c_str());
  }

  const std::string stem;
  const std::string certificate_file = stem + "-certificate.pem";
  const std::string key_file = stem + "-key.pem";

 private:
  static int next_number() {
    static int number = 0;
    return ++number;
  }
  void extend(int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(x509_, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void write() const {
    std::FILE* out = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(out, x509_);
    std::fclose(out);
    out = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(out, key_, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
  }

  EVP_PKEY* key_ = nullptr;
  X509* x509_ = nullptr;
};

inline std::shared_ptr<TicketKeys> test_ticket_keys() {
  return std::make_shared<TicketKeys>(std::chrono::steady_clock::now());
}

inline std::shared_ptr<TlsContext> make_tls_context(
    const naru::TlsOptions& options, std::shared_ptr<TicketKeys> tickets = test_ticket_keys(),
    Alpn alpn = Alpn::http1) {
  const auto files = TlsFiles::read(options);
  EXPECT_TRUE(files) << last_error();
  auto made = TlsContext::make(*files, std::move(tickets), alpn);
  EXPECT_TRUE(made) << last_error();
  return made ? *made : nullptr;
}

inline std::shared_ptr<TlsContext> test_tls_context() {
  static const std::shared_ptr<TlsContext> context = [] {
    const Certificate certificate;
    return make_tls_context({.certificates = {certificate.files()}});
  }();
  return context;
}

}  // namespace naru::io::testing
