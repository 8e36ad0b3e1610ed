#pragma once

#include "naru/websocket_client.hpp"

#include <optional>

namespace naru::client {

// Whether another attempt may end better.
bool may_pass(const ConnectFailure& failure);

// Of main(), after the last attempt: 0, or 1 after saying on standard error why it has failed.
int exit_status(const std::optional<ConnectFailure>& failure);

}  // namespace naru::client
