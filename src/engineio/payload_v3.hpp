#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

// The payloads of Engine.IO 3, text and binary (socket.io's engine.io-parser 2).
namespace naru::engineio::v3 {

// One packet within a payload, still encoded.
struct Entry {
  std::string_view bytes;
  bool binary = false;
};

// Take the entry at the front of a payload off it. Errors: bad_packet.
Result<Entry> take_counted(
    std::string_view& rest);  // "6:4hello": UTF-16 units, as JavaScript counts
Result<Entry> take_framed(std::string_view& rest);  // 00 06 ff "4hello": bytes

// Append one packet to a framed payload: text, `head` (its type first) and `rest` in a row; or a
// binary message.
void append_framed(std::string_view head, std::string_view rest, std::string& out);
void append_framed_binary(std::string_view bytes, std::string& out);

// Whether a packet of a framed payload of ours is binary; and the same payload as text, its binary
// messages in base64. Whole and well-formed, or what follows is left out.
bool holds_binary(std::string_view framed);
std::string counted_from_framed(std::string_view framed);

}  // namespace naru::engineio::v3
