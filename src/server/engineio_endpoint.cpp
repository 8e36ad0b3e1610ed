#include "server/engineio_endpoint.hpp"

#include "server/client_files.hpp"
#include "server/state.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace naru::server {
namespace {

using engineio::RequestError;
using transport::HttpExchange;

// Every value that `ws` and browsers can send, and nothing that could end up in a log or a header.
bool is_plain_origin(std::string_view origin) {
  return std::all_of(origin.begin(), origin.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace

EngineEndpoint::EngineEndpoint(TransportOptions options, EngineUserFactory& users)
    : options_(std::move(options)), users_(users) {
  session_options_ = {.ping_interval = options_.ping_interval,
                      .ping_timeout = options_.ping_timeout,
                      .upgrade_timeout = options_.upgrade_timeout};
  check_cookie(options_.cookie);
  cors_ = cors_policy(options_.cors);
  websocket_settings_.limits.message_bytes = options_.max_payload;
  websocket_settings_.limits.deflate = websocket::deflate_config(options_.compression);
  websocket_settings_.outbox = {.high_watermark = options_.high_watermark, .limit = options_.limit};
}

void EngineEndpoint::on_head(Worker& worker, HttpExchange& connection) {
  if (cors_.enabled() && connection.request().method != "OPTIONS") {
    http::Response headers;
    http::add_cors(cors_, connection.request(), headers);
    for (const auto& [name, value] : headers.fields) connection.add_field(name, value);
  }
  const http::Request& request = connection.request();
  if (request.method == "POST") {
    if (request.count("Content-Length") == 0 && !request.has_body) {
      return connection.respond(http::plain(411), HttpExchange::After::close);
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

Worker* EngineEndpoint::home_of(Worker& here, std::string_view sid) const {
  const int loop =
      options_.generate_id ? engineio::loop_of_custom_sid(sid) : engineio::loop_of_sid(sid);
  if (loop < 0 || static_cast<std::size_t>(loop) >= here.state().workers.size()) return nullptr;
  return here.state().workers[static_cast<std::size_t>(loop)].get();
}

// A session takes one POST at a time, from its head on.
void EngineEndpoint::begin_post(Worker& worker, HttpExchange& connection) {
  const EngineQuery query = EngineQuery::parse(connection.request().query);
  if (query.transport != "polling") return;
  const std::string& sid = query.sid;
  Worker* home = home_of(worker, sid);
  if (home == nullptr) return;
  if (home == &worker) {
    EngineSession* session = find_session(*home, sid);
    if (session != nullptr && !session->begin_post()) {
      return connection.respond(http::Response{.status = 400}, HttpExchange::After::close);
    }
  } else {
    home->loop.post([this, home, sid] {
      if (EngineSession* session = find_session(*home, sid)) session->begin_post();
    });
  }
  connection.watch_body([this, home, &worker, sid] {
    run_on(*home, worker, [this, home, sid] {
      if (EngineSession* session = find_session(*home, sid)) session->post_dropped();
    });
  });
}

void EngineEndpoint::on_request(Worker& worker, HttpExchange& connection) {
  const http::Request& request = connection.request();
  if (cors_.enabled() && request.method == "OPTIONS") {
    return connection.respond(http::preflight(cors_, request));
  }
  const EngineQuery query = EngineQuery::parse(request.query);
  const bool polling = query.transport == "polling" && options_.polling;
  const bool websocket = query.transport == "websocket" && options_.websocket;
  if (!polling && !websocket) {
    return refuse(worker, connection,
                  {.error = RequestError::unknown_transport, .context = query.transport});
  }
  if (!is_plain_origin(request.field("Origin"))) {
    return refuse(worker, connection, {.context = "INVALID_ORIGIN"});
  }
  if (websocket::is_upgrade(request)) {
    if (!websocket) return refuse(worker, connection, {.context = "TRANSPORT_MISMATCH"});
    return upgrade(worker, connection, query);
  }
  if (query.fresh()) return handshake(worker, connection, query);
  poll_or_post(worker, connection, query);
}

void EngineEndpoint::handshake(Worker& worker, HttpExchange& connection, const EngineQuery& query) {
  const http::Request& request = connection.request();
  if (request.method != "GET") {
    return refuse(worker, connection,
                  {.error = RequestError::bad_method, .context = std::string(request.method)});
  }
  if (query.transport == "websocket") {  // without an HTTP upgrade
    return refuse(worker, connection, {.context = "TRANSPORT_HANDSHAKE_ERROR"});
  }
  RequestInfo info = request_info(request, connection.stream());
  if (const auto refusal = judge(worker, info)) return refuse(worker, connection, *refusal);
  if (!serves(query)) {
    return refuse(worker, connection,
                  {.error = RequestError::unsupported_version, .context = query.revision});
  }
  open_polling(worker, connection, query, std::move(info));
}

bool EngineEndpoint::serves(const EngineQuery& query) const {
  return options_.allow_eio3 || query.dialect.revision == engineio::Revision::v4;
}

void EngineEndpoint::open_polling(Worker& worker, HttpExchange& connection,
                                  const EngineQuery& query, RequestInfo info) {
  if (!users_.takes_sessions() || !worker.takes_sessions()) {
    return connection.respond(overloaded(), HttpExchange::After::close);
  }
  std::optional<std::string> sid = make_sid(worker, info);
  if (!sid) return refuse(worker, connection, {.context = "ID_GENERATION_ERROR"});
  if (has_header_hooks()) {
    for (const auto& [name, value] : hook_headers(worker, info, Answering::first)) {
      connection.add_field(name, value);
    }
  }
  EngineSession& session = worker.add_session(
      std::make_unique<EngineSession>(worker, *this,
                                      EngineHandshake{.request = std::move(info),
                                                      .sid = *std::move(sid),
                                                      .transport = engineio::Transport::polling,
                                                      .dialect = query.dialect,
                                                      .jsonp = query.jsonp}));
  http::Response response = session.open_answer();
  if (!options_.cookie.name.empty()) {
    response.set("Set-Cookie", cookie_text(options_.cookie, session.sid()));
  }
  connection.respond(std::move(response));
  session.open();
}

void EngineEndpoint::poll_or_post(Worker& worker, HttpExchange& connection,
                                  const EngineQuery& query) {
  const http::Request& request = connection.request();
  enum class Kind : std::uint8_t { poll, post, other };
  Kind kind = Kind::other;
  if (request.method == "GET") kind = Kind::poll;
  if (request.method == "POST") kind = Kind::post;
  const auto body_kind = http::iequals(request.field("Content-Type"), "application/octet-stream")
                             ? EngineSession::Body::octets
                             : EngineSession::Body::text;
  const http::ContentCoding coding = options_.http_compression.enabled
                                         ? http::choose_coding(request)
                                         : http::ContentCoding::identity;
  const std::string& sid = query.sid;
  Worker* found = home_of(worker, sid);
  if (found == nullptr) {
    return refuse(worker, connection, {.error = RequestError::unknown_sid, .context = sid});
  }
  Worker& home = *found;
  if (options_.on_headers) {
    const RequestInfo info = request_info(request, connection.stream());
    for (const auto& [name, value] : hook_headers(worker, info, Answering::later)) {
      connection.add_field(name, value);
    }
  }

  // On the loop of the session, which may be this one. What the request said is moved along.
  auto handle = [this, &home, sid, kind, body_kind, coding,
                 by_polling = query.transport == "polling", info = info_for_reports(connection),
                 body = connection.take_body()](AnswerTo to) {
    EngineSession* session = find_session(home, sid);
    const bool mismatch =
        session != nullptr && (!by_polling || session->transport() != engineio::Transport::polling);
    if (session == nullptr || mismatch) {
      const EngineRefusal refusal =
          mismatch ? EngineRefusal{.context = "TRANSPORT_MISMATCH"}
                   : EngineRefusal{.error = RequestError::unknown_sid, .context = sid};
      home.counters.violations.add();
      report(home, info.get(), refusal);
      return home.answer(to, refusal_answer(refusal));
    }
    switch (kind) {
      case Kind::poll:
        return session->poll(to, coding);
      case Kind::post:
        return session->post(to, body, body_kind);
      case Kind::other:
        return home.answer(to, {.status = 500});
    }
  };
  // The peer may go while it waits: its session hears of that.
  auto abandoned_to = std::make_shared<AnswerTo>();
  const AnswerTo to =
      worker.expect_answer(connection, [this, &home, sid, abandoned_to, here = &worker] {
        run_on(home, *here, [this, &home, sid, from = *abandoned_to] {
          if (EngineSession* session = find_session(home, sid)) session->poll_dropped(from);
        });
      });
  *abandoned_to = to;
  run_on(home, worker, [handle = std::move(handle), to] { handle(to); });
}

}  // namespace naru::server
