#include "server/stomp_formats.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "server/message_publication.hpp"
#include "stomp/destination.hpp"

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

}  // namespace naru::server
