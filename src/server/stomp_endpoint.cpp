#include "server/stomp_endpoint.hpp"

#include "server/request_info.hpp"
#include "server/state.hpp"
#include "server/stomp_websocket.hpp"
#include "websocket/handshake.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace naru::server {
namespace {

transport::WebSocketSettings settings_of(const StompBroker& broker) {
  const StompOptions& options = broker.options;
  transport::WebSocketSettings settings;
  // Messages are pieces of a stream, and not put together here: frames have limits of their own.
  settings.limits.parts = true;
  settings.limits.message_bytes = 16 * (options.head_bytes + options.body_bytes);
  settings.limits.deflate = websocket::deflate_config(options.compression);
  settings.times.idle_timeout = std::chrono::seconds(120);  // for those without heart-beats
  settings.outbox = broker.outbox;
  return settings;
}

bool offers_nothing_known(const websocket::Handshake& handshake, const http::Request& request) {
  return handshake.subprotocol.empty() && request.count("Sec-WebSocket-Protocol") != 0;
}

}  // namespace

const std::vector<std::string>& stomp_subprotocols() {
  static const std::vector<std::string> names{"v12.stomp", "v11.stomp", "v10.stomp"};
  return names;
}

StompEndpoint::StompEndpoint(StompBroker& broker, RoutePattern pattern)
    : broker_(broker), pattern_(std::move(pattern)), settings_(settings_of(broker)) {}

void StompEndpoint::on_request(Worker& worker, transport::HttpExchange& exchange) {
  using After = transport::HttpExchange::After;
  const http::Request& request = exchange.request();
  websocket::Handshake handshake =
      websocket::accept_handshake(request, stomp_subprotocols(), settings_.limits.deflate);
  if (!handshake.accepted) return exchange.respond(std::move(handshake.response), After::close);
  const OriginPolicy& origins = broker_.options.origins;
  if (!origin_allowed(origins, request, caller_of(request, exchange.stream()))) {
    worker.log_violation("stomp", exchange.stream().peer_address(), "origin not allowed");
    return exchange.respond(http::plain(403), After::close);
  }
  if (offers_nothing_known(handshake, request)) {
    return exchange.respond(http::plain(400), After::close);
  }
  auto info = std::make_unique<RequestInfo>(request_info(request, exchange.stream()));
  if (auto parameters = pattern_.match(request.path)) info->parameters = *std::move(parameters);
  auto user = std::make_unique<StompWebSocket>(broker_.on_loop(worker.index()), std::move(info));
  exchange.upgrade(handshake.response, std::make_unique<transport::WebSocketTransport>(
                                           std::move(user), settings_,
                                           transport::WebSocketOpening{.deflate = handshake.deflate,
                                                                       .pool = &worker.deflate}));
}

}  // namespace naru::server
