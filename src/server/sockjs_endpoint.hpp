#pragma once

#include "naru/sockjs.hpp"
#include "server/endpoint.hpp"
#include "server/routes.hpp"
#include "server/sockjs_http_session.hpp"
#include "server/sockjs_session.hpp"
#include "server/sockjs_streams.hpp"
#include "server/sockjs_user.hpp"
#include "sockjs/path.hpp"
#include "transport/websocket_transport.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace naru::server {

struct State;

// Everything below a SockJS service's path. A request for a session of another loop is decoded here
// and posted there: the session's name in the URL, which its client has chosen, says where.
class SockJsEndpoint final : public Endpoint {
 public:
  // Throws std::invalid_argument for options that contradict each other.
  SockJsEndpoint(State& state, std::string_view path, SockJsOptions options,
                 SockJsProtocol protocol);
  // Its routes. Throws likewise, and for a path that is none.
  static void add(State& state, std::string_view path, SockJsOptions options,
                  SockJsProtocol protocol = {});

  const SockJsProtocol& protocol() const { return protocol_; }

  bool takes_websockets() const override;
  void on_head(Worker& worker, transport::HttpExchange& exchange) override;
  void on_request(Worker& worker, transport::HttpExchange& exchange) override;
  void on_shutdown(Worker& worker) override;

  // The answers that stay open on that loop.
  SockJsStreams& streams_on(unsigned loop) { return streams_[loop]; }

 private:
  struct Arrival;

  // What is below the service's own path.
  sockjs::Path parse(std::string_view path) const;
  bool offers(sockjs::Resource resource) const;
  bool any_origin() const { return options_.origins.kind == OriginPolicy::Kind::any; }

  void greet(transport::HttpExchange& exchange) const;
  void inform(Worker& worker, transport::HttpExchange& exchange) const;
  void frame_page(transport::HttpExchange& exchange) const;
  void open_websocket(Worker& worker, transport::HttpExchange& exchange,
                      sockjs::Transport transport);
  void receive(Worker& worker, transport::HttpExchange& exchange, const sockjs::Path& path);
  void receive_at_home(Worker& home, Arrival arrival, AnswerTo to);
  void ask_for_receiver(Worker& home, Arrival arrival, AnswerTo to, AnswerTo receiver);
  void send(Worker& worker, transport::HttpExchange& exchange, const sockjs::Path& path);
  Worker& home_of(Worker& here, std::string_view session) const;

  RequestInfo info_of(transport::HttpExchange& exchange) const;
  // Who asks; nullopt when that could not be said.
  std::optional<std::string> owner_of(Worker& worker, const RequestInfo& request) const;
  bool authorized(Worker& worker, const RequestInfo& request) const;
  RequestInfo shown(const RequestInfo& request) const;  // what handlers may see

  SockJsOptions options_;
  SockJsProtocol protocol_;
  RoutePattern pattern_;
  std::size_t slashes_;  // in the service's own path
  std::string iframe_;
  std::string iframe_tag_;
  transport::WebSocketSettings websocket_settings_;
  // By the loop's index.
  std::deque<SockJsRoute> on_loop_;
  std::deque<SockJsStreams> streams_;
};

// The service's own path, for the endpoint of what is below it.
class SockJsRoot final : public Endpoint {
 public:
  explicit SockJsRoot(SockJsEndpoint& endpoint) : endpoint_(endpoint) {}
  bool takes_websockets() const override { return endpoint_.takes_websockets(); }
  void on_request(Worker& worker, transport::HttpExchange& exchange) override {
    endpoint_.on_request(worker, exchange);
  }

 private:
  SockJsEndpoint& endpoint_;
};

}  // namespace naru::server
