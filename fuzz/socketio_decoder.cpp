// One connection's Engine.IO messages, separated by 0x1e as on polling; those that begin with 'b'
// are binary.
#include "base/utf8.hpp"
#include "json/split.hpp"
#include "naru/json.hpp"
#include "socketio/decoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace naru::socketio;

void require(bool condition) {
  if (!condition) std::abort();
}

// The JSON of `packet`, written anew through user-facing code.
std::string rewrite(const Packet& packet, std::vector<std::string>& attachments) {
  std::string json;
  naru::JsonWriter writer(json, attachments);
  writer.begin_array();
  if (packet.type == PacketType::event) writer.string(packet.event);
  for (const std::string_view arg : packet.args) {
    require(naru::json::validate(arg, {}).has_value());
    static_cast<void>(naru::json_cast<naru::Json>({arg, packet.attachments}));
    naru::json_write(writer, naru::JsonView{arg, packet.attachments});
  }
  writer.end_array();
  return json;
}

// An echo of the packet must decode to the same again.
void check(const Packet& packet, const Limits& limits) {
  require(naru::is_utf8(packet.nsp) && naru::is_utf8(packet.event));
  std::vector<std::string> attachments;
  std::string json(packet.data);
  if (packet.type == PacketType::event || packet.type == PacketType::ack) {
    require(!is_reserved_event(packet.event));
    json = rewrite(packet, attachments);
  }
  std::string wire;
  append_packet(packet.type, packet.nsp, packet.id, json, attachments.size(), wire);
  Scratch scratch;
  Decoder decoder(limits, scratch);
  auto result = decoder.receive_text(wire);
  for (const std::string& attachment : attachments) {
    require(result.has_value() && *result == nullptr);
    result = decoder.receive_binary(attachment);
  }
  require(result.has_value() && *result != nullptr);
  const Packet& again = **result;
  require(again.type == packet.type && again.nsp == packet.nsp && again.id == packet.id);
  require(again.event == packet.event && again.data == packet.data);
  require(again.args.size() == packet.args.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const Limits limits{.attachments = 4, .held_bytes = 1000, .depth = 16, .arguments = 20};
  // What is decoded again may hold longer text than what came: "1e20" becomes
  // "100000000000000000000".
  Limits roomy = limits;
  roomy.held_bytes = 100'000;
  Scratch scratch;
  Decoder decoder(limits, scratch);
  while (!rest.empty()) {
    const std::size_t cut = rest.find('\x1e');
    const std::string_view message = rest.substr(0, cut);
    rest = cut == rest.npos ? std::string_view() : rest.substr(cut + 1);
    const bool binary = !message.empty() && message.front() == 'b';
    // Copies of the exact size, so that a read past the end is seen.
    const std::string copy(message.substr(binary ? 1 : 0));
    const auto packet = binary ? decoder.receive_binary(copy) : decoder.receive_text(copy);
    if (!packet) {
      require(!decoder.waiting());
      return 0;
    }
    require((*packet == nullptr) == decoder.waiting());
    if (*packet != nullptr) check(**packet, roomy);
  }
  return 0;
}
