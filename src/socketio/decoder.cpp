#include "socketio/decoder.hpp"

#include "base/utf8.hpp"
#include "json/number.hpp"
#include "json/scanner.hpp"
#include "json/split.hpp"
#include "json/string.hpp"

#include <algorithm>
#include <utility>

namespace naru::socketio {
namespace {

constexpr std::uint64_t kMaxId =
    (1ULL << 53U) - 1;  // the greatest whole number that JavaScript trusts

// Takes a decimal number from the front of `text`; nullopt when there is none. Of one above
// `greatest` it returns something above `greatest`, having taken all its digits.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t greatest) {
  std::uint64_t value = 0;
  std::size_t at = 0;
  for (; at < text.size() && json::is_digit(text[at]); ++at) {
    if (value <= greatest) value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  text.remove_prefix(at);
  return at == 0 ? std::nullopt : std::optional(value);
}

// The front of a packet, up to its JSON, as it stands on the wire.
struct Head {
  PacketType type = PacketType::event;
  bool binary = false;
  std::size_t attachments = 0;
  std::string_view nsp = "/";
  std::optional<std::uint64_t> id;
  std::string_view json;
};

Result<std::size_t> take_attachment_count(std::string_view& rest, const Limits& limits) {
  const auto count = take_number(rest, limits.attachments);
  if (!count || rest.empty() || rest.front() != '-') {
    return Error{Errc::bad_packet, "a binary packet without its count of attachments"};
  }
  rest.remove_prefix(1);
  if (*count > limits.attachments) return Error{Errc::too_many, "too many attachments"};
  return static_cast<std::size_t>(*count);
}

Result<std::string_view> take_namespace(std::string_view& rest, const Limits& limits) {
  if (rest.empty() || rest.front() != '/') return std::string_view("/");
  const std::string_view reach = rest.substr(0, limits.namespace_bytes + 1);
  const std::size_t comma = reach.find(',');
  if (comma == std::string_view::npos && reach.size() > limits.namespace_bytes) {
    return Error{Errc::bad_packet, "a namespace that is too long"};
  }
  const std::string_view nsp = reach.substr(0, comma);
  rest.remove_prefix(std::min(nsp.size() + 1, rest.size()));
  return nsp;
}

Result<Head> decode_head(std::string_view message, const Limits& limits) {
  if (message.empty() || message.front() < '0' || message.front() > '6') {
    return Error{Errc::bad_packet, "an unknown packet type"};
  }
  Head head;
  head.type = static_cast<PacketType>(message.front() - '0');
  head.json = message.substr(1);
  if (head.type == PacketType::binary_event || head.type == PacketType::binary_ack) {
    head.binary = true;
    head.type = head.type == PacketType::binary_event ? PacketType::event : PacketType::ack;
    NARU_TRY(head.attachments, take_attachment_count(head.json, limits));
  }
  NARU_TRY(head.nsp, take_namespace(head.json, limits));
  head.id = take_number(head.json, kMaxId);
  if (head.id && *head.id > kMaxId) return Error{Errc::bad_packet, "an ack id above 2^53-1"};
  return head;
}

// The name of an event: a string, or a number, which then is its decimal text as in JavaScript.
Result<std::string_view> event_name(std::string_view raw, std::string& storage) {
  if (raw.front() == '"') return json::decode_string(raw, storage);
  if (raw.front() != '-' && !json::is_digit(raw.front())) {
    return Error{Errc::bad_packet, "an event name that is no string"};
  }
  if (std::all_of(raw.begin(), raw.end(), json::is_digit) && raw.size() < 16) return raw;
  NARU_TRY(const double number, json::parse_double(raw));
  storage.clear();
  json::append_number(number, storage);
  return std::string_view(storage);
}

Result<void> decode_arguments(const Head& head, const Limits& limits, Scratch& scratch) {
  const bool is_event = head.type == PacketType::event;
  scratch.elements.clear();
  const json::Limits json_limits{.depth = limits.depth,
                                 .elements = limits.arguments + (is_event ? 1 : 0)};
  NARU_CHECK(json::split_array(head.json, json_limits, scratch.elements));
  std::span<const std::string_view> args = scratch.elements;
  if (is_event) {
    if (args.empty()) return Error{Errc::bad_packet, "an event without a name"};
    NARU_TRY(scratch.packet.event, event_name(args.front(), scratch.event));
    if (is_reserved_event(scratch.packet.event)) {
      return Error{Errc::bad_packet, "a reserved event name"};
    }
    args = args.subspan(1);
  } else if (!head.id) {
    return Error{Errc::bad_packet, "an ack without an id"};
  }
  scratch.packet.args = args;
  if (!head.binary) return {};
  return json::check_placeholders(head.json, head.attachments);
}

Result<void> decode_data(const Head& head, const Limits& limits, Scratch& scratch) {
  if (head.id) return Error{Errc::bad_packet, "an ack id where none belongs"};
  if (head.json.empty()) {
    if (head.type != PacketType::connect_error) return {};
    return Error{Errc::bad_packet, "a connect error that says nothing"};
  }
  if (head.type == PacketType::disconnect) {
    return Error{Errc::bad_packet, "a disconnect with data"};
  }
  NARU_CHECK(json::validate(head.json, {.depth = limits.depth}));
  const std::string_view data = json::trim(head.json);
  const bool text_allowed = head.type == PacketType::connect_error;
  if (data.front() != '{' && !(text_allowed && data.front() == '"')) {
    return Error{Errc::bad_packet, "data that is no object"};
  }
  scratch.packet.data = data;
  return {};
}

// Decodes what `head` says into the scratch packet.
Result<void> decode_rest(Head head, Revision revision, const Limits& limits, Scratch& scratch) {
  scratch.packet = {};
  scratch.packet.type = head.type;
  if (revision == Revision::v4) {
    const std::size_t mark = std::min(head.nsp.find('?'), head.nsp.size());
    scratch.packet.query = head.nsp.substr(std::min(mark + 1, head.nsp.size()));
    head.nsp = head.nsp.substr(0, mark);
  }
  scratch.packet.nsp = head.nsp;
  scratch.packet.id = head.id;
  if (head.type == PacketType::event || head.type == PacketType::ack) {
    return decode_arguments(head, limits, scratch);
  }
  return decode_data(head, limits, scratch);
}

// Decodes `message` into the scratch packet and returns how many attachments follow it.
Result<std::size_t> decode(std::string_view message, Revision revision, const Limits& limits,
                           Scratch& scratch) {
  NARU_TRY(const Head head, decode_head(message, limits));
  NARU_CHECK(decode_rest(head, revision, limits, scratch));
  return head.attachments;
}

}  // namespace

Result<const Packet*> check_packet(const PacketView& view, Revision revision, const Limits& limits,
                                   Scratch& scratch) {
  if (!is_utf8(view.nsp) || !is_utf8(view.data.text)) {
    return Error{Errc::bad_utf8, "a packet that is not UTF-8"};
  }
  if (!view.nsp.starts_with('/') || view.nsp.size() > limits.namespace_bytes) {
    return Error{Errc::bad_packet, "a namespace without '/', or one that is too long"};
  }
  if (view.id && *view.id > kMaxId) return Error{Errc::bad_packet, "an ack id above 2^53-1"};
  const Head head{.type = static_cast<PacketType>(view.type),
                  .binary = !view.data.attachments.empty(),
                  .attachments = view.data.attachments.size(),
                  .nsp = view.nsp,
                  .id = view.id,
                  .json = view.data.text};
  NARU_CHECK(decode_rest(head, revision, limits, scratch));
  scratch.packet.attachments = view.data.attachments;
  return &scratch.packet;
}

Result<const Packet*> Decoder::receive_text(std::string_view message, Text text,
                                            Revision revision) {
  if (held_) {
    held_.reset();
    return Error{Errc::bad_packet, "text where attachments were to come"};
  }
  if (text == Text::unchecked && !is_utf8(message)) {
    return Error{Errc::bad_utf8, "a packet that is not UTF-8"};
  }
  NARU_TRY(const std::size_t attachments, decode(message, revision, *limits_, *scratch_));
  if (attachments == 0) return &scratch_->packet;
  if (message.size() > limits_->held_bytes) {
    return Error{Errc::message_too_big, "a packet too big to be held"};
  }
  held_ = std::make_unique<Held>();
  held_->text = message;
  held_->expected = attachments;
  held_->bytes = message.size();
  return nullptr;
}

Result<const Packet*> Decoder::receive_binary(std::string_view message, Revision revision) {
  if (!held_) return Error{Errc::bad_packet, "binary where no attachment was to come"};
  if (message.size() > limits_->held_bytes - held_->bytes) {
    held_.reset();
    return Error{Errc::message_too_big, "attachments too big to be held"};
  }
  held_->bytes += message.size();
  held_->attachments.emplace_back(message);
  if (held_->attachments.size() < held_->expected) return nullptr;
  const std::unique_ptr<Held> held = std::exchange(held_, nullptr);
  scratch_->text = std::move(held->text);
  scratch_->attachments = std::move(held->attachments);
  NARU_CHECK(decode(scratch_->text, revision, *limits_, *scratch_));
  scratch_->packet.attachments = scratch_->attachments;
  return &scratch_->packet;
}

}  // namespace naru::socketio
