#pragma once

#include "server/wire_formats.hpp"
#include "stomp/frame.hpp"

#include <string>

namespace naru::server {

class MessagePublication;
struct State;

namespace wire {
// One for each version, the same for carriers that take nothing but text, and one for subscriptions
// that do not want a publication.
inline constexpr Format stomp_unwanted = stomp + 3;
inline constexpr Format stomp_text = stomp + 4;
inline constexpr Format stomp_end = stomp + 7;

inline Format stomp_of(naru::stomp::Version version) {
  return static_cast<Format>(stomp + static_cast<unsigned>(version));
}
// A body that is no text goes as base64 there.
inline Format stomp_text_of(naru::stomp::Version version) {
  return static_cast<Format>(stomp_text + static_cast<unsigned>(version));
}
}  // namespace wire

// How a body that is no text is written for carriers that take nothing but text: a header says so.
inline constexpr std::string_view kStompEncoding = "content-transfer-encoding";

// What the MESSAGE frames of all subscriptions have in common, to follow what each has of its own:
// destination, headers, body. Null for stomp_unwanted.
SharedBytes encode_stomp(const MessagePublication& publication, wire::Format format);

// A header of a publication as a selector sees it.
std::optional<std::string_view> stomp_header(const MessagePublication& publication,
                                             std::string_view name);

// Whether a header of a SEND is the message's own, and not said to the server, or made anew for
// each receiver (its other parts are told again to each).
bool is_forwarded(std::string_view name);
// A frame as a message of one of the server's topics.
void publish_frame(State& state, std::string_view topic, const naru::stomp::Frame& frame);

}  // namespace naru::server
