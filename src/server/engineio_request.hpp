#pragma once

#include "engineio/session.hpp"
#include "naru/websocket.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace naru::server {

// What the query of a request says (Engine.IO). Repeated names: the last counts.
struct EngineQuery {
  static EngineQuery parse(std::string_view query);
  bool fresh() const { return sid.empty(); }  // a handshake

  std::string transport;
  std::string sid;
  std::string revision;
  engineio::Dialect dialect;           // revision 4 for exactly "4"
  std::optional<std::uint32_t> jsonp;  // of revision 3 alone
};

// What a session begins with.
struct EngineHandshake {
  RequestInfo request;
  std::string sid;
  engineio::Transport transport = engineio::Transport::polling;
  engineio::Dialect dialect{};
  std::optional<std::uint32_t> jsonp{};
};

}  // namespace naru::server
