#include "io/peer_certificate.hpp"

#include "tls_session.hpp"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <string>
#include <string_view>
#include <vector>

// Mutual TLS: whom a client's certificate names, and which are taken.
namespace naru::io {
namespace {

using testing::Certificate;
using testing::make_tls_context;
using testing::shake_hands;

TEST(PeerCertificate, NamesTheSubjectAndItsAlternatives) {
  const Certificate certificate(
      {.name = "a, b\n나루",
       .alternatives = "DNS:example.org,IP:192.0.2.1,IP:2001:db8::1,email:a@example.org,"
                       "URI:spiffe://example.org/device/7,RID:1.2.3.4"});
  const PeerCertificate described = describe(*certificate.x509());
  EXPECT_EQ(described.subject, "CN=a\\, b\\0A나루");
  EXPECT_EQ(described.names,
            (std::vector<std::string>{"DNS:example.org", "IP:192.0.2.1", "IP:2001:db8::1",
                                      "email:a@example.org", "URI:spiffe://example.org/device/7"}));
}

TEST(PeerCertificate, MayHaveNoAlternatives) {
  const Certificate certificate;
  EXPECT_EQ(describe(*certificate.x509()).subject, "CN=localhost");
  EXPECT_TRUE(describe(*certificate.x509()).names.empty());
}

// CVE-2009-2408: what stands before a NUL is not the name.
TEST(PeerCertificate, LeavesOutNamesWithControlCharacters) {
  X509* x509 = X509_new();
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  for (const std::string_view text : {std::string_view("good.example\0.evil.example", 26),
                                      std::string_view("a b"), std::string_view("good.example")}) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, value);
    sk_GENERAL_NAME_push(names, name);
  }
  X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0);
  EXPECT_EQ(describe(*x509).names, (std::vector<std::string>{"DNS:good.example"}));
  GENERAL_NAMES_free(names);
  X509_free(x509);
}

class ClientCertificateTest : public ::testing::TestWithParam<int> {
 protected:
  testing::Shaken shake(ClientCertificates wanted, const Certificate* shown) {
    TlsOptions options{.certificates = {server.files()}, .client_certificates = wanted};
    if (wanted != ClientCertificates::none) options.client_authorities = authority.certificate_file;
    return shake_hands(make_tls_context(options), {.version = GetParam(), .certificate = shown});
  }

  const Certificate server;
  const Certificate authority{{.name = "authority", .authority = true}};
  const Certificate client{{.name = "client", .issuer = &authority}};
};

TEST_P(ClientCertificateTest, IsNotAskedForByDefault) {
  const auto shaken = shake(ClientCertificates::none, &client);
  EXPECT_TRUE(shaken.done);
  EXPECT_FALSE(shaken.shown);
}

TEST_P(ClientCertificateTest, IsSeenWhenShown) {
  for (const auto wanted : {ClientCertificates::optional, ClientCertificates::required}) {
    const auto shaken = shake(wanted, &client);
    EXPECT_TRUE(shaken.done);
    ASSERT_TRUE(shaken.shown);
    EXPECT_EQ(shaken.shown->subject, "CN=client");
  }
}

TEST_P(ClientCertificateTest, MayBeMissingOnlyWhenOptional) {
  const auto optional = shake(ClientCertificates::optional, nullptr);
  EXPECT_TRUE(optional.done);
  EXPECT_FALSE(optional.shown);
  const auto required = shake(ClientCertificates::required, nullptr);
  EXPECT_FALSE(required.done);
  EXPECT_EQ(required.alert,
            GetParam() == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE);
}

TEST_P(ClientCertificateTest, IsRefusedWhenNotValid) {
  const Certificate stranger({.name = "authority", .authority = true});
  const Certificate forged({.name = "client", .issuer = &stranger});
  const Certificate expired(
      {.name = "client", .issuer = &authority, .ends_in = std::chrono::seconds(-60)});
  const Certificate self_signed({.name = "client"});
  for (const auto wanted : {ClientCertificates::optional, ClientCertificates::required}) {
    for (const Certificate* shown : {&forged, &expired, &self_signed}) {
      EXPECT_FALSE(shake(wanted, shown).done);
    }
  }
}

// A certificate that this authority signed as an authority is none of a client's, but one signed by
// it is, when the client brings the chain.
TEST_P(ClientCertificateTest, IsRefusedWhenItsIssuerIsNoAuthority) {
  const Certificate grandchild({.name = "grandchild", .issuer = &client});
  EXPECT_FALSE(shake(ClientCertificates::required, &grandchild).done);
}

INSTANTIATE_TEST_SUITE_P(Each, ClientCertificateTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace naru::io
