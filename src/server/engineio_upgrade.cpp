// The upgrading side of EngineEndpoint: WebSockets, fresh or for a session that polls.

#include "server/engineio_endpoint.hpp"
#include "server/request_info.hpp"
#include "server/state.hpp"
#include "websocket/close_code.hpp"
#include "websocket/handshake.hpp"

#include <optional>
#include <utility>

namespace naru::server {
namespace {

using engineio::RequestError;
using transport::HttpExchange;

// Says one HTTP answer on a connection that has left its HttpConnection, and ends.
class LastAnswer final : public io::StreamHandler {
 public:
  explicit LastAnswer(http::Response response) : response_(std::move(response)) {}
  void on_attached(io::Stream& stream) override {
    http::encode_response(response_, {.head_only = false, .keep_alive = false}, stream.out());
    stream.send_later();
    stream.finish();
  }
  void on_bytes(std::span<char>) override {}
  void on_end() override {}
  void on_deadline(Instant) override {}
  void on_closed(io::StreamEnd) override {}

 private:
  http::Response response_;
};

// A WebSocket whose session does not want it: opened, and closed at once.
class Unwanted final : public transport::WebSocketUser {
 public:
  void on_websocket_open(transport::WebSocketTransport& transport) override {
    transport.close(websocket::close_code::none, {});
  }
  void on_websocket_message(transport::WebSocketTransport&, bool, std::span<char>) override {}
  void on_websocket_drain(transport::WebSocketTransport&) override {}
  void on_websocket_closed(transport::WebSocketTransport&, std::uint16_t,
                           std::string_view) override {}
  void on_websocket_violation(transport::WebSocketTransport&, const Error&) override {}
};

}  // namespace

// What an upgrade needs on the loop of its session.
struct EngineEndpoint::Upgrade {
  std::string sid;
  bool base64 = false;
  std::optional<http::Response> switching_protocols{};  // when it is still to be sent
  std::shared_ptr<const RequestInfo> info{};            // for reports
  std::optional<websocket::DeflateAgreement> deflate{};
};

void EngineEndpoint::upgrade(Worker& worker, HttpExchange& connection, const EngineQuery& query) {
  const http::Request& request = connection.request();
  const bool fresh = query.fresh();
  if (fresh && request.method != "GET" && request.protocol.empty()) {
    return refuse(worker, connection,
                  {.error = RequestError::bad_method, .context = std::string(request.method)});
  }
  if (!lets_in(request, caller_of(request, connection.stream()))) {
    return refuse(worker, connection,
                  {.error = RequestError::forbidden, .context = "origin not allowed"});
  }
  RequestInfo info;
  if (fresh || has_header_hooks()) info = request_info(request, connection.stream());
  if (fresh) {
    if (const auto refusal = judge(worker, info)) return refuse(worker, connection, *refusal);
  }
  if (fresh && !serves(query)) {
    return refuse(worker, connection,
                  {.error = RequestError::unsupported_version, .context = query.revision});
  }
  websocket::Handshake handshake =
      websocket::accept_handshake(request, {}, websocket_settings_.limits.deflate);
  if (!handshake.accepted) {
    return connection.respond(std::move(handshake.response), HttpExchange::After::close);
  }
  if (cors_.enabled()) http::add_cors(cors_, request, handshake.response);

  if (has_header_hooks()) {
    const Answering which = fresh ? Answering::first : Answering::later;
    for (const auto& [name, value] : hook_headers(worker, info, which)) {
      handshake.response.add(name, value);
    }
  }

  if (fresh) {
    if (!users_.takes_sessions() || !worker.takes_sessions()) {
      return connection.respond(overloaded(), HttpExchange::After::close);
    }
    std::optional<std::string> sid = make_sid(worker, info);
    if (!sid) return refuse(worker, connection, {.context = "ID_GENERATION_ERROR"});
    EngineSession& session = worker.add_session(
        std::make_unique<EngineSession>(worker, *this,
                                        EngineHandshake{.request = std::move(info),
                                                        .sid = *std::move(sid),
                                                        .transport = engineio::Transport::websocket,
                                                        .dialect = query.dialect}));
    return connection.upgrade(
        handshake.response,
        std::make_unique<transport::WebSocketTransport>(
            session, websocket_settings_,
            transport::WebSocketOpening{.deflate = handshake.deflate, .pool = &worker.deflate}));
  }
  const EngineRefusal unknown{.error = RequestError::unknown_sid, .context = query.sid};
  Worker* found = home_of(worker, query.sid);
  if (found == nullptr) return refuse(worker, connection, unknown);
  Worker& home = *found;
  Upgrade wanted{.sid = query.sid, .base64 = query.dialect.base64, .deflate = handshake.deflate};
  if (&home == &worker) {
    if (find_session(home, query.sid) == nullptr) return refuse(worker, connection, unknown);
    return connection.upgrade(handshake.response, upgrade_handler(home, std::move(wanted)));
  }
  // A stream of HTTP/2 stays where its connection is: the client stays with polling then.
  if (!connection.can_detach()) {
    return connection.respond(overloaded(), HttpExchange::After::close);
  }
  wanted.switching_protocols = std::move(handshake.response);
  wanted.info = info_for_reports(connection);
  home.loop.post(
      [this, &home, wanted = std::move(wanted), detached = connection.detach()]() mutable {
        io::Stream& stream = io::Stream::attach(home.loop, std::move(detached.stream),
                                                upgrade_handler(home, std::move(wanted)));
        if (detached.received.empty() || stream.closed() || stream.finishing()) return;
        stream.handler().on_bytes(detached.received);
      });
}

// By the Origin policy, which admits whom CORS admits.
bool EngineEndpoint::lets_in(const http::Request& request, const Caller& caller) const {
  if (origin_allowed(options_.origins, request, caller, options_.cors.origins)) return true;
  return cors_.allow_origin && request.count("Origin") == 1 &&
         cors_.allow_origin(request.field("Origin"));
}

std::unique_ptr<io::StreamHandler> EngineEndpoint::upgrade_handler(Worker& home, Upgrade request) {
  EngineSession* session = find_session(home, request.sid);
  if (session == nullptr) {
    const EngineRefusal unknown{.error = RequestError::unknown_sid, .context = request.sid};
    home.counters.violations.add();
    report(home, request.info.get(), unknown);
    return std::make_unique<LastAnswer>(upgrade_refusal(unknown));
  }
  transport::WebSocketOpening opening{.switching_protocols = std::move(request.switching_protocols),
                                      .deflate = request.deflate,
                                      .pool = &home.deflate};
  if (!options_.allow_upgrades || !session->accept_candidate(request.base64)) {
    return std::make_unique<transport::WebSocketTransport>(std::make_unique<Unwanted>(),
                                                           websocket_settings_, std::move(opening));
  }
  return std::make_unique<transport::WebSocketTransport>(*session, websocket_settings_,
                                                         std::move(opening));
}

}  // namespace naru::server
