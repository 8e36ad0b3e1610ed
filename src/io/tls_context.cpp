#include "io/tls_context.hpp"

#include "io/tls_hosts.hpp"
#include "io/tls_identity.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::io {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Digest = std::array<unsigned char, 32>;  // SHA-256

constexpr std::string_view kHttp1 = "\x08http/1.1";
constexpr std::string_view kHttp2AndHttp1 = "\x02h2\x08http/1.1";

// What an SSL_CTX carries along, and frees with itself: sessions keep their SSL_CTX, not us.
struct Baggage {
  std::shared_ptr<TicketKeys> tickets;
  EVP_CIPHER* cipher = nullptr;  // fetched once: each lookup by name takes a lock
  std::string_view protocols;    // as on the wire
  // Of the default context:
  Digest policy{};  // whose certificates it asks for, and whether
  const SSL_CTX* self = nullptr;
  TlsHosts<SSL_CTX*> hosts;  // references, but for `self`

  ~Baggage() {
    EVP_CIPHER_free(cipher);
    for (const auto& [name, context] : hosts) {
      if (context != self) SSL_CTX_free(context);
    }
  }
};

int baggage_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* baggage, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<Baggage*>(baggage);
      });
  return index;
}

Baggage& baggage_of(const SSL_CTX* context) {
  return *static_cast<Baggage*>(SSL_CTX_get_ex_data(context, baggage_index()));
}

Digest digest(std::string_view bytes) {
  Digest made{};
  EVP_Digest(bytes.data(), bytes.size(), made.data(), nullptr, EVP_sha256(), nullptr);
  return made;
}

int select_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  const std::string_view ours = baggage_of(SSL_get_SSL_CTX(ssl)).protocols;
  const int found =
      SSL_select_next_proto(const_cast<unsigned char**>(out), out_size,
                            reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_size);
  // RFC 7301 3.2: no overlap ends the handshake with no_application_protocol. (A selection left
  // over would be ours, not the peer's: ALPACA.)
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Before anything else is decided, resumption above all: the certificate for the host that the peer
// asks for, and what its session is good for. A session opened for one host must not be resumed
// for another that asks for client certificates, or for those of other authorities: resumption
// asks for none (h2o CVE-2023-41337).
int choose_host(SSL* ssl, int*, void* argument) {
  const auto& baggage = *static_cast<const Baggage*>(argument);
  const unsigned char* extension = nullptr;
  std::size_t size = 0;
  std::string host;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &size) == 1) {
    host = asked_host({extension, size});
  }
  const std::string_view policy(reinterpret_cast<const char*>(baggage.policy.data()),
                                baggage.policy.size());
  const Digest id = digest(std::string(policy) + host);
  SSL_CTX* const* context = baggage.hosts.find(host);
  if (SSL_set_session_id_context(ssl, id.data(), static_cast<unsigned>(id.size())) != 1 ||
      (context != nullptr && *context != SSL_get_SSL_CTX(ssl) &&
       SSL_set_SSL_CTX(ssl, *context) == nullptr)) {
    return SSL_CLIENT_HELLO_ERROR;
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

int set_mac(EVP_MAC_CTX* mac, const TicketKeys::Key& key) {
  std::string_view hash = "SHA256";
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                        const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(hash.data()),
                                       hash.size()),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data());
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb: 1 goes on, 2 renews the ticket as well, 0 does without.
int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
               EVP_MAC_CTX* mac, int seals) {
  const Baggage& baggage = baggage_of(SSL_get_SSL_CTX(ssl));
  if (seals == 1) {
    const TicketKeys::Key key = baggage.tickets->newest();
    std::copy(key.name.begin(), key.name.end(), name);
    const bool ok = RAND_bytes(iv, EVP_CIPHER_get_iv_length(baggage.cipher)) == 1 &&
                    EVP_EncryptInit_ex2(cipher, baggage.cipher, key.cipher.data(), iv, nullptr) &&
                    set_mac(mac, key) == 1;
    return ok ? 1 : -1;
  }
  const auto found = baggage.tickets->find(
      std::span<const unsigned char, TicketKeys::kNameBytes>(name, TicketKeys::kNameBytes));
  if (!found) return 0;
  const bool ok =
      EVP_DecryptInit_ex2(cipher, baggage.cipher, found->key.cipher.data(), iv, nullptr) &&
      set_mac(mac, found->key) == 1;
  if (!ok) return -1;
  return found->newest ? 1 : 2;
}

void configure(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Forward secrecy and AEAD; AES-128 is the cheaper one and no worse here. RFC 9113 9.2.2 and
  // 9.2.3 refuse the rest for HTTP/2.
  SSL_CTX_set_cipher_list(context,
                          "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                          "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
                          "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384");
  SSL_CTX_set_ciphersuites(
      context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384");
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  // An end without close_notify is an end: the protocols above all know where a message is
  // complete. No renegotiation, which only TLS 1.2 has: it costs us much and the peer little.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  // Buffers only while they hold something: 52 to 18 KB per connection. A chain is sent as it was
  // given, not completed from the authorities that we trust for clients.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  // Head and body of a record with one recv.
  SSL_CTX_set_read_ahead(context, 1);
  // Resumption by tickets, which cost us no memory. No early data: an upgrade in it could be
  // replayed (RFC 8470).
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_timeout(
      context, std::chrono::duration_cast<std::chrono::seconds>(TicketKeys::kTicketLife).count());
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  // RFC 6066 3: whoever used the name says so.
  SSL_CTX_set_tlsext_servername_callback(
      context, +[](SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; });
}

// Makes the contexts of one loop: one for each set of certificates that some host has.
class Maker {
 public:
  Maker(const TlsFiles& files, std::shared_ptr<TicketKeys> tickets, Alpn alpn)
      : files_(files), tickets_(std::move(tickets)), alpn_(alpn) {}

  Result<Context> make() {
    for (const auto& each : files_.certificates) {
      NARU_TRY(TlsIdentity identity, TlsIdentity::read(each));
      identities_.push_back(std::move(identity));
    }
    if (files_.client_certificates != ClientCertificates::none) {
      authorities_ = read_certificates(files_.client_authorities);
      if (authorities_.empty()) {
        return tls_failure(files_.client_authorities_file, "authorities not usable");
      }
    }
    const TlsHosts<Set> sets = sets_by_host();
    const Set defaults = default_set();
    NARU_TRY(Context main, make_context(defaults));
    Baggage& baggage = baggage_of(main.get());
    baggage.self = main.get();
    baggage.policy = digest(std::to_string(static_cast<int>(files_.client_certificates)) +
                            files_.client_authorities);
    std::map<Set, Context> made;
    for (const auto& [host, set] : sets) {
      if (set == defaults) {
        baggage.hosts[host] = main.get();
        continue;
      }
      if (!made.contains(set)) {
        NARU_TRY(made[set], make_context(set));
      }
      SSL_CTX_up_ref(made[set].get());
      baggage.hosts[host] = made[set].get();
    }
    SSL_CTX_set_client_hello_cb(main.get(), choose_host, &baggage);
    return main;
  }

 private:
  using Set = std::vector<std::size_t>;  // of identities_, each with another type of key

  bool has_type(const Set& set, int type) const {
    return std::any_of(set.begin(), set.end(),
                       [&](std::size_t each) { return identities_[each].type == type; });
  }

  TlsHosts<Set> sets_by_host() const {
    TlsHosts<Set> sets;
    for (std::size_t i = 0; i < identities_.size(); ++i) {
      for (const std::string& host : identities_[i].hosts) {
        if (!has_type(sets[host], identities_[i].type)) sets[host].push_back(i);
      }
    }
    return sets;
  }

  // The first, and those that share a name with it.
  Set default_set() const {
    Set set{0};
    const auto& hosts = identities_.front().hosts;
    for (std::size_t i = 1; i < identities_.size(); ++i) {
      const TlsIdentity& each = identities_[i];
      const bool shares = std::find_first_of(each.hosts.begin(), each.hosts.end(), hosts.begin(),
                                             hosts.end()) != each.hosts.end();
      if (shares && !has_type(set, each.type)) set.push_back(i);
    }
    return set;
  }

  Result<Context> make_context(const Set& set) const {
    Context context(SSL_CTX_new(TLS_server_method()));
    if (!context) return tls_failure("TLS", "no TLS context");
    configure(context.get());
    auto baggage = std::make_unique<Baggage>();
    baggage->tickets = tickets_;
    baggage->cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
    baggage->protocols = alpn_ == Alpn::http1 ? kHttp1 : kHttp2AndHttp1;
    SSL_CTX_set_ex_data(context.get(), baggage_index(), baggage.release());
    for (const std::size_t each : set) NARU_CHECK(use(identities_[each], context.get()));
    NARU_CHECK(ask_for_certificates(context.get()));
    return context;
  }

  static Result<void> use(const TlsIdentity& identity, SSL_CTX* context) {
    const std::string& file = identity.from->chain_file;
    if (SSL_CTX_use_certificate(context, identity.chain.front().get()) != 1) {
      return tls_failure(file, "certificate not usable");
    }
    if (SSL_CTX_use_PrivateKey(context, identity.key.get()) != 1) {
      return tls_failure(identity.from->key_file, "private key not usable");
    }
    for (std::size_t i = 1; i < identity.chain.size(); ++i) {
      if (SSL_CTX_add1_chain_cert(context, identity.chain[i].get()) != 1) {
        return tls_failure(file, "certificate not usable");
      }
    }
    return {};
  }

  Result<void> ask_for_certificates(SSL_CTX* context) const {
    if (files_.client_certificates == ClientCertificates::none) return {};
    for (const X509Pointer& each : authorities_) {
      if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), each.get()) != 1 ||
          SSL_CTX_add_client_CA(context, each.get()) != 1) {
        return tls_failure(files_.client_authorities_file, "authorities not usable");
      }
    }
    const bool required = files_.client_certificates == ClientCertificates::required;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
    return {};
  }

  const TlsFiles& files_;
  const std::shared_ptr<TicketKeys> tickets_;
  const Alpn alpn_;
  std::vector<TlsIdentity> identities_;
  std::vector<X509Pointer> authorities_;
};

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsFiles& files,
                                                     std::shared_ptr<TicketKeys> tickets,
                                                     Alpn alpn) {
  NARU_TRY(Context context, Maker(files, std::move(tickets), alpn).make());
  return std::shared_ptr<TlsContext>(new TlsContext(context.release()));
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

ssl_st* TlsContext::new_session(Instant now) const {
  baggage_of(context_).tickets->tend(now);
  SSL* ssl = SSL_new(context_);
  if (ssl != nullptr) SSL_set_accept_state(ssl);
  return ssl;
}

}  // namespace naru::io
