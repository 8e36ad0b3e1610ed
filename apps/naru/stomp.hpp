#pragma once

#include "config.hpp"

namespace naru {
class Server;
class Stomp;
}  // namespace naru

namespace naru::app {

// [stomp]: the broker, by WebSocket and SockJS. Clients may do in topics what [[topics]] says, and
// those that show an API key as their passcode may do more; nobody writes a topic of the server's
// own. nullptr when there is none. Throws std::invalid_argument for a path that is none.
Stomp* add_stomp(Server& server, const ServeConfig& config);

}  // namespace naru::app
