#include "engineio/packet.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "engineio/payload_v3.hpp"

#include <utility>

namespace naru::engineio {

namespace {

Result<PacketType> packet_type(unsigned number) {
  if (number > 6) return Error{Errc::bad_packet, "an unknown packet type"};
  return static_cast<PacketType>(number);
}

// The type that the front of `text` names, which is taken off it.
Result<PacketType> take_type(std::string_view& text) {
  if (text.empty()) return Error{Errc::bad_packet, "an empty packet"};
  const auto number = static_cast<unsigned char>(text.front()) - unsigned{'0'};
  text.remove_prefix(1);
  return packet_type(number);
}

}  // namespace

Result<Packet> decode_packet(std::string_view text, std::string& storage, Revision revision) {
  if (!text.starts_with('b')) {
    NARU_TRY(const PacketType type, take_type(text));
    return Packet{type, false, text};
  }
  text.remove_prefix(1);
  PacketType type = PacketType::message;
  if (revision == Revision::v3) {
    NARU_TRY(type, take_type(text));
  }
  storage.clear();
  NARU_CHECK(append_decoded_base64(text, storage));
  return Packet{type, true, storage};
}

Result<Packet> decode_binary_packet(std::string_view bytes) {
  if (bytes.empty()) return Error{Errc::bad_packet, "an empty packet"};
  NARU_TRY(const PacketType type, packet_type(static_cast<unsigned char>(bytes.front())));
  return Packet{type, true, bytes.substr(1)};
}

Result<std::optional<Packet>> PayloadReader::next() {
  if (ended_) return std::optional<Packet>();
  if (form_ == PayloadForm::separated) {
    if (left_ == 0) {
      ended_ = true;
      return Error{Errc::too_many, "too many packets in one payload"};
    }
    --left_;
    NARU_TRY(const Packet packet, next_separated());
    return std::optional<Packet>(packet);
  }
  auto packet = next_of_revision_3();
  ended_ = !packet || !*packet;
  return packet;
}

Result<Packet> PayloadReader::next_separated() {
  const std::size_t cut = rest_.find(kSeparator);
  const std::string_view text = rest_.substr(0, cut);
  if (cut == std::string_view::npos) {
    ended_ = true;
  } else {
    rest_.remove_prefix(cut + 1);
  }
  auto packet = decode_packet(text, storage_);
  if (!packet) ended_ = true;
  return packet;
}

Result<std::optional<Packet>> PayloadReader::next_of_revision_3() {
  if (rest_.empty() && begun_) return std::optional<Packet>();
  if (!std::exchange(begun_, true) && form_ == PayloadForm::counted && !is_utf8(rest_)) {
    return Error{Errc::bad_utf8, "a payload that is not UTF-8"};
  }
  // Empty entries are passed over; each counts.
  for (; left_ > 0; --left_) {
    NARU_TRY(const v3::Entry entry,
             form_ == PayloadForm::counted ? v3::take_counted(rest_) : v3::take_framed(rest_));
    if (entry.bytes.empty() && form_ == PayloadForm::counted) {
      if (rest_.empty()) return std::optional<Packet>();
      continue;
    }
    --left_;
    NARU_TRY(const Packet packet, entry.binary
                                      ? decode_binary_packet(entry.bytes)
                                      : decode_packet(entry.bytes, storage_, Revision::v3));
    return std::optional<Packet>(packet);
  }
  return Error{Errc::too_many, "too many packets in one payload"};
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
