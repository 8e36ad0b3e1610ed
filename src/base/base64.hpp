#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace naru {

// Characters that base64 with padding makes of `bytes` bytes (RFC 4648 section 4).
constexpr std::size_t base64_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

// Appends `bytes` to `out` in base64 with padding.
void append_base64(std::string_view bytes, std::string& out);
std::string base64(std::string_view bytes);

// base64 of the URL alphabet without padding (RFC 4648 section 5), as session ids use it.
std::string base64url(std::string_view bytes);

// Appends what `text` encodes to `out`. Standard alphabet; the padding may be missing.
// Errors: bad_packet for any other character or an impossible length.
Result<void> append_decoded_base64(std::string_view text, std::string& out);

}  // namespace naru
