#pragma once

#include "hub/hub.hpp"

namespace naru::server {

// The formats of a MessagePublication, by protocol: whoever subscribes to topics names one of them.
// MessagePublication::encode sends each range to the file that knows it. (Socket.IO's publications
// are of another class, in hubs of their own: their formats are in engineio_session.hpp.)
namespace wire {
using Format = hub::WireFormat;

// One WebSocket frame: as it is, and compressed for each window (WebSocketTransport::wire_class).
inline constexpr Format websocket = 0;
// HTTP push, see push_formats.hpp.
inline constexpr Format push = 4;
// SockJS: the message as an element of an `a` frame, and whole frames for each transport.
inline constexpr Format sockjs = 10;
// STOMP: what the MESSAGE frames of all subscriptions have in common.
inline constexpr Format stomp = 18;
}  // namespace wire

}  // namespace naru::server
