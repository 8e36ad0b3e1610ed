#pragma once

#include "naru/stomp.hpp"
#include "server/endpoint.hpp"
#include "server/routes.hpp"
#include "server/stomp_broker.hpp"
#include "transport/websocket_transport.hpp"

#include <string>
#include <vector>

namespace naru::server {

// The names of STOMP in a WebSocket's handshake, the best first: the highest version that a client
// offers counts (as RabbitMQ; not the client's order, which pins old clients to 1.0).
const std::vector<std::string>& stomp_subprotocols();

// The route of a broker for WebSockets: the handshake.
class StompEndpoint final : public Endpoint {
 public:
  StompEndpoint(StompBroker& broker, RoutePattern pattern);
  bool takes_websockets() const override { return true; }
  void on_request(Worker& worker, transport::HttpExchange& exchange) override;

 private:
  StompBroker& broker_;
  RoutePattern pattern_;
  transport::WebSocketSettings settings_;
};

}  // namespace naru::server
