#pragma once

#include "naru/json.hpp"
#include "naru/message.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru {

// How Socket.IO packets look on the wire: Node's `parser`. Server and clients must have the same;
// nothing on the wire tells it. Unless SocketIoOptions::parser names another it is text, with
// binary messages behind it.

// One packet, whatever its form on the wire. Borrowed.
struct PacketView {
  enum class Type : std::uint8_t { connect, disconnect, event, ack, connect_error };
  Type type = Type::event;
  std::string_view nsp = "/";
  std::optional<std::uint64_t> id{};  // an event asks for an answer by it, an ack gives it
  // event: the array of its name and arguments; ack: of its arguments; connect: an object, or no
  // text at all; connect_error: an object or a string. Binary values are attachments, named by
  // placeholders in the text.
  JsonView data{};
  int revision = 5;  // encode: of the client, where it is known; 4 for those of Socket.IO 1 and 2
};

// Room for what a decoder makes of a message; all connections of a loop share it.
struct PacketBuffer {
  std::string nsp;
  std::string text;
  std::vector<std::string> attachments;
};

// One Engine.IO message.
struct PacketMessage {
  std::string bytes;
  bool binary = false;
};

// Of one connection, on its loop.
class PacketDecoder {
 public:
  virtual ~PacketDecoder() = default;
  // Takes a message; its text may not be UTF-8. Gives the packet that it completes, borrowed from
  // the message and `buffer` (whose contents are old), or nullopt: more belongs to it. The server
  // checks what it gets as it checks its own, and SocketIoOptions::attachment_timeout bounds the
  // waiting; how much is held meanwhile is for this decoder to bound. An error, or an exception,
  // ends the connection.
  virtual Result<std::optional<PacketView>> receive(Message message, PacketBuffer& buffer) = 0;
};

// Shared by all loops: calls must not change it.
class PacketParser {
 public:
  virtual ~PacketParser() = default;
  virtual std::unique_ptr<PacketDecoder> make_decoder() const = 0;
  // Appends the messages of a packet, in order. A broadcast is encoded once for all its receivers.
  virtual void encode(const PacketView& packet, std::vector<PacketMessage>& out) const = 0;
};

// That of npm's socket.io-msgpack-parser: each packet is one binary message. Clients of Socket.IO 3
// and 4 have its version 3, those of 2 its version 2. Above a limit the connection ends.
struct MsgpackOptions {
  std::size_t depth = 64;       // nesting of a packet's values
  std::size_t binaries = 1000;  // binary values in one packet
};
std::shared_ptr<const PacketParser> msgpack_parser(const MsgpackOptions& options = {});

}  // namespace naru
