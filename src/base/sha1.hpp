#pragma once

#include <array>
#include <string_view>

namespace naru {

// SHA-1 as the WebSocket handshake needs it (RFC 6455 section 1.3); not for security.
std::array<char, 20> sha1(std::string_view bytes);

}  // namespace naru
