#include "io/tls_context.hpp"

#include "certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <string>

namespace naru::io {
namespace {

using testing::Certificate;

// Why these options cannot be used; "" when they can.
std::string refusal(const TlsOptions& options) {
  const auto files = TlsFiles::read(options);
  if (!files) {
    EXPECT_EQ(files.error().code, Errc::tls);
    return last_error();
  }
  const auto context = TlsContext::make(*files, testing::test_ticket_keys());
  if (context) return {};
  EXPECT_EQ(context.error().code, Errc::tls);
  return last_error();
}

std::string refusal(const std::string& chain_file, const std::string& key_file) {
  return refusal({.certificates = {{chain_file, key_file}}});
}

TEST(TlsContext, SaysWhichFileItCannotUse) {
  const Certificate certificate;
  EXPECT_EQ(refusal("/nonexistent.pem", certificate.key_file),
            "/nonexistent.pem: No such file or directory");
  EXPECT_EQ(refusal(certificate.certificate_file, "/nonexistent.pem"),
            "/nonexistent.pem: No such file or directory");
  EXPECT_EQ(refusal("/", certificate.key_file), "/: Is a directory");
  EXPECT_EQ(refusal(certificate.key_file, certificate.key_file),
            certificate.key_file + ": no start line");
  EXPECT_EQ(refusal(certificate.certificate_file, certificate.certificate_file)
                .starts_with(certificate.certificate_file + ": "),
            true);
}

TEST(TlsContext, RefusesAKeyThatIsNotTheCertificates) {
  const Certificate one;
  const Certificate two;
  EXPECT_EQ(refusal(one.certificate_file, one.key_file), "");
  EXPECT_EQ(refusal(one.certificate_file, two.key_file), two.key_file + ": key values mismatch");
  const Certificate rsa({.key = testing::CertificateKey::rsa});
  EXPECT_EQ(refusal(one.certificate_file, rsa.key_file), rsa.key_file + ": key type mismatch");
}

TEST(TlsContext, RefusesAChainWithADamagedCertificate) {
  const Certificate certificate;
  std::ofstream(certificate.certificate_file, std::ios::app)
      << "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  EXPECT_TRUE(refusal(certificate.certificate_file, certificate.key_file)
                  .starts_with(certificate.certificate_file + ": "));
}

// A server would wait at a terminal that nobody sits at.
TEST(TlsContext, AsksNobodyForThePasswordOfAKey) {
  const Certificate certificate;
  std::FILE* out = std::fopen(certificate.key_file.c_str(), "w");
  PEM_write_PrivateKey(out, certificate.key(), EVP_aes_128_cbc(),
                       reinterpret_cast<const unsigned char*>("secret"), 6, nullptr, nullptr);
  std::fclose(out);
  EXPECT_TRUE(refusal(certificate.certificate_file, certificate.key_file)
                  .starts_with(certificate.key_file + ": "));
}

TEST(TlsContext, WantsAuthoritiesWithClientCertificatesAndOnlyThen) {
  const Certificate certificate;
  const Certificate authority({.name = "authority", .authority = true});
  TlsOptions options{.certificates = {certificate.files()},
                     .client_certificates = ClientCertificates::optional};
  EXPECT_NE(refusal(options), "");
  options.client_authorities = certificate.key_file;
  EXPECT_EQ(refusal(options), certificate.key_file + ": no start line");
  options.client_authorities = authority.certificate_file;
  EXPECT_EQ(refusal(options), "");
  options.client_certificates = ClientCertificates::none;
  EXPECT_NE(refusal(options), "");
}

TEST(TlsContext, NeedsACertificate) {
  EXPECT_EQ(refusal(TlsOptions{}), "TLS: no certificate");
}

// Memory per connection: 52 KB without it, 18 KB with it.
TEST(TlsContext, ReleasesBuffers) {
  SSL_CTX* context = testing::test_tls_context()->native();
  EXPECT_NE(SSL_CTX_get_mode(context) & SSL_MODE_RELEASE_BUFFERS, 0);
}

// An upgrade in early data could be replayed (RFC 8470).
TEST(TlsContext, OffersNoEarlyData) {
  EXPECT_EQ(SSL_CTX_get_max_early_data(testing::test_tls_context()->native()), 0U);
}

}  // namespace
}  // namespace naru::io
