#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;

namespace naru::io {

// The host names that a certificate is for, in lower case: its DNS names, or the common name of one
// that has none.
std::vector<std::string> host_names(const x509_st& certificate);

// The host name in the body of a server_name extension (RFC 6066 3), in lower case; "" when it
// holds none. (OpenSSL refuses a malformed one itself, after us.)
std::string asked_host(std::span<const unsigned char> extension);

// Values by host name: exactly, or by a wildcard for its first label ("*.example.org").
template <class Value>
class TlsHosts {
 public:
  Value& operator[](const std::string& name) { return values_[name]; }

  const Value* find(const std::string& host) const {
    auto found = values_.find(host);
    if (found == values_.end() && host.find('.') != std::string::npos) {
      found = values_.find("*" + host.substr(host.find('.')));
    }
    return found == values_.end() ? nullptr : &found->second;
  }

  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::map<std::string, Value> values_;
};

}  // namespace naru::io
