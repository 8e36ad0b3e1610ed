// One Engine.IO message for the MessagePack parser: text if its first byte is even. What is a
// packet by the rules of text must come back as the same packet.
#include "naru/parser.hpp"
#include "socketio/decoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace naru;
using namespace naru::socketio;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string array_of(const Packet& packet) {
  std::string json;
  std::vector<std::string> attachments;
  JsonWriter out(json, attachments);
  out.begin_array();
  if (packet.type == PacketType::event) out.string(packet.event);
  for (const std::string_view arg : packet.args) out.raw(arg);
  out.end_array();
  return json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Limits limits{.depth = 16, .arguments = 20};
  const auto parser = msgpack_parser({.depth = 16, .binaries = 5});
  const auto decoder = parser->make_decoder();
  Scratch scratch;
  const auto view = decoder->receive({bytes, data[0] % 2 == 1}, scratch.buffer);
  if (!view) return 0;
  require(view->has_value());
  const auto checked = check_packet(**view, Revision::v5, limits, scratch);
  if (!checked) return 0;
  const Packet& packet = **checked;
  require(packet.attachments.size() <= 5 && packet.args.size() <= 20);

  const bool array = packet.type == PacketType::event || packet.type == PacketType::ack;
  const std::string json = array ? array_of(packet) : std::string(packet.data);
  std::vector<PacketMessage> messages;
  parser->encode({.type = static_cast<PacketView::Type>(packet.type),
                  .nsp = packet.nsp,
                  .id = packet.id,
                  .data = {json, packet.attachments}},
                 messages);
  require(messages.size() == 1 && messages.front().binary);
  Scratch other;
  const auto again = decoder->receive({messages.front().bytes, true}, other.buffer);
  require(again && again->has_value());
  const auto same = check_packet(**again, Revision::v5, limits, other);
  require(same.has_value());
  require((*same)->type == packet.type && (*same)->nsp == packet.nsp && (*same)->id == packet.id);
  require((*same)->event == packet.event && (*same)->args.size() == packet.args.size());
  require((*same)->attachments.size() == packet.attachments.size());
  return 0;
}
