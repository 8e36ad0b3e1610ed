#include "server/socketio_server.hpp"

#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <stdexcept>

namespace naru::server {

SocketIoServer::SocketIoServer(State& state, SocketIoOptions options)
    : state_(state), options_(std::move(options)) {
  limits_.attachments = options_.attachments;
  of("/");
}

Namespace& SocketIoServer::of(std::string_view name) {
  std::string full(name);
  if (full.empty() || full.front() != '/') full.insert(full.begin(), '/');
  if (NamespaceState* known = find(full)) return known->face();
  if (state_.started) throw std::logic_error("naru: namespaces are made before the server starts");
  auto made = std::make_unique<NamespaceState>(state_, options_, full);
  return namespaces_.emplace(full, std::move(made)).first->second->face();
}

NamespaceState* SocketIoServer::find(std::string_view name) const {
  const auto found = namespaces_.find(name);
  return found == namespaces_.end() ? nullptr : found->second.get();
}

std::unique_ptr<EngineUser> SocketIoServer::make_user(EngineSession& session) {
  return std::make_unique<SocketIoSession>(*this, session);
}

}  // namespace naru::server
