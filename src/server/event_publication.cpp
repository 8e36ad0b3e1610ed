#include "server/event_publication.hpp"

#include "base/assert.hpp"
#include "base/base64.hpp"
#include "engineio/packet.hpp"
#include "engineio/payload_v3.hpp"
#include "server/engineio_session.hpp"
#include "server/socketio_server.hpp"
#include "server/worker.hpp"
#include "socketio/packet.hpp"
#include "websocket/deflate.hpp"
#include "websocket/frame.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace naru::server {
namespace {

void append_binary(hub::WireFormat format, std::string_view bytes, std::string& out) {
  using websocket::Opcode;
  switch (format) {
    case kPollingFormat:
      return engineio::append_binary_payload(bytes, out);
    case kPollingV3Format:
      return engineio::v3::append_framed_binary(bytes, out);
    // Revision 3 puts the type in front; base64 is for peers without binary.
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

void append_text(hub::WireFormat format, std::string_view head, std::string_view payload,
                 std::string& out) {
  switch (format) {
    case kPollingFormat:
      if (!out.empty()) out += '\x1e';
      out.append(head).append(payload);
      return;
    case kPollingV3Format:
      return engineio::v3::append_framed(head, payload, out);
    default:
      return websocket::append_frame(websocket::Opcode::text, head, payload, out);
  }
}

}  // namespace

template <class F>
void EventPublication::each_part(F call) const {
  if (parser_ != nullptr) {
    for (const PacketMessage& message : messages()) {
      call(Part{message.binary, message.binary ? "" : "4", message.bytes});
    }
    return;
  }
  std::string head = "4";
  socketio::append_packet(socketio::PacketType::event, nsp_, ack, {}, event_.attachments.size(),
                          head);
  call(Part{false, head, event_.json});
  for (const std::string& each : event_.attachments) call(Part{true, {}, each});
}

// On whichever loop comes first.
const std::vector<PacketMessage>& EventPublication::messages() const {
  std::call_once(encoded_, [this] {
    messages_ =
        parser_->encode({PacketView::Type::event, nsp_, ack, {event_.json, event_.attachments}});
  });
  return messages_;
}

bool EventPublication::has_binary() const {
  if (parser_ == nullptr) return !event_.attachments.empty();
  return std::any_of(messages().begin(), messages().end(),
                     [](const PacketMessage& message) { return message.binary; });
}

bool EventPublication::compressible() const {
  if (!compress) return false;
  bool any = false;
  each_part([&](const Part& part) { any = any || part.payload.size() >= threshold_; });
  return any;
}

// Each part is a frame, in this order.
std::string EventPublication::said_compressed(std::string_view frames) const {
  std::string said;
  each_part([&](const Part& part) {
    const auto decoded = websocket::decode_head(frames, websocket::Role::client, true);
    NARU_ASSERT(decoded && *decoded);
    const auto& [frame, size] = **decoded;
    if (frame.rsv1) said.append(part.head).append(part.payload);
    frames.remove_prefix(size + static_cast<std::size_t>(frame.payload_bytes));
  });
  return said;
}

SharedBytes EventPublication::encode(hub::WireFormat format) const {
  std::string bytes;
  const bool compressed = format > kWebSocketFormat && format < kPollingFormat;
  each_part([&](const Part& part) {
    if (compressed) {
      websocket::append_shared(part.binary ? websocket::Opcode::binary : websocket::Opcode::text,
                               part.head, part.payload, format - kWebSocketFormat,
                               {.threshold = threshold_, .level = level_},
                               Worker::current()->deflate, bytes);
    } else if (part.binary) {
      append_binary(format, part.payload, bytes);
    } else {
      append_text(format, part.head, part.payload, bytes);
    }
  });
  return std::make_shared<const std::string>(std::move(bytes));
}

std::size_t EventPublication::bytes() const {
  std::size_t total = sizeof(*this) + nsp_.size() + event_.json.size();
  for (const std::string& attachment : event_.attachments) total += attachment.size();
  if (parser_ != nullptr) total += total - sizeof(*this);  // about as much once it is encoded
  return total;
}

void EventPublication::place(std::uint64_t number, std::string_view offset) {
  number_ = number;
  if (offset.empty()) return;
  event_.json.pop_back();
  event_.json.append(",\"").append(offset).append("\"]");
}

}  // namespace naru::server
