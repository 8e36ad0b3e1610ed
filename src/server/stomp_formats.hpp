#pragma once

#include "server/wire_formats.hpp"
#include "stomp/frame.hpp"

#include <string>

namespace naru::server {

class MessagePublication;

namespace wire {
// One for each version, and one for subscriptions that do not want a publication.
inline constexpr Format stomp_unwanted = stomp + 3;
inline constexpr Format stomp_end = stomp + 4;

inline Format stomp_of(naru::stomp::Version version) {
  return static_cast<Format>(stomp + static_cast<unsigned>(version));
}
}  // namespace wire

// What the MESSAGE frames of all subscriptions have in common, to follow what each has of its own:
// destination, headers, body. Null for stomp_unwanted.
SharedBytes encode_stomp(const MessagePublication& publication, wire::Format format);

// A header of a publication as a selector sees it.
std::optional<std::string_view> stomp_header(const MessagePublication& publication,
                                             std::string_view name);

}  // namespace naru::server
