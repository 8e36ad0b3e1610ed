#pragma once

#include "naru/parser.hpp"
#include "naru/result.hpp"
#include "socketio/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru::socketio {

struct Limits {
  std::size_t attachments = 10;         // of one packet (CVE-2026-33151)
  std::size_t held_bytes = 10'000'000;  // of a packet whose attachments are still to come
  std::size_t depth = 64;               // nesting of its JSON
  std::size_t arguments = 1000;         // of one event
  std::size_t namespace_bytes = 512;
};

// What decoding needs for the length of one call, shared by all decoders of a loop so that an idle
// connection holds none of it.
struct Scratch {
  std::vector<std::string_view> elements;
  std::string event;
  std::string text;  // a held packet, once it is complete
  std::vector<std::string> attachments;
  Packet packet;
  PacketBuffer buffer;  // of users' decoders
};

// What another parser's decoder gives, held to the rules of text: names, depth, arguments, and that
// each placeholder has its attachment. The packet is valid as long as `view` and `scratch` are.
// Errors: bad_packet, bad_json, bad_utf8, too_many.
Result<const Packet*> check_packet(const PacketView& view, Revision revision, const Limits& limits,
                                   Scratch& scratch);

// Decodes the Socket.IO packets of one connection from its Engine.IO messages, by the strict rules
// of the protocol. After an error the connection is to be closed.
class Decoder {
 public:
  Decoder(const Limits& limits, Scratch& scratch) : limits_(&limits), scratch_(&scratch) {}

  // Whether a text is known to be UTF-8: WebSocket has checked its own, a polling body is
  // unchecked.
  enum class Text : std::uint8_t { unchecked, utf8 };

  // One text message; the revision is the connection's. Returns the packet, or nullptr when its
  // attachments are still to come.
  // Errors: bad_packet, bad_json, bad_utf8, too_many, message_too_big.
  Result<const Packet*> receive_text(std::string_view message, Text text = Text::unchecked,
                                     Revision revision = Revision::v5);
  // One binary message: the next attachment of the held packet.
  Result<const Packet*> receive_binary(std::string_view message, Revision revision = Revision::v5);

  // A packet is held: its attachments are still to come. The caller bounds for how long.
  bool waiting() const { return held_ != nullptr; }

 private:
  struct Held {
    std::string text;
    std::size_t expected = 0;
    std::size_t bytes = 0;
    std::vector<std::string> attachments;
  };
  const Limits* limits_;
  Scratch* scratch_;
  std::unique_ptr<Held> held_;  // allocated while a packet waits
};

}  // namespace naru::socketio
