#pragma once

#include "naru/engineio.hpp"
#include "server/engineio_endpoint.hpp"

#include <memory>

namespace naru::server {

// Handlers straight on Engine.IO sessions: Server::engineio.
class EngineIoServer final : public EngineUserFactory {
 public:
  explicit EngineIoServer(EngineIoOptions options) : options_(std::move(options)) {}
  std::unique_ptr<EngineUser> make_user(EngineSession& session) override;
  const EngineIoOptions& options() const { return options_; }

 private:
  EngineIoOptions options_;
};

// The route of a bare Engine.IO server, with the server it belongs to.
class EngineIoEndpoint final : public Endpoint {
 public:
  explicit EngineIoEndpoint(EngineIoOptions options)
      : server_(std::move(options)), endpoint_(server_.options().transport, server_) {}
  bool takes_websockets() const override { return endpoint_.takes_websockets(); }
  void on_head(Worker& worker, transport::HttpExchange& connection) override {
    endpoint_.on_head(worker, connection);
  }
  void on_request(Worker& worker, transport::HttpExchange& connection) override {
    endpoint_.on_request(worker, connection);
  }

 private:
  EngineIoServer server_;
  EngineEndpoint endpoint_;
};

}  // namespace naru::server
