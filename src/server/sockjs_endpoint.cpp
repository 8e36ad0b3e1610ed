#include "server/sockjs_endpoint.hpp"

#include "http/url.hpp"
#include "server/request_info.hpp"
#include "server/sockjs_answers.hpp"
#include "server/sockjs_websocket.hpp"
#include "server/state.hpp"
#include "sockjs/documents.hpp"
#include "sockjs/messages.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>

namespace naru::server {
namespace {

using sockjs::Resource;
using sockjs::Transport;
using transport::HttpExchange;

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("naru: SockJsOptions: ") + what);
}

void check(const SockJsOptions& options) {
  require(options.limit >= options.high_watermark, "limit is below high_watermark");
  require(options.heartbeat_interval.count() > 0, "no heartbeat_interval");
  require(options.disconnect_delay.count() > 0, "no disconnect_delay");
  require(sockjs::is_client_url(options.client_url), "client_url is no URL");
}

transport::WebSocketSettings settings_of(const SockJsOptions& options) {
  transport::WebSocketSettings settings;
  settings.limits.message_bytes = options.message_bytes;
  settings.limits.deflate = websocket::deflate_config(options.compression);
  settings.times.idle_timeout = options.heartbeat_interval + options.heartbeat_timeout;
  settings.times.ping_interval = options.heartbeat_interval;
  settings.times.close_timeout = options.close_timeout;
  settings.outbox.high_watermark = options.high_watermark;
  // The other policies keep the limit themselves, by dropping.
  settings.outbox.limit = options.slow_consumer == SlowConsumer::disconnect
                              ? options.limit
                              : std::numeric_limits<std::size_t>::max();
  return settings;
}

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

SockJsEndpoint::SockJsEndpoint(State& state, std::string_view path, SockJsOptions options,
                               SockJsProtocol protocol)
    : options_(std::move(options)),
      protocol_(std::move(protocol)),
      pattern_(RoutePattern::parse(std::string(without_slash(path)) + "/*")),
      slashes_(static_cast<std::size_t>(
          std::count(without_slash(path).begin(), without_slash(path).end(), '/'))),
      websocket_settings_(settings_of(options_)) {
  check(options_);
  iframe_ = sockjs::iframe_page(options_.client_url);
  iframe_tag_ = sockjs::entity_tag(iframe_);
  for (const auto& worker : state.workers) {
    on_loop_.emplace_back(*this, options_, *worker, websocket_settings_);
    streams_.emplace_back(*worker);
  }
}

void SockJsEndpoint::add(State& state, std::string_view path, SockJsOptions options,
                         SockJsProtocol protocol) {
  auto endpoint =
      std::make_unique<SockJsEndpoint>(state, path, std::move(options), std::move(protocol));
  path = without_slash(path);
  state.add_route(RoutePattern::parse(path), std::make_unique<SockJsRoot>(*endpoint));
  state.add_route(RoutePattern::parse(std::string(path) + "/*"), std::move(endpoint));
}

sockjs::Path SockJsEndpoint::parse(std::string_view path) const {
  std::size_t at = 0;
  for (std::size_t slash = 0; slash < slashes_; ++slash) at = path.find('/', at) + 1;
  return sockjs::parse_path(path.substr(std::min(path.find('/', at), path.size())));
}

bool SockJsEndpoint::takes_websockets() const {
  return options_.transports.websocket || options_.transports.raw_websocket;
}

bool SockJsEndpoint::offers(Resource resource) const {
  const SockJsTransports& on = options_.transports;
  switch (resource) {
    case Resource::none:
      return false;
    case Resource::iframe:  // a frame's own page asks for it all, whatever is around it
      return any_origin();
    case Resource::raw_websocket:
      return on.raw_websocket;
    case Resource::websocket:
      return on.websocket;
    case Resource::xhr:
      return on.xhr_polling;
    case Resource::xhr_streaming:
      return on.xhr_streaming;
    case Resource::eventsource:
      return on.eventsource;
    case Resource::htmlfile:
      return on.htmlfile;
    case Resource::jsonp:
    case Resource::jsonp_send:
      return on.jsonp_polling && any_origin();
    case Resource::greeting:
    case Resource::info:
    case Resource::xhr_send:
      break;
  }
  return true;
}

void SockJsEndpoint::on_head(Worker&, HttpExchange& exchange) {
  exchange.limit_body(options_.message_bytes);
}

void SockJsEndpoint::on_request(Worker& worker, HttpExchange& exchange) {
  const http::Request& request = exchange.request();
  const sockjs::Path path = parse(request.path);
  if (!offers(path.resource)) return exchange.respond(http::plain(404));
  if (!sockjs_takes(path.resource, request)) {
    return exchange.respond(sockjs_not_allowed(path.resource));
  }
  if (!origin_allowed(options_.origins, request, caller_of(request, exchange.stream()),
                      options_.origins.origins)) {
    worker.log_violation("sockjs", exchange.stream().peer_address(), "origin not allowed");
    return exchange.respond(http::plain(403), HttpExchange::After::close);
  }
  add_sockjs_fields(path.resource, options_.jsessionid, exchange);
  if (request.method == "OPTIONS") return exchange.respond(sockjs_preflight(path.resource));
  switch (path.resource) {
    case Resource::none:
    case Resource::greeting:
      return greet(exchange);
    case Resource::info:
      return inform(worker, exchange);
    case Resource::iframe:
      return frame_page(exchange);
    case Resource::raw_websocket:
      return open_websocket(worker, exchange, Transport::raw_websocket);
    case Resource::websocket:
      return open_websocket(worker, exchange, Transport::websocket);
    case Resource::xhr_send:
    case Resource::jsonp_send:
      return send(worker, exchange, path);
    case Resource::xhr:
    case Resource::xhr_streaming:
    case Resource::eventsource:
    case Resource::htmlfile:
    case Resource::jsonp:
      return receive(worker, exchange, path);
  }
}

void SockJsEndpoint::greet(HttpExchange& exchange) const {
  http::Response response;
  response.set("Content-Type", kSockJsText);
  response.body = sockjs::kGreeting;
  exchange.respond(std::move(response));
}

void SockJsEndpoint::inform(Worker& worker, HttpExchange& exchange) const {
  exchange.respond(
      sockjs_response(200, "application/json; charset=UTF-8",
                      sockjs::info_document({.websocket = options_.transports.websocket,
                                             .cookie_needed = options_.jsessionid,
                                             .entropy = worker.random.next_u32()})));
}

void SockJsEndpoint::frame_page(HttpExchange& exchange) const {
  http::Response response;
  set_long_cached(response);
  response.set("ETag", iframe_tag_);
  if (exchange.request().field("If-None-Match") == iframe_tag_) {
    response.status = 304;
  } else {
    response.set("Content-Type", "text/html; charset=UTF-8");
    response.body = iframe_;
  }
  exchange.respond(std::move(response));
}

void SockJsEndpoint::open_websocket(Worker& worker, HttpExchange& exchange, Transport transport) {
  const http::Request& request = exchange.request();
  if (!websocket::is_upgrade(request)) {
    return exchange.respond(sockjs_error(400, "Can \"Upgrade\" only to \"WebSocket\"."),
                            HttpExchange::After::close);
  }
  static const std::vector<std::string> kNone;
  const bool raw = transport == Transport::raw_websocket;
  websocket::Handshake handshake = websocket::accept_handshake(
      request, raw ? protocol_.subprotocols : kNone, websocket_settings_.limits.deflate);
  if (!handshake.accepted) {
    return exchange.respond(std::move(handshake.response), HttpExchange::After::close);
  }
  const RequestInfo info = info_of(exchange);
  if (!authorized(worker, info)) {
    return exchange.respond(http::plain(403), HttpExchange::After::close);
  }
  auto user = std::make_unique<SockJsWebSocket>(on_loop_[worker.index()], shown(info), transport);
  exchange.upgrade(handshake.response, std::make_unique<transport::WebSocketTransport>(
                                           std::move(user), websocket_settings_,
                                           transport::WebSocketOpening{.deflate = handshake.deflate,
                                                                       .pool = &worker.deflate}));
}

void SockJsEndpoint::on_shutdown(Worker& worker) {
  SockJsRoute& route = on_loop_[worker.index()];
  route.stopping = true;
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, session] : route.by_number) numbers.push_back(number);
  for (const std::uint64_t number : numbers) {
    if (SockJsSession* session = route.find(number)) session->shut_down();
  }
}

// Any loop would do, and all must agree.
Worker& SockJsEndpoint::home_of(Worker& here, std::string_view session) const {
  const auto& workers = here.state().workers;
  return *workers[std::hash<std::string_view>()(session) % workers.size()];
}

}  // namespace naru::server
