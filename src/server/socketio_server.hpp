#pragma once

#include "naru/socketio.hpp"
#include "server/engineio_endpoint.hpp"
#include "server/namespace_state.hpp"
#include "socketio/decoder.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace naru::server {

// One Socket.IO server: its namespaces, shared by all loops and immutable once they run.
class SocketIoServer final : public SocketIo, public EngineUserFactory {
 public:
  SocketIoServer(State& state, SocketIoOptions options);

  Namespace& of(std::string_view name) override;
  NamespaceState* find(std::string_view name) const;
  std::unique_ptr<EngineUser> make_user(EngineSession& session) override;

  const SocketIoOptions& options() const { return options_; }
  const socketio::Limits& limits() const { return limits_; }

 private:
  State& state_;
  SocketIoOptions options_;
  socketio::Limits limits_;
  std::map<std::string, std::unique_ptr<NamespaceState>, std::less<>> namespaces_;
};

}  // namespace naru::server
