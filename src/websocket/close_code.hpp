#pragma once

#include "naru/result.hpp"

#include <cstdint>

namespace naru::websocket {

// RFC 6455 section 7.4 and the IANA registry.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t none = 1005;      // never on the wire: the Close frame had no code
inline constexpr std::uint16_t abnormal = 1006;  // never on the wire: no Close frame at all
inline constexpr std::uint16_t invalid_payload = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t message_too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t service_restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;
}  // namespace close_code

// Whether a peer may send `code` in a Close frame.
constexpr bool is_valid_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

// What the peer is told about an error of receiving (RFC 6455 section 7.4.1).
constexpr std::uint16_t close_code_for(Errc error) {
  switch (error) {
    case Errc::bad_utf8:
    case Errc::bad_compression:
      return close_code::invalid_payload;
    case Errc::message_too_big:
      return close_code::message_too_big;
    case Errc::too_many:
      return close_code::policy_violation;
    default:
      return close_code::protocol_error;
  }
}

}  // namespace naru::websocket
