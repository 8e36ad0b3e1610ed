#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace naru::engineio {

inline constexpr char kSeparator = '\x1e';  // between the packets of a polling payload

enum class PacketType : std::uint8_t { open, close, ping, pong, message, upgrade, noop };

struct Packet {
  PacketType type = PacketType::message;
  bool binary = false;    // a message of bytes; `data` is those bytes
  std::string_view data;  // without the type character
};

// Decodes one packet in text form: a WebSocket text frame, or one packet of a payload. "b..." is a
// binary message in base64, decoded into `storage`, which `data` then points into.
// Errors: bad_packet (empty, unknown type, bad base64).
Result<Packet> decode_packet(std::string_view text, std::string& storage);

struct PayloadLimits {
  std::size_t packets = 4096;  // in one payload
};

// Reads the packets of a polling body one by one (Engine.IO 4, "Packet encoding"). Each is valid
// until the next call. Those before a bad one are still delivered.
class PayloadReader {
 public:
  PayloadReader(std::string_view body, const PayloadLimits& limits)
      : rest_(body), left_(limits.packets) {}
  // The next packet, or nullopt at the end. Errors: bad_packet, too_many; reading ends there.
  Result<std::optional<Packet>> next();

 private:
  std::string_view rest_;
  std::size_t left_;
  bool ended_ = false;
  std::string storage_;
};

// Appends one packet in the form of a polling payload, with a separator before it unless `out` is
// empty. Binary messages become "b" and base64.
void append_payload(PacketType type, std::string_view data, std::string& out);
void append_binary_payload(std::string_view bytes, std::string& out);

constexpr char type_char(PacketType type) {
  return static_cast<char>('0' + static_cast<int>(type));
}

}  // namespace naru::engineio
