#pragma once

#include "naru/websocket.hpp"
#include "server/endpoint.hpp"
#include "server/plain_websocket.hpp"
#include "server/routes.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/handshake.hpp"

#include <any>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

namespace naru::server {

struct State;

// A route for plain WebSockets: the handshake, and who may pass.
class WebSocketEndpoint final : public Endpoint {
 public:
  // Throws std::invalid_argument for options that contradict each other.
  WebSocketEndpoint(State& state, RoutePattern pattern, WebSocketOptions options);
  bool takes_websockets() const override { return true; }
  void on_head(Worker& worker, transport::HttpExchange& exchange) override;
  void on_request(Worker& worker, transport::HttpExchange& exchange) override;

 private:
  bool ask(Worker& worker, transport::HttpExchange& exchange, const RequestInfo& request,
           websocket::Handshake& handshake, std::any& data) const;
  std::vector<std::size_t> offered_subprotocols(const http::Request& request) const;
  std::uint16_t index_of(const std::string& subprotocol) const;

  RoutePattern pattern_;
  WebSocketOptions options_;
  transport::WebSocketSettings settings_;
  std::deque<WebSocketRoute> on_loop_;  // by the loop's index
};

}  // namespace naru::server
