#include "engineio/packet.hpp"

#include "base/base64.hpp"

namespace naru::engineio {

Result<Packet> decode_packet(std::string_view text, std::string& storage) {
  if (text.empty()) return Error{Errc::bad_packet, "an empty packet"};
  const char type = text.front();
  text.remove_prefix(1);
  if (type == 'b') {
    storage.clear();
    NARU_CHECK(append_decoded_base64(text, storage));
    return Packet{PacketType::message, true, storage};
  }
  if (type < '0' || type > '6') return Error{Errc::bad_packet, "an unknown packet type"};
  return Packet{static_cast<PacketType>(type - '0'), false, text};
}

Result<std::optional<Packet>> PayloadReader::next() {
  if (ended_) return std::optional<Packet>();
  if (left_ == 0) {
    ended_ = true;
    return Error{Errc::too_many, "too many packets in one payload"};
  }
  --left_;
  const std::size_t cut = rest_.find(kSeparator);
  const std::string_view text = rest_.substr(0, cut);
  if (cut == std::string_view::npos) {
    ended_ = true;
  } else {
    rest_.remove_prefix(cut + 1);
  }
  auto packet = decode_packet(text, storage_);
  if (!packet) {
    ended_ = true;
    return packet.error();
  }
  return std::optional<Packet>(*packet);
}

void append_payload(PacketType type, std::string_view data, std::string& out) {
  if (!out.empty()) out.push_back(kSeparator);
  out.push_back(type_char(type));
  out += data;
}

void append_binary_payload(std::string_view bytes, std::string& out) {
  if (!out.empty()) out.push_back(kSeparator);
  out.push_back('b');
  append_base64(bytes, out);
}

}  // namespace naru::engineio
