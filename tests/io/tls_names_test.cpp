#include "tls_session.hpp"

#include <gtest/gtest.h>

#include <string>

// Several certificates at one listener (RFC 6066 3).
namespace naru::io {
namespace {

using testing::Certificate;
using testing::CertificateKey;
using testing::make_tls_context;
using testing::shake_hands;

TEST(TlsNames, ChooseTheCertificate) {
  const Certificate first({.name = "first", .alternatives = "DNS:example.org"});
  const Certificate chat({.name = "chat", .alternatives = "DNS:chat.example.org"});
  const Certificate any({.name = "any", .alternatives = "DNS:*.example.org"});
  const auto context =
      make_tls_context({.certificates = {first.files(), chat.files(), any.files()}});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto subject = [&](const std::string& host) {
      return shake_hands(context, {.version = version, .host = host}).subject;
    };
    EXPECT_EQ(subject("example.org"), "first");
    EXPECT_EQ(subject("Chat.Example.org"), "chat");
    EXPECT_EQ(subject("www.example.org"), "any");
    EXPECT_EQ(subject("a.www.example.org"), "first");
    EXPECT_EQ(subject("elsewhere.example"), "first");
    EXPECT_EQ(subject(""), "first");
  }
}

TEST(TlsNames, TakeTheFirstOfTwoCertificates) {
  const Certificate one({.name = "one", .alternatives = "DNS:example.org"});
  const Certificate two({.name = "two", .alternatives = "DNS:example.org,DNS:two.example"});
  const auto context = make_tls_context({.certificates = {one.files(), two.files()}});
  EXPECT_EQ(shake_hands(context, {.host = "example.org"}).subject, "one");
  EXPECT_EQ(shake_hands(context, {.host = "two.example"}).subject, "two");
}

TEST(TlsNames, HaveKeysOfSeveralTypes) {
  const Certificate ecdsa({.name = "ecdsa", .alternatives = "DNS:example.org"});
  const Certificate rsa(
      {.name = "rsa", .alternatives = "DNS:example.org", .key = CertificateKey::rsa});
  for (const bool reversed : {false, true}) {
    TlsOptions options{.certificates = {ecdsa.files(), rsa.files()}};
    if (reversed) std::swap(options.certificates[0], options.certificates[1]);
    const auto context = make_tls_context(options);
    for (const std::string host : {"example.org", "elsewhere.example", ""}) {
      EXPECT_EQ(shake_hands(context, {.host = host, .signatures = "ECDSA+SHA256"}).key,
                EVP_PKEY_EC);
      EXPECT_EQ(shake_hands(context, {.host = host, .signatures = "RSA-PSS+SHA256"}).key,
                EVP_PKEY_RSA);
    }
  }
}

TEST(TlsNames, CarryTheWholeChain) {
  const Certificate root({.name = "root", .authority = true});
  const Certificate middle({.name = "middle", .issuer = &root, .authority = true});
  const Certificate leaf({.name = "leaf", .issuer = &middle});
  std::FILE* out = std::fopen(leaf.certificate_file.c_str(), "a");
  PEM_write_X509(out, middle.x509());
  std::fclose(out);
  testing::World world{testing::Wire::tls, make_tls_context({.certificates = {leaf.files()}})};
  testing::TlsClient client(world.listener->port());
  ASSERT_TRUE(testing::turn_until(world.loop, [&] { return client.handshake(); }));
  EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(client.ssl())), 2);
}

}  // namespace
}  // namespace naru::io
