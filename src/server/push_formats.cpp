#include "server/push_formats.hpp"

#include "base/base64.hpp"
#include "json/split.hpp"
#include "sse/event.hpp"

#include <algorithm>
#include <utility>

namespace naru::server {
namespace {

void append_member(std::string_view name, std::string& out) {
  if (out.back() != '{') out += ',';
  json::append_string(name, out);
  out += ':';
}

void append_string_member(std::string_view name, std::string_view value, std::string& out) {
  append_member(name, out);
  json::append_string(value, out);
}

std::string event_text(const MessagePublication& publication) {
  std::string out;
  std::string id;
  if (publication.offset() != 0) {
    id = publication.epoch() + '.' + std::to_string(publication.offset());
  }
  const Message message = publication.message();
  const std::string coded = message.binary ? base64(message.data) : std::string();
  sse::append_event({.id = id,
                     .type = publication.event(),
                     .data = message.binary ? std::string_view(coded) : message.data},
                    out);
  return out;
}

}  // namespace

std::string push_envelope(const MessagePublication& publication) {
  const Message message = publication.message();
  std::string out = "{";
  out.reserve(message.data.size() + 128);
  append_string_member("topic", publication.topic(), out);
  if (!publication.event().empty()) append_string_member("event", publication.event(), out);
  if (publication.offset() != 0) {
    append_string_member("epoch", publication.epoch(), out);
    append_member("offset", out);
    out += std::to_string(publication.offset());
  }
  if (!publication.headers().empty()) {
    append_member("headers", out);
    out += '{';
    for (const auto& [name, value] : publication.headers()) {
      append_string_member(name, value, out);
    }
    out += '}';
  }
  if (message.binary) {
    append_string_member("base64", base64(message.data), out);
  } else if (message.json) {
    append_member("data", out);
    const auto from = static_cast<std::ptrdiff_t>(out.size());
    out += message.data;
    // Line ends in JSON are white space between values, never within a string.
    std::replace_if(
        out.begin() + from, out.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  } else {
    append_string_member("data", message.data, out);
  }
  return out += '}';
}

SharedBytes encode_push(const MessagePublication& publication, hub::WireFormat format) {
  const int code = format - wire::push;
  const auto framing = static_cast<http::Framing>(code % 2);
  std::string text;
  switch (static_cast<PushForm>(code / 2)) {
    case PushForm::event:
      text = event_text(publication);
      break;
    case PushForm::enveloped:
      sse::append_event({.type = publication.event(), .data = push_envelope(publication)}, text);
      break;
    case PushForm::line:
      text = push_envelope(publication) + '\n';
      break;
    default:
      return nullptr;
  }
  return std::make_shared<const std::string>(http::frame_piece(text, framing));
}

}  // namespace naru::server
