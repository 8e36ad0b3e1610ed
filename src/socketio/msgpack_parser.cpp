// The form of npm's socket.io-msgpack-parser: {type, data, [id], nsp} as one MessagePack map.
#include "base/utf8.hpp"
#include "json/split.hpp"
#include "msgpack/from_json.hpp"
#include "msgpack/reader.hpp"
#include "msgpack/to_json.hpp"
#include "msgpack/writer.hpp"
#include "naru/parser.hpp"

#include <tuple>
#include <utility>

namespace naru {
namespace {

using Kind = msgpack::Token::Kind;
using Type = PacketView::Type;
using namespace std::string_view_literals;

constexpr std::string_view kUndefined = "\xd4\0\0"sv;  // notepack's
constexpr Error kNoPacket{Errc::bad_packet, "a map that is no packet"};

// Version 2 of the parser marks what has binary, as text does: 5 and 6.
std::optional<Type> packet_type(std::uint64_t number) {
  if (number <= 4) return static_cast<Type>(number);
  if (number == 5) return Type::event;
  if (number == 6) return Type::ack;
  return std::nullopt;
}

// The members of the map, of which others than these are passed over.
class MapDecoder {
 public:
  MapDecoder(std::string_view message, const msgpack::Limits& limits, PacketBuffer& buffer)
      : in_(message), limits_(limits), reader_(limits), buffer_(buffer) {}

  Result<PacketView> decode() {
    NARU_TRY(const msgpack::Token map, next());
    if (map.kind != Kind::map) return kNoPacket;
    while (reader_.depth() > 0) {
      NARU_TRY(const msgpack::Token key, next());
      if (key.kind == Kind::end_map) break;
      if (key.kind != Kind::string) return kNoPacket;
      NARU_CHECK(member(key.bytes));
    }
    if (!in_.empty()) return Error{Errc::bad_msgpack, "bytes behind a packet"};
    if (!type_ || packet_.nsp.empty()) return kNoPacket;
    packet_.type = *type_;
    return packet_;
  }

 private:
  Result<msgpack::Token> next() {
    NARU_TRY(const std::optional<msgpack::Token> token, reader_.next(in_));
    if (!token) return Error{Errc::bad_msgpack, "a packet that ends early"};
    return *token;
  }

  Result<void> member(std::string_view name) {
    if (name == "data") return data();
    const std::size_t outside = reader_.depth();
    NARU_TRY(const msgpack::Token value, next());
    if (name == "type") {
      type_ =
          value.kind == Kind::unsigned_integer ? packet_type(value.unsigned_integer) : std::nullopt;
      if (!type_) return Error{Errc::bad_packet, "an unknown packet type"};
    } else if (name == "nsp") {
      if (value.kind != Kind::string) return kNoPacket;
      packet_.nsp = value.bytes;
    } else if (name == "id") {
      if (value.kind == Kind::unsigned_integer) {
        packet_.id = value.unsigned_integer;
      } else if (value.kind != Kind::nil && value.kind != Kind::extension) {
        return Error{Errc::bad_packet, "an ack id that is no whole number"};
      }
    } else {
      while (reader_.depth() > outside) {
        NARU_TRY(std::ignore, next());
      }
    }
    return {};
  }

  Result<void> data() {
    buffer_.text.clear();
    buffer_.attachments.clear();
    packet_.data = {};
    if (in_.starts_with(kUndefined)) {  // as if it were not there
      NARU_TRY(std::ignore, next());
      return {};
    }
    NARU_CHECK(msgpack::to_json(reader_, in_, limits_, buffer_.text, buffer_.attachments));
    packet_.data = {buffer_.text, buffer_.attachments};
    return {};
  }

  std::string_view in_;
  const msgpack::Limits& limits_;
  msgpack::Reader reader_;
  PacketBuffer& buffer_;
  std::optional<Type> type_;
  PacketView packet_{.nsp = {}};
};

// Version 2 sends CONNECT, DISCONNECT and ERROR as the text of a JSON object.
Result<PacketView> decode_text(std::string_view text, std::size_t depth, PacketBuffer& buffer) {
  if (!is_utf8(text)) return Error{Errc::bad_utf8, "a packet that is not UTF-8"};
  NARU_CHECK(json::validate(text, {.depth = depth}));
  NARU_TRY(const auto members, json_members({text}));
  PacketView packet{.nsp = {}};
  std::optional<Type> type;
  for (const auto& [name, value] : members) {
    if (name == "type") {
      NARU_TRY(const std::uint64_t number, json_uint64(value));
      type = packet_type(number);
    } else if (name == "nsp") {
      NARU_TRY(buffer.nsp, json_string(value));
      packet.nsp = buffer.nsp;
    } else if (name == "data") {
      packet.data = value;
    }
  }
  if (!type || packet.nsp.empty()) return kNoPacket;
  if (*type == Type::event || *type == Type::ack) return kNoPacket;
  packet.type = *type;
  return packet;
}

class MsgpackDecoder final : public PacketDecoder {
 public:
  explicit MsgpackDecoder(const MsgpackOptions& options) : options_(options) {}

  Result<std::optional<PacketView>> receive(Message message, PacketBuffer& buffer) override {
    if (!message.binary) {
      NARU_TRY(const PacketView packet, decode_text(message.data, options_.depth + 1, buffer));
      return std::optional(packet);
    }
    // A value takes a byte at least: more than there are have been announced in vain.
    const msgpack::Limits limits{.depth = options_.depth + 1,
                                 .values = message.data.size(),
                                 .bytes = message.data.size(),
                                 .binaries = options_.binaries};
    NARU_TRY(const PacketView packet, MapDecoder(message.data, limits, buffer).decode());
    return std::optional(packet);
  }

 private:
  const MsgpackOptions& options_;
};

void append_member(std::string_view name, std::uint64_t value, std::string& out) {
  msgpack::append_string(name, out);
  msgpack::append_unsigned(value, out);
}

// What version 2 reads as text: an error's data must be a string there.
std::string control_text(const PacketView& packet) {
  std::string text;
  std::vector<std::string> attachments;
  JsonWriter out(text, attachments);
  out.begin_object();
  out.key("type");
  out.integer(static_cast<int>(packet.type));
  out.key("nsp");
  out.string(packet.nsp);
  if (!packet.data.text.empty()) {
    const Result<Json> data = json_cast<Json>(packet.data);
    const Json& message = data ? (*data)["message"] : Json();
    out.key("data");
    message.is_null() ? out.raw(packet.data.text) : json_write(out, message);
  }
  out.end_object();
  return text;
}

class MsgpackParser final : public PacketParser {
 public:
  explicit MsgpackParser(const MsgpackOptions& options) : options_(options) {}

  std::unique_ptr<PacketDecoder> make_decoder() const override {
    return std::make_unique<MsgpackDecoder>(options_);
  }

  // In the order of Node's server.
  void encode(const PacketView& packet, std::vector<PacketMessage>& out) const override {
    const bool is_ack = packet.type == Type::ack;
    if (packet.revision == 4 && packet.type != Type::event && !is_ack) {
      out.push_back({control_text(packet), false});
      return;
    }
    const bool has_data = !packet.data.text.empty();
    std::string bytes;
    bytes.reserve(packet.data.text.size() + 48);
    msgpack::append_map(std::size_t{2} + (packet.id ? 1 : 0) + (has_data ? 1 : 0), bytes);
    if (packet.id && is_ack) append_member("id", *packet.id, bytes);
    append_member("type", static_cast<std::uint64_t>(packet.type), bytes);
    if (has_data) {
      msgpack::append_string("data", bytes);
      if (!msgpack::from_json(packet.data, bytes)) msgpack::append_nil(bytes);  // the user's fault
    }
    if (packet.id && !is_ack) append_member("id", *packet.id, bytes);
    msgpack::append_string("nsp", bytes);
    msgpack::append_string(packet.nsp, bytes);
    out.push_back({std::move(bytes), true});
  }

 private:
  MsgpackOptions options_;
};

}  // namespace

std::shared_ptr<const PacketParser> msgpack_parser(const MsgpackOptions& options) {
  return std::make_shared<MsgpackParser>(options);
}

}  // namespace naru
