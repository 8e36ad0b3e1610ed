#pragma once

#include "config.hpp"

namespace naru {
class Server;
}

namespace naru::app {

// `<config.sockjs>/<topic>`, one SockJS service for each topic: its sessions receive what is
// published there, and publish what they send, if the configuration says so. Nothing without a
// path. Throws std::invalid_argument for a path that is none.
void add_sockjs(Server& server, const ServeConfig& config);

}  // namespace naru::app
