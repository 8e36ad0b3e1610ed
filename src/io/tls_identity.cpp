#include "io/tls_identity.hpp"

#include "io/last_error.hpp"
#include "io/tls_hosts.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace naru::io {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Bio memory(const std::string& bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

KeyPointer read_key(const std::string& pem) {
  // Never asks the terminal for a password.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  return KeyPointer(PEM_read_bio_PrivateKey(memory(pem).get(), nullptr, no_password, nullptr));
}

}  // namespace

void FreeX509::operator()(x509_st* certificate) const {
  X509_free(certificate);
}
void FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Error tls_failure(const std::string& where, std::string_view text) {
  std::string reason = "unknown error";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    const char* words = ERR_reason_error_string(code);
    reason = words != nullptr ? words : "error " + std::to_string(code);
  }
  ERR_clear_error();
  set_last_error(where + ": " + reason);
  return {Errc::tls, text};
}

std::vector<X509Pointer> read_certificates(const std::string& pem) {
  std::vector<X509Pointer> chain;
  const Bio in = memory(pem);
  while (X509* each = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    chain.emplace_back(each);
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    chain.clear();
  } else if (!chain.empty()) {
    ERR_clear_error();
  }
  return chain;
}

Result<TlsIdentity> TlsIdentity::read(const TlsFiles::Certificate& files) {
  ERR_clear_error();
  TlsIdentity identity;
  identity.from = &files.from;
  identity.chain = read_certificates(files.chain);
  if (identity.chain.empty()) return tls_failure(files.from.chain_file, "certificate not usable");
  identity.key = read_key(files.key);
  if (!identity.key) return tls_failure(files.from.key_file, "private key not usable");
  X509* leaf = identity.chain.front().get();
  if (X509_check_private_key(leaf, identity.key.get()) != 1) {
    return tls_failure(files.from.key_file, "private key is not the certificate's");
  }
  identity.hosts = host_names(*leaf);
  identity.type = EVP_PKEY_get_base_id(identity.key.get());
  return identity;
}

}  // namespace naru::io
