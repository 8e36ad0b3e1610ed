#pragma once

#include "http/request.hpp"
#include "io/stream.hpp"
#include "naru/websocket.hpp"
#include "server/caller.hpp"

#include <string_view>

namespace naru::server {

// A copy of what a handshake said, for the life of its session.
RequestInfo request_info(const http::Request& request, const io::Stream& stream);

// Whether the Origin of a request may open a WebSocket here (RFC 6455 10.2). Requests without an
// Origin come from no browser, and pass. `also` are origins allowed in addition.
bool origin_allowed(const OriginPolicy& policy, const http::Request& request, const Caller& caller,
                    const std::vector<std::string>& also = {});

}  // namespace naru::server
