#include "server/websocket_endpoint.hpp"

#include "server/request_info.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace naru::server {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("naru: WebSocketOptions: ") + what);
}

void check(const WebSocketOptions& options) {
  require(options.limit >= options.high_watermark, "limit is below high_watermark");
  const auto& names = options.subprotocols;
  require(std::all_of(names.begin(), names.end(), http::is_token), "a subprotocol is no token");
  require(names.size() < PlainWebSocket::kNoSubprotocol, "too many subprotocols");
}

transport::WebSocketSettings settings_of(const WebSocketOptions& options) {
  transport::WebSocketSettings settings;
  settings.limits.message_bytes = options.message_bytes;
  settings.limits.fragments = options.fragments;
  settings.limits.parts = options.on_part != nullptr;
  settings.limits.deflate = websocket::deflate_config(options.compression);
  settings.times.idle_timeout = options.idle_timeout;
  settings.times.ping_interval = options.ping_interval;
  settings.times.close_timeout = options.close_timeout;
  settings.outbox.high_watermark = options.high_watermark;
  // The other policies keep the limit themselves, by dropping.
  settings.outbox.limit = options.slow_consumer == SlowConsumer::disconnect
                              ? options.limit
                              : std::numeric_limits<std::size_t>::max();
  return settings;
}

}  // namespace

WebSocketEndpoint::WebSocketEndpoint(State& state, RoutePattern pattern, WebSocketOptions options)
    : pattern_(std::move(pattern)), options_(std::move(options)), settings_(settings_of(options_)) {
  check(options_);
  for (const auto& worker : state.workers) on_loop_.push_back({options_, *worker});
}

void WebSocketEndpoint::on_head(Worker&, transport::HttpExchange& exchange) {
  exchange.limit_body(kSmallBody);
}

void WebSocketEndpoint::on_request(Worker& worker, transport::HttpExchange& exchange) {
  const http::Request& request = exchange.request();
  websocket::Handshake handshake =
      websocket::accept_handshake(request, options_.subprotocols, settings_.limits.deflate);
  if (!handshake.accepted) {
    return exchange.respond(std::move(handshake.response), transport::HttpExchange::After::close);
  }
  if (!origin_allowed(options_.origins, request, caller_of(request, exchange.stream()))) {
    worker.log_violation("websocket", exchange.stream().peer_address(), "origin not allowed");
    return exchange.respond(http::plain(403), transport::HttpExchange::After::close);
  }
  std::unique_ptr<RequestInfo> info;
  std::any data;
  if (options_.on_upgrade || options_.on_open || options_.keep_request) {
    info = std::make_unique<RequestInfo>(request_info(request, exchange.stream()));
    if (auto parameters = pattern_.match(request.path)) info->parameters = *std::move(parameters);
    if (options_.on_upgrade && !ask(worker, exchange, *info, handshake, data)) return;
    if (!options_.on_open && !options_.keep_request) info.reset();
  }
  const std::uint16_t subprotocol = index_of(handshake.subprotocol);
  auto user = std::make_unique<PlainWebSocket>(on_loop_[worker.index()], std::move(info),
                                               std::move(data), subprotocol);
  exchange.upgrade(handshake.response, std::make_unique<transport::WebSocketTransport>(
                                           std::move(user), settings_,
                                           transport::WebSocketOpening{.deflate = handshake.deflate,
                                                                       .pool = &worker.deflate}));
}

// Has on_upgrade look at the handshake, and does what it says. False: it was refused, and answered.
bool WebSocketEndpoint::ask(Worker& worker, transport::HttpExchange& exchange,
                            const RequestInfo& request, websocket::Handshake& handshake,
                            std::any& data) const {
  Upgrade upgrade(request, options_.subprotocols, offered_subprotocols(exchange.request()));
  const bool succeeded =
      run_user_code(worker.state(), "protocol=websocket", [&] { options_.on_upgrade(upgrade); });
  if (!succeeded || upgrade.refused()) {
    http::Response response = http::plain(succeeded ? upgrade.status_ : 500);
    if (succeeded) {
      if (!upgrade.body_.empty()) response.body = std::move(upgrade.body_);
      for (const auto& [name, value] : upgrade.headers_) {
        if (http::iequals(name, "Content-Type")) {
          response.set(name, value);
        } else {
          response.add(name, value);
        }
      }
    }
    exchange.respond(std::move(response), transport::HttpExchange::After::close);
    return false;
  }
  handshake.subprotocol = upgrade.subprotocol();
  auto& fields = handshake.response.fields;
  std::erase_if(fields, [](const auto& field) {
    return http::iequals(field.first, "Sec-WebSocket-Protocol");
  });
  if (!handshake.subprotocol.empty()) {
    handshake.response.add("Sec-WebSocket-Protocol", handshake.subprotocol);
  }
  for (const auto& [name, value] : upgrade.headers_) handshake.response.add(name, value);
  data = std::move(upgrade.data_);
  return true;
}

// Of the route's, in its order.
std::vector<std::size_t> WebSocketEndpoint::offered_subprotocols(
    const http::Request& request) const {
  std::vector<std::size_t> offered;
  for (std::size_t i = 0; i < options_.subprotocols.size(); ++i) {
    bool named = false;
    for (const http::Field& field : request.fields) {
      if (!http::iequals(field.name, "Sec-WebSocket-Protocol")) continue;
      http::for_each_element(field.value, [&](std::string_view element) {
        named = named || element == options_.subprotocols[i];
      });
    }
    if (named) offered.push_back(i);
  }
  return offered;
}

std::uint16_t WebSocketEndpoint::index_of(const std::string& subprotocol) const {
  if (subprotocol.empty()) return PlainWebSocket::kNoSubprotocol;
  const auto& known = options_.subprotocols;
  return static_cast<std::uint16_t>(std::find(known.begin(), known.end(), subprotocol) -
                                    known.begin());
}

}  // namespace naru::server
