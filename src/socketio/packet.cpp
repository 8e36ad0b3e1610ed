#include "socketio/packet.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace naru::socketio {
namespace {

constexpr std::array<std::string_view, 6> kReserved{
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

void append_decimal(std::uint64_t value, std::string& out) {
  std::array<char, 24> buffer{};
  char* const begin = buffer.data();
  out.append(begin, std::to_chars(begin, begin + buffer.size(), value).ptr);
}

PacketType binary_type(PacketType type) {
  NARU_ASSERT(type == PacketType::event || type == PacketType::ack);
  return type == PacketType::event ? PacketType::binary_event : PacketType::binary_ack;
}

}  // namespace

bool is_reserved_event(std::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

void append_packet(PacketType type, std::string_view nsp, std::optional<std::uint64_t> id,
                   std::string_view json, std::size_t attachments, std::string& out) {
  if (attachments > 0) type = binary_type(type);
  out.push_back(static_cast<char>('0' + static_cast<int>(type)));
  if (attachments > 0) {
    append_decimal(attachments, out);
    out.push_back('-');
  }
  if (nsp != "/") {
    out += nsp;
    out.push_back(',');
  }
  if (id) append_decimal(*id, out);
  out += json;
}

}  // namespace naru::socketio
