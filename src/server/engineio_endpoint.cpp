#include "server/engineio_endpoint.hpp"

#include "server/request_info.hpp"
#include "server/state.hpp"
#include "websocket/close_code.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <utility>

namespace naru::server {
namespace {

using engineio::RequestError;
using transport::HttpConnection;

// Every value that `ws` and browsers can send, and nothing that could end up in a log or a header.
bool is_plain_origin(std::string_view origin) {
  return std::all_of(origin.begin(), origin.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::string cookie(const CookieOptions& options, const std::string& sid) {
  std::string text = options.name + "=" + sid;
  if (!options.path.empty()) text += "; Path=" + options.path;
  if (options.http_only) text += "; HttpOnly";
  if (options.secure) text += "; Secure";
  if (!options.same_site.empty()) text += "; SameSite=" + options.same_site;
  return text;
}

// The answer before a 101: the bare message, and the end of the connection.
http::Response upgrade_refusal(RequestError error) {
  http::Response response;
  response.status = error == RequestError::forbidden ? 403 : 400;
  response.set("Content-Type", "text/html");
  response.body = engineio::error_message(error);
  return response;
}

// The worker on whose loop a session lives; nullptr when no session has such an id.
Worker* home_of(Worker& here, std::string_view sid) {
  const int loop = engineio::loop_of_sid(sid);
  if (loop < 0 || static_cast<std::size_t>(loop) >= here.state().workers.size()) return nullptr;
  return here.state().workers[static_cast<std::size_t>(loop)].get();
}

// Runs `task` on the loop of `home`: at once when that is this one.
template <class Task>
void run_on(Worker& home, Worker& here, Task task) {
  if (&home == &here) return task();
  home.loop.post(std::move(task));
}

http::Response overloaded() {
  http::Response response = http::plain(503);
  response.set("Retry-After", "5");
  return response;
}

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
  http::Response switching_protocols;
};

EngineEndpoint::EngineEndpoint(TransportOptions options, EngineUserFactory& users)
    : options_(std::move(options)), users_(users) {
  session_options_ = {.ping_interval = options_.ping_interval,
                      .ping_timeout = options_.ping_timeout,
                      .upgrade_timeout = options_.upgrade_timeout};
  cors_.origins = options_.cors.origins;
  cors_.credentials = options_.cors.credentials;
  cors_.allowed_headers = options_.cors.allowed_headers;
  cors_.exposed_headers = options_.cors.exposed_headers;
  cors_.max_age_seconds = options_.cors.max_age_seconds;
  websocket_limits_.message_bytes = options_.max_payload;
}

void EngineEndpoint::on_head(Worker& worker, HttpConnection& connection) {
  if (cors_.enabled() && connection.request().method != "OPTIONS") {
    http::Response headers;
    http::add_cors(cors_, connection.request(), headers);
    for (const auto& [name, value] : headers.fields) connection.add_field(name, value);
  }
  const http::Request& request = connection.request();
  if (request.method == "POST") {
    if (request.count("Content-Length") == 0 && !request.has_body) {
      return connection.respond(http::plain(411), HttpConnection::After::close);
    }
    begin_post(worker, connection);
  }
  connection.limit_body(options_.max_payload);  // a body above it ends the session
}

// A session is known under its own path only.
EngineSession* EngineEndpoint::find_session(const Worker& home, std::string_view sid) const {
  EngineSession* session = home.find_session(sid);
  return session != nullptr && &session->endpoint() == this ? session : nullptr;
}

// A session takes one POST at a time, from its head on.
void EngineEndpoint::begin_post(Worker& worker, HttpConnection& connection) {
  const http::Query query = http::Query::parse(connection.request().query);
  const std::string* sid = query.find("sid");
  const std::string* transport = query.find("transport");
  if (sid == nullptr || transport == nullptr || *transport != "polling") return;
  Worker* home = home_of(worker, *sid);
  if (home == nullptr) return;
  if (home == &worker) {
    EngineSession* session = find_session(*home, *sid);
    if (session != nullptr && !session->begin_post()) {
      return connection.respond(http::Response{.status = 400}, HttpConnection::After::close);
    }
  } else {
    home->loop.post([this, home, sid = *sid] {
      if (EngineSession* session = find_session(*home, sid)) session->begin_post();
    });
  }
  connection.watch_body([this, home, &worker, sid = *sid] {
    run_on(*home, worker, [this, home, sid] {
      if (EngineSession* session = find_session(*home, sid)) session->post_dropped();
    });
  });
}

void EngineEndpoint::on_request(Worker& worker, HttpConnection& connection) {
  const http::Request& request = connection.request();
  if (cors_.enabled() && request.method == "OPTIONS") {
    return connection.respond(http::preflight(cors_, request));
  }
  const http::Query query = http::Query::parse(request.query);
  const std::string* transport = query.find("transport");
  const bool polling = transport != nullptr && *transport == "polling" && options_.polling;
  const bool websocket = transport != nullptr && *transport == "websocket" && options_.websocket;
  if (!polling && !websocket) return refuse(worker, connection, RequestError::unknown_transport);
  if (!is_plain_origin(request.field("Origin"))) {
    return refuse(worker, connection, RequestError::bad_request);
  }
  if (websocket::is_upgrade(request)) {
    if (!websocket) return refuse(worker, connection, RequestError::bad_request);
    return upgrade(worker, connection, query);
  }
  const std::string* sid = query.find("sid");
  if (sid == nullptr || sid->empty()) return handshake(worker, connection, query);
  poll_or_post(worker, connection, *sid, polling);
}

void EngineEndpoint::refuse(Worker& worker, HttpConnection& connection, RequestError error) {
  worker.log_violation("engine.io", connection.stream().peer_address(),
                       engineio::error_message(error));
  if (websocket::is_upgrade(connection.request())) {
    return connection.respond(upgrade_refusal(error), HttpConnection::After::close);
  }
  http::Response response;
  response.status = engineio::error_status(error);
  response.set("Content-Type", "application/json");
  response.body = engineio::error_body(error);
  connection.respond(std::move(response));
}

void EngineEndpoint::handshake(Worker& worker, HttpConnection& connection,
                               const http::Query& query) {
  if (connection.request().method != "GET") {
    return refuse(worker, connection, RequestError::bad_method);
  }
  if (*query.find("transport") == "websocket") {
    return refuse(worker, connection, RequestError::bad_request);  // no HTTP upgrade
  }
  const std::string* revision = query.find("EIO");
  if (revision == nullptr || *revision != "4") {
    return refuse(worker, connection, RequestError::unsupported_version);
  }
  open_polling(worker, connection);
}

void EngineEndpoint::open_polling(Worker& worker, HttpConnection& connection) {
  if (!worker.takes_sessions())
    return connection.respond(overloaded(), HttpConnection::After::close);
  EngineSession& session = worker.add_session(
      std::make_unique<EngineSession>(worker, *this, engineio::Transport::polling,
                                      request_info(connection.request(), connection.stream())));
  http::Response response;
  response.set("Content-Type", "text/plain; charset=UTF-8");
  response.set("cache-control", "no-store");
  if (!options_.cookie.name.empty()) {
    response.set("Set-Cookie", cookie(options_.cookie, session.sid()));
  }
  response.body = session.open_packet();
  connection.respond(std::move(response));
  session.open();
}

void EngineEndpoint::poll_or_post(Worker& worker, HttpConnection& connection, std::string_view sid,
                                  bool by_polling) {
  const http::Request& request = connection.request();
  enum class Kind { poll, post, binary_post, other };
  Kind kind = Kind::other;
  if (request.method == "GET") kind = Kind::poll;
  if (request.method == "POST") {
    const std::string_view type = request.field("Content-Type");
    kind = http::iequals(type, "application/octet-stream") ? Kind::binary_post : Kind::post;
  }
  std::string body = connection.take_body();
  Worker* found = home_of(worker, sid);
  if (found == nullptr) return refuse(worker, connection, RequestError::unknown_sid);
  Worker& home = *found;

  // On the loop of the session, which may be this one. What the request said is moved along.
  auto handle = [this, &home, sid = std::string(sid), kind, by_polling,
                 body = std::move(body)](AnswerTo to) {
    EngineSession* session = find_session(home, sid);
    const bool mismatch =
        session != nullptr && (!by_polling || session->transport() != engineio::Transport::polling);
    if (session == nullptr || mismatch) {
      const RequestError error = mismatch ? RequestError::bad_request : RequestError::unknown_sid;
      http::Response response;
      response.status = engineio::error_status(error);
      response.set("Content-Type", "application/json");
      response.body = engineio::error_body(error);
      home.counters.violations.add();
      return home.answer(to, std::move(response));
    }
    switch (kind) {
      case Kind::poll:
        return session->poll(to);
      case Kind::post:
        return session->post(to, body);
      case Kind::binary_post:  // revision 4 has none
        home.answer(to, {.status = 400});
        return session->post_dropped();
      case Kind::other:
        return home.answer(to, {.status = 500});
    }
  };
  // The peer may go while it waits: its session hears of that.
  auto abandoned_to = std::make_shared<AnswerTo>();
  const AnswerTo to = worker.expect_answer(
      connection, [this, &home, sid = std::string(sid), abandoned_to, here = &worker] {
        run_on(home, *here, [this, &home, sid, from = *abandoned_to] {
          if (EngineSession* session = find_session(home, sid)) session->poll_dropped(from);
        });
      });
  *abandoned_to = to;
  run_on(home, worker, [handle = std::move(handle), to] { handle(to); });
}

void EngineEndpoint::upgrade(Worker& worker, HttpConnection& connection, const http::Query& query) {
  const http::Request& request = connection.request();
  const std::string* sid = query.find("sid");
  const std::string* revision = query.find("EIO");
  const bool fresh = sid == nullptr || sid->empty();
  if (fresh && request.method != "GET") {
    return refuse(worker, connection, RequestError::bad_method);
  }
  if (fresh && (revision == nullptr || *revision != "4")) {
    return refuse(worker, connection, RequestError::unsupported_version);
  }
  websocket::Handshake handshake = websocket::accept_handshake(request, {});
  if (!handshake.accepted) {
    return connection.respond(std::move(handshake.response), HttpConnection::After::close);
  }
  if (!origin_allowed(options_.origins, request, connection.stream().tls(),
                      options_.cors.origins)) {
    return refuse(worker, connection, RequestError::forbidden);
  }
  if (cors_.enabled()) http::add_cors(cors_, request, handshake.response);

  if (fresh) {
    if (!worker.takes_sessions()) {
      return connection.respond(overloaded(), HttpConnection::After::close);
    }
    EngineSession& session = worker.add_session(std::make_unique<EngineSession>(
        worker, *this, engineio::Transport::websocket, request_info(request, connection.stream())));
    return connection.upgrade(std::make_unique<transport::WebSocketTransport>(
        session, websocket_limits_, transport::WebSocketTimes{},
        transport::OutboxLimits{.high_watermark = options_.high_watermark, .limit = options_.limit},
        std::move(handshake.response)));
  }
  Worker* found = home_of(worker, *sid);
  if (found == nullptr) return refuse(worker, connection, RequestError::unknown_sid);
  Worker& home = *found;
  Upgrade wanted{.sid = *sid, .switching_protocols = std::move(handshake.response)};
  if (&home == &worker) return connection.upgrade(upgrade_handler(home, std::move(wanted)));
  if (!connection.can_detach()) {
    return connection.respond(overloaded(), HttpConnection::After::close);
  }
  home.loop.post(
      [this, &home, wanted = std::move(wanted), detached = connection.detach()]() mutable {
        io::Stream& stream = io::Stream::attach(home.loop, std::move(detached.stream),
                                                upgrade_handler(home, std::move(wanted)));
        if (detached.received.empty() || stream.closed() || stream.finishing()) return;
        stream.handler().on_bytes(detached.received);
      });
}

std::unique_ptr<io::StreamHandler> EngineEndpoint::upgrade_handler(Worker& home, Upgrade request) {
  EngineSession* session = find_session(home, request.sid);
  if (session == nullptr) {
    home.counters.violations.add();
    return std::make_unique<LastAnswer>(upgrade_refusal(RequestError::unknown_sid));
  }
  const transport::OutboxLimits outbox{.high_watermark = options_.high_watermark,
                                       .limit = options_.limit};
  if (!options_.allow_upgrades || !session->accept_candidate()) {
    return std::make_unique<transport::WebSocketTransport>(
        std::make_unique<Unwanted>(), websocket_limits_, transport::WebSocketTimes{}, outbox,
        std::move(request.switching_protocols));
  }
  return std::make_unique<transport::WebSocketTransport>(*session, websocket_limits_,
                                                         transport::WebSocketTimes{}, outbox,
                                                         std::move(request.switching_protocols));
}

}  // namespace naru::server
