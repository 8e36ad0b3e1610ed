#pragma once

#include "world.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>

namespace naru::io::testing {

using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

// What came of a handshake and one message there and back.
struct Shaken {
  bool done = false;
  bool resumed = false;
  std::string subject;  // common name of the server's certificate
  int key = EVP_PKEY_NONE;
  int alert = -1;
  std::optional<PeerCertificate> shown;  // as the server sees it
  Session session{nullptr, SSL_SESSION_free};
};

inline std::string common_name(SSL* ssl) {
  const X509* shown = SSL_get0_peer_certificate(ssl);
  char name[256] = "";
  if (shown != nullptr) {
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof(name));
  }
  return name;
}

// Connects to a listener with that context, says "hi" and hears it again.
inline Shaken shake_hands(const std::shared_ptr<TlsContext>& context, const TlsOptions& options) {
  World world{Wire::tls, context};
  Shaken shaken;
  const auto seen = world.seen;
  seen->on_bytes = [&](Stream& stream, std::string_view bytes) {
    shaken.shown = stream.peer_certificate();
    send(stream, bytes);
  };
  TlsClient client(world.listener->port(), options);
  bool asked = false;
  std::string got;
  EXPECT_TRUE(turn_until(world.loop, [&] {
    if (!client.handshake()) return seen->closed == 1;
    if (!std::exchange(asked, true)) client.send("hi");
    return client.receive(got) != Client::Input::open || got == "hi";
  }));
  client.handshake();
  shaken.done = got == "hi";
  shaken.resumed = SSL_session_reused(client.ssl()) == 1;
  shaken.subject = common_name(client.ssl());
  if (X509* shown = SSL_get0_peer_certificate(client.ssl())) {
    shaken.key = EVP_PKEY_get_base_id(X509_get0_pubkey(shown));
  }
  shaken.alert = client.alert();
  shaken.session.reset(SSL_SESSION_dup(SSL_get0_session(client.ssl())));
  return shaken;
}

}  // namespace naru::io::testing
