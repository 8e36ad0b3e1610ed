#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace naru::engineio {

// Of Engine.IO, as `EIO=` names it: 3 is what clients before Socket.IO 3 speak.
enum class Revision : std::uint8_t { v3 = 3, v4 = 4 };

inline constexpr char kSeparator = '\x1e';  // between the packets of a payload of revision 4

enum class PacketType : std::uint8_t { open, close, ping, pong, message, upgrade, noop };

struct Packet {
  PacketType type = PacketType::message;
  bool binary = false;    // a message of bytes; `data` is those bytes
  std::string_view data;  // without the type character
};

// Decodes one packet in text form: a WebSocket text frame, or one packet of a payload. "b..." is a
// binary message in base64 (revision 3 puts the type behind the "b"), decoded into `storage`, which
// `data` then points into. Errors: bad_packet (empty, unknown type, bad base64).
Result<Packet> decode_packet(std::string_view text, std::string& storage,
                             Revision revision = Revision::v4);
// Decodes one packet of revision 3 in binary form: its type in a byte, and its data.
Result<Packet> decode_binary_packet(std::string_view bytes);

// How the packets of a polling body are put together.
enum class PayloadForm : std::uint8_t {
  separated,  // revision 4: kSeparator between them
  counted,    // revision 3, text: each behind its length in UTF-16 units and ':'
  framed,     // revision 3, binary: each behind its kind and its length in bytes
};

struct PayloadLimits {
  std::size_t packets = 4096;  // in one payload
};

// Reads the packets of a polling body one by one, in linear time. Each is valid until the next
// call. Those before a bad one are still delivered.
class PayloadReader {
 public:
  PayloadReader(std::string_view body, const PayloadLimits& limits,
                PayloadForm form = PayloadForm::separated)
      : rest_(body), left_(limits.packets), form_(form) {}
  // The next packet, or nullopt at the end. Errors: bad_packet, too_many, bad_utf8 (of a counted
  // payload, whose lengths mean nothing then); reading ends there.
  Result<std::optional<Packet>> next();

 private:
  Result<Packet> next_separated();
  Result<std::optional<Packet>> next_of_revision_3();

  std::string_view rest_;
  std::size_t left_;
  PayloadForm form_;
  bool begun_ = false;
  bool ended_ = false;
  std::string storage_;
};

// Appends one packet in the form of a payload of revision 4, with a separator before it unless
// `out` is empty. Binary messages become "b" and base64.
void append_payload(PacketType type, std::string_view data, std::string& out);
void append_binary_payload(std::string_view bytes, std::string& out);

constexpr char type_char(PacketType type) {
  return static_cast<char>('0' + static_cast<int>(type));
}

}  // namespace naru::engineio
