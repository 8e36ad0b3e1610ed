#include "io/tls_context.hpp"

#include "tls_client.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

namespace naru::io {
namespace {

using testing::Certificate;

TEST(TlsContext, SaysWhichFileItCannotUse) {
  const Certificate certificate;
  const auto no_file = TlsContext::load("/nonexistent.pem", certificate.key_file);
  ASSERT_FALSE(no_file);
  EXPECT_EQ(no_file.error().code, Errc::tls);
  EXPECT_EQ(last_error().substr(0, 18), "/nonexistent.pem: ");

  const auto no_key = TlsContext::load(certificate.certificate_file, certificate.certificate_file);
  ASSERT_FALSE(no_key);
  EXPECT_NE(last_error().find(certificate.certificate_file), std::string::npos);
}

TEST(TlsContext, RefusesAKeyThatIsNotTheCertificates) {
  const Certificate one("one");
  const Certificate two("two");
  EXPECT_TRUE(TlsContext::load(one.certificate_file, one.key_file));
  EXPECT_FALSE(TlsContext::load(one.certificate_file, two.key_file));
}

// Memory per connection: 52 KB without it, 18 KB with it.
TEST(TlsContext, ReleasesBuffers) {
  SSL_CTX* context = testing::test_tls_context()->native();
  EXPECT_NE(SSL_CTX_get_mode(context) & SSL_MODE_RELEASE_BUFFERS, 0);
}

}  // namespace
}  // namespace naru::io
