#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace naru::sockjs {

// What a path below a service's own leads to.
enum class Resource : std::uint8_t {
  none,
  greeting,
  info,
  iframe,
  raw_websocket,
  // Of a session:
  websocket,
  xhr,
  xhr_streaming,
  xhr_send,
  eventsource,
  htmlfile,
  jsonp,
  jsonp_send,
};

struct Path {
  Resource resource = Resource::none;
  std::string_view session{};  // still percent-encoded; names it as it is
};

// Longer names of sessions are none: they are kept in a table.
inline constexpr std::size_t kSessionBytes = 256;

// `rest` is what follows the service's own path, as it was sent: "", "/info",
// "/000/k3j2h1/xhr_send". The first segment is for load balancers, and says nothing. A dot in one
// of the first two, an empty one, or another number of them make it none of ours.
Path parse_path(std::string_view rest);

}  // namespace naru::sockjs
