#include "server/stomp_formats.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "json/split.hpp"
#include "server/message_publication.hpp"
#include "server/state.hpp"
#include "stomp/destination.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace naru::server {
namespace {

// What a message from another protocol is, in a MIME type.
std::string_view type_of(Message message) {
  if (message.json) return "application/json";
  return message.binary ? "application/octet-stream" : "text/plain";
}

std::optional<std::string_view> own_header(const MessagePublication& publication,
                                           std::string_view name) {
  for (const auto& [known, value] : publication.headers()) {
    if (known == name) return value;
  }
  return std::nullopt;
}

// Headers of a SEND that are not the message's own: they speak to the server, or will be made anew
// for each receiver (stomp.md 6.1).
constexpr std::array<std::string_view, 12> kNotForwarded{
    "destination",    "receipt", "transaction", "message-id",  "subscription", "ack",
    "content-length", "login",   "passcode",    "redelivered", "offset",       "epoch"};

bool fits_event(std::string_view text) {
  return text.size() <= 200 && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

}  // namespace

SharedBytes encode_stomp(const MessagePublication& publication, wire::Format format) {
  if (format == wire::stomp_unwanted) return nullptr;
  const bool text_only = format >= wire::stomp_text;
  const auto version =
      static_cast<stomp::Version>(format - (text_only ? wire::stomp_text : wire::stomp));
  const bool encoded = text_only && !is_utf8(publication.data());
  std::string out;
  const auto header = [&](std::string_view name, std::string_view value) {
    stomp::append_header(name, value, version, out);
  };
  header("destination", stomp::destination_of_topic(publication.topic()));
  if (!publication.event().empty()) header("event", publication.event());
  if (publication.offset() != 0) {
    header("offset", std::to_string(publication.offset()));
    header("epoch", publication.epoch());
  }
  if (!own_header(publication, "content-type")) {
    header("content-type", type_of(publication.message()));
  }
  if (encoded) header(kStompEncoding, "base64");
  for (const auto& [name, value] : publication.headers()) header(name, value);
  if (encoded) {
    stomp::append_body(base64(publication.data()), out);
  } else {
    stomp::append_body(publication.data(), out);
  }
  return std::make_shared<const std::string>(std::move(out));
}

std::optional<std::string_view> stomp_header(const MessagePublication& publication,
                                             std::string_view name) {
  if (name == "event" && !publication.event().empty()) return publication.event();
  return own_header(publication, name);
}

bool is_forwarded(std::string_view name) {
  return !name.empty() &&
         std::find(kNotForwarded.begin(), kNotForwarded.end(), name) == kNotForwarded.end();
}

void publish_frame(State& state, std::string_view topic, const naru::stomp::Frame& frame) {
  PublishOptions options;
  for (const naru::stomp::Header& header : frame.headers) {
    if (!is_forwarded(header.name)) continue;
    if (header.name == "event" && options.event.empty() && fits_event(header.value)) {
      options.event = header.value;
    } else {
      options.headers.emplace_back(header.name, header.value);
    }
  }
  const std::string_view type = frame.header("content-type");
  Message message{.data = frame.body, .binary = type == "application/octet-stream"};
  message.binary = message.binary || !is_utf8(frame.body);
  message.json = !message.binary && type.starts_with("application/json") &&
                 json::validate(frame.body, {}).has_value();
  publish(state, topic, message, options, nullptr);
}

}  // namespace naru::server
