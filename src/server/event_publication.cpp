#include "server/event_publication.hpp"

#include "base/assert.hpp"
#include "base/base64.hpp"
#include "engineio/packet.hpp"
#include "engineio/payload_v3.hpp"
#include "server/engineio_session.hpp"
#include "server/worker.hpp"
#include "socketio/packet.hpp"
#include "websocket/deflate.hpp"
#include "websocket/frame.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace naru::server {
namespace {

// An attachment as a frame: revision 3 puts the type in front; base64 is for peers without binary.
void append_attachment_frame(hub::WireFormat format, std::string_view bytes, std::string& out) {
  using websocket::Opcode;
  switch (format) {
    case kWebSocketV3Format:
      return websocket::append_frame(Opcode::binary, "\x04", bytes, out);
    case kWebSocketBase64Format:
      return websocket::append_frame(Opcode::text, "b", base64(bytes), out);
    case kWebSocketV3Base64Format:
      return websocket::append_frame(Opcode::text, "b4", base64(bytes), out);
    default:
      return websocket::append_frame(Opcode::binary, {}, bytes, out);
  }
}

}  // namespace

std::string EventPublication::head() const {
  std::string head = "4";
  socketio::append_packet(socketio::PacketType::event, nsp_, ack, {}, event_.attachments.size(),
                          head);
  return head;
}

bool EventPublication::compressible() const {
  const auto long_enough = [this](const std::string& each) { return each.size() >= threshold_; };
  return compress &&
         (long_enough(event_.json) ||
          std::any_of(event_.attachments.begin(), event_.attachments.end(), long_enough));
}

// Text and attachments are a frame each, in this order.
std::string EventPublication::said_compressed(std::string_view frames) const {
  std::string said;
  for (std::size_t i = 0; !frames.empty(); ++i) {
    const auto decoded = websocket::decode_head(frames, websocket::Role::client, true);
    NARU_ASSERT(decoded && *decoded && i <= event_.attachments.size());
    const auto& [frame, size] = **decoded;
    if (frame.rsv1 && i == 0) said.append(head()).append(event_.json);
    if (frame.rsv1 && i > 0) said.append(event_.attachments[i - 1]);
    frames.remove_prefix(size + static_cast<std::size_t>(frame.payload_bytes));
  }
  return said;
}

SharedBytes EventPublication::encode(hub::WireFormat format) const {
  const std::string head = this->head();
  std::string bytes;
  const auto append_compressed = [&](websocket::Opcode opcode, std::string_view prefix,
                                     std::string_view payload) {
    websocket::append_shared(opcode, prefix, payload, format - kWebSocketFormat,
                             {.threshold = threshold_, .level = level_}, Worker::current()->deflate,
                             bytes);
  };
  switch (format) {
    case kPollingFormat:
      bytes = head + event_.json;
      for (const std::string& each : event_.attachments)
        engineio::append_binary_payload(each, bytes);
      break;
    case kPollingV3Format:
      engineio::v3::append_framed(head, event_.json, bytes);
      for (const std::string& each : event_.attachments)
        engineio::v3::append_framed_binary(each, bytes);
      break;
    case kWebSocketFormat + 1:
    case kWebSocketFormat + 2:
    case kWebSocketFormat + 3:
      append_compressed(websocket::Opcode::text, head, event_.json);
      for (const std::string& each : event_.attachments) {
        append_compressed(websocket::Opcode::binary, {}, each);
      }
      break;
    default:
      websocket::append_frame(websocket::Opcode::text, head, event_.json, bytes);
      for (const std::string& each : event_.attachments)
        append_attachment_frame(format, each, bytes);
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

std::size_t EventPublication::bytes() const {
  std::size_t total = sizeof(*this) + nsp_.size() + event_.json.size();
  for (const std::string& attachment : event_.attachments) total += attachment.size();
  return total;
}

void EventPublication::place(std::uint64_t number, std::string_view offset) {
  number_ = number;
  if (offset.empty()) return;
  event_.json.pop_back();
  event_.json.append(",\"").append(offset).append("\"]");
}

}  // namespace naru::server
