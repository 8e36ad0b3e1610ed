#include "tls_session.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

// Session tickets (RFC 5077, RFC 8446 4.6.1).
namespace naru::io {
namespace {

using std::chrono::hours;
using testing::Certificate;
using testing::make_tls_context;
using testing::shake_hands;
using testing::test_ticket_keys;
using testing::World;

class TlsResumptionTest : public ::testing::TestWithParam<int> {
 protected:
  // A session that a client got from `context`.
  testing::Session open(const std::shared_ptr<TlsContext>& with, const std::string& host = "",
                        const Certificate* shown = nullptr) {
    auto shaken = shake_hands(with, {.version = GetParam(), .host = host, .certificate = shown});
    EXPECT_TRUE(shaken.done);
    EXPECT_FALSE(shaken.resumed);
    EXPECT_EQ(SSL_SESSION_has_ticket(shaken.session.get()), 1);
    return std::move(shaken.session);
  }
  testing::Shaken resume(const std::shared_ptr<TlsContext>& with, const testing::Session& session,
                         const std::string& host = "", const Certificate* shown = nullptr) {
    return shake_hands(
        with,
        {.version = GetParam(), .host = host, .certificate = shown, .session = session.get()});
  }

  const Certificate certificate{
      {.name = "localhost", .alternatives = "DNS:a.example,DNS:b.example"}};
  const TlsOptions options{.certificates = {certificate.files()}};
  const std::shared_ptr<TicketKeys> tickets = test_ticket_keys();
  const std::shared_ptr<TlsContext> context = make_tls_context(options, tickets);
};

TEST_P(TlsResumptionTest, WorksInAnotherContextWithTheSameKeys) {
  const auto session = open(context);
  EXPECT_TRUE(resume(context, session).resumed);
  // Of another loop, or after a reload with a renewed certificate.
  const Certificate renewed;
  const auto reloaded = make_tls_context({.certificates = {renewed.files()}}, tickets);
  const auto shaken = resume(reloaded, session);
  EXPECT_TRUE(shaken.done);
  EXPECT_TRUE(shaken.resumed);
  const auto foreign = resume(make_tls_context(options), session);
  EXPECT_TRUE(foreign.done);
  EXPECT_FALSE(foreign.resumed);
}

TEST_P(TlsResumptionTest, OutlivesTheKeyThatSealedTheTicket) {
  const auto session = open(context);
  const Instant now = std::chrono::steady_clock::now();
  tickets->tend(now + hours(3));
  ASSERT_EQ(tickets->size(), 2U);
  const auto renewed = resume(context, session);
  EXPECT_TRUE(renewed.resumed);
  // With a ticket of the new key in exchange: the old one may go.
  for (int hour = 5; hour <= 15; hour += 2) tickets->tend(now + hours(hour));
  EXPECT_FALSE(resume(context, session).resumed);
  EXPECT_TRUE(resume(context, renewed.session).resumed);
}

TEST_P(TlsResumptionTest, IsRefusedToATicketThatWasTamperedWith) {
  const auto session = open(context);
  // The same name of a key, and other keys: as a guess at either would be.
  const auto size = i2d_SSL_SESSION(session.get(), nullptr);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  i2d_SSL_SESSION(session.get(), &out);
  const unsigned char* ticket = nullptr;
  std::size_t ticket_size = 0;
  SSL_SESSION_get0_ticket(session.get(), &ticket, &ticket_size);
  const auto at = bytes.find(std::string(reinterpret_cast<const char*>(ticket), ticket_size));
  ASSERT_NE(at, std::string::npos);
  for (const std::size_t spoiled :
       {std::size_t{0}, std::size_t{16}, ticket_size / 2, ticket_size - 1}) {
    std::string other = bytes;
    other[at + spoiled] = static_cast<char>(other[at + spoiled] ^ 1);
    const auto* in = reinterpret_cast<const unsigned char*>(other.data());
    const testing::Session forged(d2i_SSL_SESSION(nullptr, &in, size), SSL_SESSION_free);
    ASSERT_NE(forged, nullptr);
    const auto shaken = resume(context, forged);
    EXPECT_TRUE(shaken.done) << spoiled;
    EXPECT_FALSE(shaken.resumed) << spoiled;
  }
}

TEST_P(TlsResumptionTest, IsRefusedForAnotherHost) {
  const auto session = open(context, "a.example");
  EXPECT_TRUE(resume(context, session, "a.example").resumed);
  EXPECT_FALSE(resume(context, session, "b.example").resumed);
  EXPECT_FALSE(resume(context, session).resumed);
}

// h2o CVE-2023-41337: a session opened where nobody asks for a certificate must not be resumed
// where one is required; resumption would ask for none.
TEST_P(TlsResumptionTest, IsRefusedUnderAnotherPolicyForClientCertificates) {
  const Certificate authority({.name = "authority", .authority = true});
  const Certificate other_authority({.name = "other authority", .authority = true});
  const Certificate client({.name = "client", .issuer = &authority});
  TlsOptions strict = options;
  strict.client_certificates = ClientCertificates::required;
  strict.client_authorities = authority.certificate_file;
  TlsOptions lenient = strict;
  lenient.client_certificates = ClientCertificates::optional;
  TlsOptions elsewhere = strict;
  elsewhere.client_authorities = other_authority.certificate_file;

  const auto requiring = make_tls_context(strict, tickets);
  for (const auto& from : {context, make_tls_context(lenient, tickets)}) {
    const auto session = open(from);
    const auto shaken = resume(requiring, session);
    EXPECT_FALSE(shaken.resumed);
    EXPECT_FALSE(shaken.done);  // it shows no certificate
  }
  const auto known = open(requiring, "", &client);
  EXPECT_TRUE(resume(requiring, known).resumed);
  EXPECT_FALSE(resume(make_tls_context(elsewhere, tickets), known).done);
}

TEST_P(TlsResumptionTest, KeepsTheClientsCertificate) {
  const Certificate authority({.name = "authority", .authority = true});
  const Certificate client(
      {.name = "client", .alternatives = "DNS:client.example", .issuer = &authority});
  TlsOptions strict = options;
  strict.client_certificates = ClientCertificates::required;
  strict.client_authorities = authority.certificate_file;
  const auto requiring = make_tls_context(strict, tickets);
  const auto session = open(requiring, "", &client);
  const auto shaken = resume(requiring, session);
  EXPECT_TRUE(shaken.resumed);
  ASSERT_TRUE(shaken.shown);
  EXPECT_EQ(shaken.shown->subject, "CN=client");
  EXPECT_EQ(shaken.shown->names, (std::vector<std::string>{"DNS:client.example"}));
}

INSTANTIATE_TEST_SUITE_P(Each, TlsResumptionTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

// Two are OpenSSL's default: a second one costs bytes and a signature's worth of hashing, and few
// clients open two connections at once.
TEST(TlsTickets, AreOnePerHandshake) {
  World world{testing::Wire::tls};
  testing::TlsClient client(world.listener->port(), {.version = TLS1_3_VERSION});
  int tickets = 0;
  SSL_CTX* context = SSL_get_SSL_CTX(client.ssl());
  SSL_CTX_set_app_data(context, &tickets);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    EXPECT_EQ(SSL_SESSION_get_max_early_data(session), 0U);  // no early data
    ++*static_cast<int*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    return 0;
  });
  ASSERT_TRUE(testing::turn_until(world.loop, [&] { return client.handshake(); }));
  std::string got;
  ASSERT_TRUE(testing::turn_until(world.loop, [&] {
    client.receive(got);
    return tickets > 0;
  }));
  testing::settle(world.loop);
  client.receive(got);
  EXPECT_EQ(tickets, 1);
}

}  // namespace
}  // namespace naru::io
