#include "io/peer_certificate.hpp"

#include "io/peer_address.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace naru::io {
namespace {

std::string subject_of(const X509& certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  // UTF-8 as it is; control characters and separators escaped (RFC 4514 2.4).
  constexpr unsigned long format =
      XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0, format);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string address_of(std::string_view bytes) {
  sockaddr_storage storage{};
  if (bytes.size() == 4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
  } else if (bytes.size() == 16) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  } else {
    return {};
  }
  return PeerAddress::from(reinterpret_cast<const sockaddr&>(storage)).to_string();
}

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// "" for kinds that we do not name, and for text with characters that no name has: a NUL once let
// "good.example\0.evil.example" pass for another (CVE-2009-2408).
std::string describe(const GENERAL_NAME& name) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(&name, &type);
  const std::string_view bytes =
      type == GEN_DNS || type == GEN_EMAIL || type == GEN_URI || type == GEN_IPADD
          ? bytes_of(static_cast<const ASN1_STRING*>(value))
          : std::string_view{};
  if (type == GEN_IPADD) {
    std::string address = address_of(bytes);
    return address.empty() ? address : "IP:" + address;
  }
  if (bytes.empty()) return {};
  for (const char c : bytes) {
    if (c <= ' ' || c == '\x7f') return {};  // negative ones are not ASCII: IA5String has none
  }
  return (type == GEN_DNS ? "DNS:" : type == GEN_EMAIL ? "email:" : "URI:") + std::string(bytes);
}

}  // namespace

std::optional<PeerCertificate> peer_certificate(const ssl_st* ssl) {
  const X509* shown = SSL_get0_peer_certificate(ssl);
  if (shown == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return std::nullopt;
  return describe(*shown);
}

PeerCertificate describe(const X509& certificate) {
  PeerCertificate described{.subject = subject_of(certificate), .names = {}};
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string name = describe(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) described.names.push_back(std::move(name));
  }
  return described;
}

}  // namespace naru::io
