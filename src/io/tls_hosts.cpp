#include "io/tls_hosts.hpp"

#include <openssl/x509v3.h>

#include <memory>

namespace naru::io {
namespace {

constexpr std::size_t kLongestName = 255;

// "" when there is a character that stands in no host name. A certificate's are ours, a peer's
// become part of a digest and of nothing else; but neither holds a NUL.
std::string lowered(std::string_view name) {
  if (name.size() > kLongestName) return {};
  std::string lower;
  for (const char c : name) {
    if (c <= ' ' || c == '\x7f') return {};
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

std::string lowered(const ASN1_STRING* text) {
  return lowered(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                  static_cast<std::size_t>(ASN1_STRING_length(text))));
}

// A big-endian number at the front, and what is behind it.
bool take_number(std::span<const unsigned char>& in, std::size_t bytes, std::size_t& number) {
  if (in.size() < bytes) return false;
  number = 0;
  for (const unsigned char byte : in.first(bytes)) number = number << 8U | byte;
  in = in.subspan(bytes);
  return true;
}

}  // namespace

std::vector<std::string> host_names(const X509& certificate) {
  std::vector<std::string> names;
  const auto add = [&](const ASN1_STRING* text) {
    std::string name = lowered(text);
    if (!name.empty()) names.push_back(std::move(name));
  };
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) add(name->d.dNSName);
  }
  if (!names.empty()) return names;
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) add(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  return names;
}

std::string asked_host(std::span<const unsigned char> extension) {
  constexpr std::size_t host_name = 0;
  std::size_t size = 0;
  if (!take_number(extension, 2, size) || size != extension.size()) return {};
  // One name of the one kind there is; clients have never sent more.
  std::size_t kind = 0;
  if (!take_number(extension, 1, kind) || kind != host_name) return {};
  if (!take_number(extension, 2, size) || size != extension.size()) return {};
  std::string host =
      lowered(std::string_view(reinterpret_cast<const char*>(extension.data()), extension.size()));
  if (host.ends_with('.')) host.pop_back();
  return host;
}

}  // namespace naru::io
