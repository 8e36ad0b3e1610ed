#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::socketio {

// Of Socket.IO's protocol: 4 is what runs on Engine.IO 3.
enum class Revision : std::uint8_t { v4 = 4, v5 = 5 };

enum class PacketType : std::uint8_t {
  connect,
  disconnect,
  event,
  ack,
  connect_error,
  binary_event,
  binary_ack,
};

// A decoded packet. All of it is borrowed from the decoder and its input:
// valid until the next receive on any decoder with the same Scratch.
struct Packet {
  PacketType type = PacketType::event;  // never binary_*: `attachments` says it
  std::string_view nsp = "/";
  std::string_view query;  // revision 4: what stands behind '?' in the namespace, as sent
  std::optional<std::uint64_t> id;
  std::string_view event;                    // of EVENT: the decoded name
  std::span<const std::string_view> args;    // of EVENT (without the name) and ACK: raw JSON values
  std::string_view data;                     // of CONNECT and CONNECT_ERROR: raw JSON, or empty
  std::span<const std::string> attachments;  // what placeholders in `args` refer to
};

// Whether user code may not use `name` for an event: connect, connect_error, disconnect,
// disconnecting, newListener, removeListener.
bool is_reserved_event(std::string_view name);

// Appends a packet in text form, without Engine.IO's "4". `json` is its data or empty;
// `attachments` > 0 turns EVENT and ACK into their binary types.
void append_packet(PacketType type, std::string_view nsp, std::optional<std::uint64_t> id,
                   std::string_view json, std::size_t attachments, std::string& out);

}  // namespace naru::socketio
