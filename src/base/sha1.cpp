#include "base/sha1.hpp"

#include "base/assert.hpp"

#include <openssl/evp.h>

namespace naru {

std::array<char, 20> sha1(std::string_view bytes) {
  // EVP_sha1() would be looked up by its name each time.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  std::array<char, 20> digest{};
  unsigned size = 0;
  const int ok =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 algorithm, nullptr);
  NARU_ASSERT(ok == 1 && size == digest.size());
  return digest;
}

}  // namespace naru
