#include "naru/secret.hpp"

#include <openssl/crypto.h>

namespace naru {

bool same_secret(std::string_view given, std::string_view expected) {
  // Of another length, it is compared all the same: with what it is told from.
  const std::string_view other = given.size() == expected.size() ? given : expected;
  const bool same = CRYPTO_memcmp(other.data(), expected.data(), expected.size()) == 0;
  return same && given.size() == expected.size();
}

}  // namespace naru
