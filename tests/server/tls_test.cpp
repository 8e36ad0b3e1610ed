// TLS of a whole server: reload, client certificates, the limit of handshakes, truncation.
#include "support/test_server.hpp"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace naru::test {
namespace {

using io::testing::Certificate;
using io::testing::TlsClient;

// A handshake, well done or not. What it leaves behind: the connection, still open.
std::unique_ptr<TlsClient> shake_hands(std::uint16_t port,
                                       const io::testing::TlsOptions& options = {}) {
  auto client = std::make_unique<TlsClient>(port, options);
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (!client->handshake() && client->alert() < 0) {
    if (std::chrono::steady_clock::now() > give_up) {
      ADD_FAILURE() << "no end of the handshake";
      break;
    }
    std::this_thread::yield();
  }
  return client;
}

std::string subject_of(TlsClient& client) {
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(client.ssl())),
                            NID_commonName, name, sizeof(name));
  return name;
}

class ServerTls : public ::testing::TestWithParam<unsigned> {
 protected:
  void route() {
    server.server.websocket(
        "/ws", {.on_message = [](WebSocket& ws, Message message) { ws.send(message); },
                .on_close = [this](WebSocket&, std::uint16_t code,
                                   std::string_view) { journal.note(std::to_string(code)); },
                .on_upgrade =
                    [this](Upgrade& upgrade) {
                      const auto& certificate = upgrade.request().peer_certificate;
                      if (certificate == nullptr) return journal.note("nobody");
                      std::string text = certificate->subject;
                      for (const std::string& name : certificate->names) text += " " + name;
                      journal.note(text);
                    },
                .idle_timeout = 0ms});
  }
  WebSocketPeer connect(const io::testing::TlsOptions& options = {}) {
    WebSocketPeer peer{Peer(shake_hands(server.port, options))};
    EXPECT_EQ(peer.open("/ws").status, 101);
    return peer;
  }
  // Every loop takes its turn: the subject that all new connections see, at last.
  bool all_show(const std::string& subject) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    for (int in_a_row = 0; in_a_row < 16;) {
      in_a_row = subject_of(*shake_hands(server.port)) == subject ? in_a_row + 1 : 0;
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
    return true;
  }

  Journal journal;
  TestServer server{GetParam()};
};

TEST_P(ServerTls, ReloadsCertificatesForNewConnections) {
  route();
  const Certificate first({.name = "first"});
  server.start({.tls = {.certificates = {first.files()}}});
  WebSocketPeer old = connect();
  EXPECT_TRUE(all_show("first"));

  Certificate({.name = "second"}).replace(first);
  EXPECT_TRUE(server.server.reload_tls());
  EXPECT_TRUE(all_show("second"));
  old.say("still here");
  EXPECT_EQ(old.hear(), "still here");
}

TEST_P(ServerTls, ResumesSessionsAfterAReload) {
  const Certificate first({.name = "first"});
  server.start({.tls = {.certificates = {first.files()}}});
  auto client = shake_hands(server.port, {.version = TLS1_2_VERSION});
  SSL_SESSION* session = SSL_SESSION_dup(SSL_get0_session(client->ssl()));
  Certificate({.name = "second"}).replace(first);
  ASSERT_TRUE(server.server.reload_tls());
  ASSERT_TRUE(all_show("second"));
  for (int i = 0; i < 8; ++i) {  // on whatever loop
    auto again = shake_hands(server.port, {.version = TLS1_2_VERSION, .session = session});
    EXPECT_EQ(SSL_session_reused(again->ssl()), 1);
  }
  SSL_SESSION_free(session);
  EXPECT_TRUE(server.counts(&Stats::tls_resumed, 8));
}

TEST_P(ServerTls, KeepsTheOldCertificateWhenTheNewOneIsWrong) {
  const Certificate first({.name = "first"});
  server.start({.tls = {.certificates = {first.files()}}});
  std::rename(Certificate({.name = "second"}).certificate_file.c_str(),
              first.certificate_file.c_str());
  EXPECT_FALSE(server.server.reload_tls());
  const std::string why = first.key_file + ": key values mismatch";
  EXPECT_EQ(server.server.last_error(), why);
  EXPECT_EQ(server.log.next(), "event=tls_reload_failed error=\"" + why + "\"");
  EXPECT_TRUE(all_show("first"));
  std::ofstream(first.certificate_file) << "nothing";
  EXPECT_FALSE(server.server.reload_tls());
  EXPECT_TRUE(all_show("first"));
}

TEST_P(ServerTls, ReloadsAllListenersOrNone) {
  const Certificate one({.name = "one"});
  const Certificate two({.name = "two"});
  ASSERT_TRUE(server.server.listen(
      {.port = 0, .host = "127.0.0.1", .tls = {.certificates = {two.files()}}}));
  server.start({.tls = {.certificates = {one.files()}}});
  Certificate({.name = "new"}).replace(one);
  std::remove(two.key_file.c_str());
  EXPECT_FALSE(server.server.reload_tls());
  EXPECT_TRUE(all_show("one"));
}

TEST_P(ServerTls, MayBeReloadedFromManyThreads) {
  const Certificate first({.name = "first"});
  server.start({.tls = {.certificates = {first.files()}}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 5; ++j) EXPECT_TRUE(server.server.reload_tls());
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(subject_of(*shake_hands(server.port)), "first");
  for (std::thread& thread : threads) thread.join();
}

TEST_P(ServerTls, ReloadsNothingWithoutTls) {
  server.start();
  EXPECT_TRUE(server.server.reload_tls());
}

TEST_P(ServerTls, SaysWhyItCannotListen) {
  EXPECT_FALSE(server.server.listen(
      {.port = 0, .tls = {.certificates = {{"/nonexistent.pem", "/nonexistent.pem"}}}}));
  EXPECT_EQ(server.server.last_error(), "/nonexistent.pem: No such file or directory");
  EXPECT_TRUE(server.server.urls().empty());
}

TEST_P(ServerTls, ShowsTheClientsCertificateToTheUpgradeHook) {
  route();
  const Certificate own;
  const Certificate authority({.name = "authority", .authority = true});
  const Certificate device({.name = "device 7",
                            .alternatives = "DNS:device7.example,URI:spiffe://example/device/7",
                            .issuer = &authority});
  server.start({.tls = {.certificates = {own.files()},
                        .client_certificates = ClientCertificates::optional,
                        .client_authorities = authority.certificate_file}});
  const auto known = connect({.certificate = &device});
  EXPECT_EQ(journal.next(), "CN=device 7 DNS:device7.example URI:spiffe://example/device/7");
  const auto unknown = connect();
  EXPECT_EQ(journal.next(), "nobody");
}

// A Close frame says that all has arrived; only without one can an end be a truncation.
TEST_P(ServerTls, NeedsNoCloseNotifyAfterAClose) {
  route();
  server.start_tls();
  {
    auto client = shake_hands(server.port);
    TlsClient& raw = *client;
    WebSocketPeer peer{Peer(std::move(client))};
    EXPECT_EQ(peer.open("/ws").status, 101);
    EXPECT_EQ(journal.next(), "nobody");
    peer.say_close(1000);
    EXPECT_EQ(peer.hear(), "close 1000");
    raw.io::testing::Client::end();  // a FIN, and no close_notify
    EXPECT_EQ(journal.next(), "1000");
    EXPECT_TRUE(peer.ended());
    EXPECT_TRUE(raw.said_goodbye());  // the server's own comes last
  }
  auto client = shake_hands(server.port);
  TlsClient& raw = *client;
  WebSocketPeer peer{Peer(std::move(client))};
  EXPECT_EQ(peer.open("/ws").status, 101);
  EXPECT_EQ(journal.next(), "nobody");
  raw.io::testing::Client::end();
  EXPECT_EQ(journal.next(), "1006");
}

INSTANTIATE_TEST_SUITE_P(Each, ServerTls, ::testing::Values(1U, 3U),
                         [](const auto& loops) { return std::to_string(loops.param) + "Loops"; });

TEST(ServerTlsLimits, HandshakesWaitForEachOtherAndAreCounted) {
  TestServer server(
      ServerOptions{.loops = 1, .tls_handshakes_under_way = 1, .tls_handshakes_waiting = 1});
  server.start_tls();
  auto silent = std::make_unique<TlsClient>(server.port);
  const TlsClient waits(server.port);
  const auto delayed = [&](std::uint64_t wanted) {
    return server.counts(&Stats::tls_delayed, wanted);
  };
  ASSERT_TRUE(delayed(1));
  TlsClient refused(server.port);
  ASSERT_TRUE(server.counts(&Stats::tls_refused, 1));
  EXPECT_TRUE(delayed(1));
  silent.reset();
  EXPECT_TRUE(server.counts(&Stats::tls_failed, 1));
}

TEST(ServerTlsLimits, PlainConnectionsDoNotWait) {
  TestServer server(ServerOptions{.loops = 1, .tls_handshakes_under_way = 0});
  server.start();
  EXPECT_EQ(Peer(server.port).get("/").status, 404);
}

}  // namespace
}  // namespace naru::test
