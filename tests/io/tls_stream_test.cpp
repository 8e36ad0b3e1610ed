#include "io/tls_stream.hpp"

#include "world.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

// What a TLS stream does beyond stream_test.cpp.
namespace naru::io {
namespace {

using std::chrono::seconds;
using testing::Client;
using testing::pattern;
using testing::send;
using testing::settle;
using testing::TlsClient;
using testing::TlsOptions;
using testing::turn_until;
using testing::Wire;
using testing::World;

class TlsStreamTest : public ::testing::Test {
 protected:
  // Shakes hands until it is done or the server has ended it.
  std::unique_ptr<TlsClient> connect(const TlsOptions& options = {}) {
    auto client = std::make_unique<TlsClient>(world.listener->port(), options);
    EXPECT_TRUE(turn_until(loop, [&] { return client->handshake() || seen->closed == 1; }));
    settle(loop);
    return client;
  }
  std::string alpn_of(SSL* ssl) {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }

  World world{Wire::tls};
  Loop& loop = world.loop;
  std::shared_ptr<testing::Seen> seen = world.seen;
};

TEST_F(TlsStreamTest, SpeaksTls12AndTls13) {
  seen->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    world.seen->on_bytes = seen->on_bytes;
    const auto client = connect({.version = version});
    EXPECT_EQ(SSL_version(client->ssl()), version);
    world.write(*client, "hello");
    EXPECT_EQ(world.read(*client, 5), "hello");
  }
}

TEST_F(TlsStreamTest, RefusesTls11) {
  const auto client = connect({.version = TLS1_1_VERSION});
  EXPECT_EQ(seen->end, StreamEnd::tls_failed);
  EXPECT_EQ(seen->calls, "attached closed ");
  client->handshake();
  EXPECT_EQ(client->alert(), SSL_AD_PROTOCOL_VERSION);
}

TEST_F(TlsStreamTest, ChoosesHttp11) {
  const auto client = connect({.alpn = "\x02h2\x08http/1.1"});
  EXPECT_EQ(alpn_of(client->ssl()), "http/1.1");
}

TEST_F(TlsStreamTest, NeedsNoAlpn) {
  const auto client = connect();
  EXPECT_EQ(alpn_of(client->ssl()), "");
  EXPECT_EQ(seen->closed, 0);
}

// RFC 7301 3.2
TEST_F(TlsStreamTest, RefusesAlpnWithoutHttp11) {
  const auto client = connect({.alpn = "\x02h2"});
  EXPECT_EQ(seen->end, StreamEnd::tls_failed);
  client->handshake();
  EXPECT_EQ(client->alert(), SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_F(TlsStreamTest, EndsAHandshakeThatTakesTooLong) {
  Client client(AF_INET, world.listener->port());
  ASSERT_TRUE(turn_until(loop, [&] { return seen->stream != nullptr; }));
  seen->stream->set_deadline(loop.now() + seconds(60));  // the handler's own is another matter
  loop.timers().advance(loop.now() + seconds(9));
  settle(loop);
  EXPECT_EQ(seen->closed, 0);
  loop.timers().advance(loop.now() + seconds(11));
  settle(loop);
  EXPECT_EQ(seen->end, StreamEnd::tls_failed);
  EXPECT_EQ(seen->calls, "attached closed ");
}

TEST_F(TlsStreamTest, AnEstablishedStreamOutlivesTheHandshakeTimeout) {
  const auto client = connect();
  loop.timers().advance(loop.now() + seconds(11));
  settle(loop);
  EXPECT_EQ(seen->closed, 0);
}

TEST_F(TlsStreamTest, EndsOnBytesThatAreNotTls) {
  Client client(AF_INET, world.listener->port());
  world.write(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::tls_failed);
}

TEST_F(TlsStreamTest, EndsOnARecordThatWasTamperedWith) {
  const auto client = connect();
  std::string record = client->encrypt("hello");
  record.back() = static_cast<char>(record.back() ^ 1);
  client->send_raw(record);
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::tls_failed);
  EXPECT_EQ(seen->received, "");
}

// CVE-2022-41940: RST at each byte of the handshake. Here of the TLS one, and FIN too.
TEST_F(TlsStreamTest, SurvivesAnEndAtEachByteOfTheHandshake) {
  for (const bool reset : {true, false}) {
    std::size_t size = 1;
    for (std::size_t cut = 0; cut < size; cut += 7) {
      const auto one = world.seen;
      TlsClient client(world.listener->port());
      const std::string hello = client.hello();
      size = hello.size();
      client.send_raw(hello.substr(0, cut));
      settle(loop);
      if (reset) {
        client.reset();
      } else {
        client.close();
      }
      ASSERT_TRUE(turn_until(loop, [&] { return one->closed == 1; })) << cut;
      EXPECT_EQ(one->calls, "attached closed ");
    }
  }
  EXPECT_TRUE(loop.streams().empty());
}

TEST_F(TlsStreamTest, TakesARecordInPieces) {
  const auto client = connect();
  std::string records = client->encrypt("one");
  records += client->encrypt("two");
  for (const char byte : records) {
    client->send_raw({&byte, 1});
    settle(loop);
  }
  EXPECT_TRUE(turn_until(loop, [&] { return seen->received == "onetwo"; }));
}

TEST_F(TlsStreamTest, HandsOverManyRecordsInOneCall) {
  const auto client = connect();
  std::string records;
  for (int i = 0; i < 100; ++i) records += client->encrypt("0123456789");
  client->send_raw(records);
  EXPECT_TRUE(turn_until(loop, [&] { return seen->received.size() == 1000; }));
  EXPECT_EQ(seen->calls, "attached bytes ");
}

TEST_F(TlsStreamTest, KeepsDecryptedRecordsWhilePaused) {
  const auto client = connect();
  seen->stream->pause_reading();
  std::string records;
  for (int i = 0; i < 10; ++i) records += client->encrypt(pattern(16384));
  std::string_view left = records;
  seen->stream->resume_reading();
  seen->on_bytes = [](Stream& stream, std::string_view) { stream.pause_reading(); };
  EXPECT_TRUE(turn_until(loop, [&] {
    left.remove_prefix(left.empty() ? 0 : client->send_raw(left));
    if (left.empty()) seen->stream->resume_reading();
    return seen->received.size() == 10 * 16384;
  }));
}

TEST_F(TlsStreamTest, PutsSmallPiecesIntoOneRecord) {
  const auto client = connect();
  const auto block = std::make_shared<const std::string>(2000, 'x');
  for (int i = 0; i < 5; ++i) seen->stream->out().append(block);
  seen->stream->flush();
  std::string records;
  client->receive_raw(records);
  // Behind what the handshake left (a ticket): one record of 10,000 bytes, not five.
  EXPECT_LT(records.size(), 10000U + 600U);
  EXPECT_GE(records.size(), 10000U);
  EXPECT_EQ(static_cast<unsigned char>(records[records.size() - 10022 + 3]), 10017U >> 8U);
}

TEST_F(TlsStreamTest, ChangesKeysWhenThePeerAsks) {
  seen->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  const auto client = connect({.version = TLS1_3_VERSION});
  for (int i = 0; i < 100; ++i) {
    SSL_key_update(client->ssl(), SSL_KEY_UPDATE_REQUESTED);
    world.write(*client, "x");
    ASSERT_EQ(world.read(*client, 1), "x");
  }
}

// CVE-2026-39304: a peer that does nothing but change keys.
TEST_F(TlsStreamTest, LimitsKeyUpdatesWithoutData) {
  const auto client = connect({.version = TLS1_3_VERSION});
  EXPECT_TRUE(turn_until(loop, [&] {
    SSL_key_update(client->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(client->ssl());
    client->drain();
    return seen->closed == 1;
  }));
  EXPECT_EQ(seen->end, StreamEnd::tls_failed);
}

// TLS 1.2 only; the peer would make us do the costly part again and again.
TEST_F(TlsStreamTest, DoesNotRenegotiate) {
  seen->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  const auto client = connect({.version = TLS1_2_VERSION});
  EXPECT_EQ(SSL_renegotiate(client->ssl()), 1);
  SSL_do_handshake(client->ssl());
  client->drain();
  settle(loop);
  std::string got;
  client->receive(got);
  EXPECT_EQ(client->alert(), SSL_AD_NO_RENEGOTIATION);
}

TEST_F(TlsStreamTest, FinishBeforeTheHandshakeIsDoneCloses) {
  seen->on_attached = [](Stream& stream) { stream.finish(); };
  Client client(AF_INET, world.listener->port());
  ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
  EXPECT_EQ(seen->end, StreamEnd::closed);
}

TEST_F(TlsStreamTest, FinishSendsWhatWasQueuedBeforeTheHandshake) {
  seen->on_attached = [](Stream& stream) {
    send(stream, "503");
    stream.finish();
  };
  const auto client = connect();
  EXPECT_EQ(world.read(*client), "503");
  EXPECT_TRUE(client->said_goodbye());
}

// RFC 8446 6.1: close_notify ends one direction; the other goes on. TLS 1.2 says the same of us.
TEST_F(TlsStreamTest, AnswersAfterThePeersCloseNotify) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    seen = world.seen;
    seen->on_end = [](Stream& stream) {
      send(stream, pattern(100'000));
      stream.finish();
    };
    const auto client = connect({.version = version});
    SSL_shutdown(client->ssl());
    client->drain();
    EXPECT_EQ(world.read(*client), pattern(100'000));
    EXPECT_TRUE(client->said_goodbye());
    client->Client::end();
    ASSERT_TRUE(turn_until(loop, [&] { return seen->closed == 1; }));
    EXPECT_EQ(seen->calls, "attached end closed ");
  }
}

TEST_F(TlsStreamTest, SaysWhatWasAgreedOn) {
  const auto one = seen;
  connect({.alpn = "\x08http/1.1"});
  EXPECT_EQ(one->stream->alpn(), "http/1.1");
  const auto other = world.seen;
  connect();
  EXPECT_EQ(other->stream->alpn(), "");
  EXPECT_FALSE(other->stream->peer_certificate());
}

// RFC 8996, RFC 9113 9.2.2: nothing without forward secrecy or AEAD.
TEST_F(TlsStreamTest, AgreesOnStrongCiphersOnly) {
  const auto shakes = [&](const char* cipher) {
    TlsClient client(world.listener->port(), {.version = TLS1_2_VERSION});
    SSL_set_cipher_list(client.ssl(), cipher);
    const auto one = world.seen;
    EXPECT_TRUE(turn_until(loop, [&] { return client.handshake() || one->closed == 1; }));
    return client.handshake();
  };
  EXPECT_TRUE(shakes("ECDHE-ECDSA-AES128-GCM-SHA256"));
  EXPECT_TRUE(shakes("ECDHE-ECDSA-CHACHA20-POLY1305"));
  EXPECT_FALSE(shakes("ECDHE-ECDSA-AES128-SHA256"));
  EXPECT_FALSE(shakes("ECDHE-ECDSA-AES256-SHA"));
}

// Truncated or not, the protocols above know where a message ends.
TEST_F(TlsStreamTest, TakesAnEndWithoutCloseNotifyAsAnEnd) {
  const auto client = connect();
  client->Client::end();
  ASSERT_TRUE(turn_until(loop, [&] { return seen->calls == "attached end "; }));
}

}  // namespace
}  // namespace naru::io
