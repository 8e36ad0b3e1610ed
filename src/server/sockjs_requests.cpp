// The requests of SockJS sessions over HTTP: how they find their session, and who may.
#include "http/url.hpp"
#include "server/request_info.hpp"
#include "server/sockjs_answers.hpp"
#include "server/sockjs_endpoint.hpp"
#include "server/state.hpp"
#include "sockjs/documents.hpp"
#include "sockjs/messages.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace naru::server {
namespace {

using sockjs::Resource;
using sockjs::Transport;
using transport::HttpExchange;

Transport transport_of(Resource resource) {
  switch (resource) {
    case Resource::xhr_streaming:
      return Transport::xhr_streaming;
    case Resource::eventsource:
      return Transport::eventsource;
    case Resource::htmlfile:
      return Transport::htmlfile;
    case Resource::jsonp:
      return Transport::jsonp_polling;
    default:
      return Transport::xhr_polling;
  }
}

// The function that the peer wants called; nullptr for none.
const std::string* callback_of(const http::Query& query) {
  const std::string* name = query.find("c");
  if (name == nullptr || name->empty()) name = query.find("callback");
  return name == nullptr || name->empty() ? nullptr : name;
}

// JSON in the field "d" of a form, unless the type says that it is the body itself.
std::string jsonp_payload(const http::Request& request, std::string body) {
  if (!request.field("Content-Type").starts_with("application/x-www-form-urlencoded")) return body;
  const http::Query form = http::Query::parse(body);
  const std::string* field = form.find("d");
  return field == nullptr ? std::string() : *field;
}

// What handlers may know of a request's head: nothing that says who asks, since any page can have
// a browser send that.
constexpr std::array<std::string_view, 12> kShown{
    "referer", "x-client-ip", "x-forwarded-for",   "x-cluster-client-ip",
    "via",     "x-real-ip",   "x-forwarded-proto", "x-ssl",
    "dnt",     "host",        "user-agent",        "accept-language"};

}  // namespace

// A receiving request on its way to its session.
struct SockJsEndpoint::Arrival {
  std::string session;
  std::string owner;
  sockjs::Receiver receiver;
  RequestInfo request;
  bool confirmed = false;  // that the receiver before it is still there
};

RequestInfo SockJsEndpoint::info_of(HttpExchange& exchange) const {
  const http::Request& request = exchange.request();
  RequestInfo info = request_info(request, exchange.stream());
  if (auto parameters = pattern_.match(request.path)) info.parameters = *std::move(parameters);
  return info;
}

RequestInfo SockJsEndpoint::shown(const RequestInfo& request) const {
  RequestInfo info = request;
  // The session's name is as good as a password.
  std::size_t end = 0;
  for (std::size_t slash = 0; slash < slashes_; ++slash) end = info.path.find('/', end) + 1;
  info.path.resize(std::min(info.path.find('/', end), info.path.size()));
  std::erase_if(info.headers, [](const auto& header) {
    return std::none_of(kShown.begin(), kShown.end(),
                        [&](std::string_view name) { return http::iequals(name, header.first); });
  });
  return info;
}

std::optional<std::string> SockJsEndpoint::owner_of(Worker& worker,
                                                    const RequestInfo& request) const {
  std::string owner;
  if (options_.user) {
    if (!run_user_code(worker.state(), "protocol=sockjs",
                       [&] { owner = options_.user(request); })) {
      return std::nullopt;
    }
    if (!owner.empty()) return "user " + owner;
  }
  return options_.bind_address ? "address " + request.address : owner;
}

bool SockJsEndpoint::authorized(Worker& worker, const RequestInfo& request) const {
  if (!options_.authorize) return true;
  bool allowed = false;
  run_user_code(worker.state(), "protocol=sockjs", [&] { allowed = options_.authorize(request); });
  return allowed;
}

void SockJsEndpoint::receive(Worker& worker, HttpExchange& exchange, const sockjs::Path& path) {
  const http::Request& request = exchange.request();
  const Transport transport = transport_of(path.resource);
  std::string callback;
  if (path.resource == Resource::htmlfile || path.resource == Resource::jsonp) {
    const http::Query query = http::Query::parse(request.query);
    const std::string* name = callback_of(query);
    if (name == nullptr) {
      return exchange.respond(sockjs_error(500, "\"callback\" parameter required"));
    }
    // Not said again: it would be the peer's words in an answer of ours.
    if (!sockjs::is_callback(*name)) {
      return exchange.respond(sockjs_error(500, "invalid \"callback\" parameter"));
    }
    callback = *name;
  }
  RequestInfo info = info_of(exchange);
  std::optional<std::string> owner = owner_of(worker, info);
  if (!owner) return exchange.respond(http::plain(500));
  Arrival arrival{.session = std::string(path.session),
                  .owner = *std::move(owner),
                  .receiver = {transport, std::move(callback), options_.response_limit},
                  .request = std::move(info)};
  Worker& home = home_of(worker, path.session);
  // The peer may go while it waits: its session hears of that.
  auto known_as = std::make_shared<AnswerTo>();
  *known_as = worker.expect_answer(
      exchange, [this, &home, here = &worker, session = arrival.session, known_as] {
        run_on(home, *here, [this, &home, session, from = *known_as] {
          SockJsHttpSession* found = on_loop_[home.index()].find(std::string_view(session));
          if (found != nullptr) found->receiver_gone(from);
        });
      });
  run_on(home, worker, [this, &home, arrival = std::move(arrival), to = *known_as]() mutable {
    receive_at_home(home, std::move(arrival), to);
  });
}

void SockJsEndpoint::receive_at_home(Worker& home, Arrival arrival, AnswerTo to) {
  SockJsRoute& route = on_loop_[home.index()];
  SockJsHttpSession* session = route.find(std::string_view(arrival.session));
  if (session == nullptr) {
    if (route.stopping || !home.takes_sessions()) return home.answer(to, http::plain(503));
    if (!route.takes(arrival.request.address)) {
      home.counters.refused.add();
      return home.answer(to, http::plain(503));
    }
    if (!authorized(home, arrival.request)) return home.answer(to, http::plain(403));
    session = &route.add(std::make_unique<SockJsHttpSession>(route, arrival.session, arrival.owner,
                                                             shown(arrival.request),
                                                             arrival.receiver.transport()));
  } else if (!session->belongs_to(arrival.owner)) {
    home.log_violation("sockjs", arrival.request.address, "a session of somebody else");
    return home.answer(to, http::plain(404));
  } else if (const auto receiver = session->receiver(); receiver && !arrival.confirmed) {
    return ask_for_receiver(home, std::move(arrival), to, *receiver);
  }
  session->receive(to, std::move(arrival.receiver));
}

// Somebody receives already; or has gone, and this is the same client again. A peer that closes one
// connection and then asks on another may be heard first on the other. But what it did before waits
// for the loop of the first by now: that loop sees it in its next turn at the latest, and what is
// posted from one turn to the next runs behind the events of that one. So when its answer to a
// question arrives here, the session knows.
void SockJsEndpoint::ask_for_receiver(Worker& home, Arrival arrival, AnswerTo to,
                                      AnswerTo receiver) {
  arrival.confirmed = true;
  Worker& there = *home.state().workers[receiver.worker];
  auto answer = [this, &home, arrival = std::move(arrival), to]() mutable {
    home.loop.post([this, &home, arrival = std::move(arrival), to]() mutable {
      receive_at_home(home, std::move(arrival), to);
    });
  };
  there.loop.post(
      [&there, answer = std::move(answer)]() mutable { there.loop.post(std::move(answer)); });
}

void SockJsEndpoint::send(Worker& worker, HttpExchange& exchange, const sockjs::Path& path) {
  const bool script = path.resource == Resource::jsonp_send;
  std::string body = exchange.take_body();
  if (script) body = jsonp_payload(exchange.request(), std::move(body));
  auto messages =
      sockjs::read_messages(body, sockjs::Carrier::body, {.messages = options_.messages});
  if (!messages) {
    worker.log_violation("sockjs", exchange.stream().peer_address(), messages.error().text);
    return exchange.respond(sockjs_error(500, messages.error().text));
  }
  const std::optional<std::string> owner = owner_of(worker, info_of(exchange));
  if (!owner) return exchange.respond(http::plain(500));
  Worker& home = home_of(worker, path.session);
  auto handle = [this, &home, script, session = std::string(path.session), owner = *owner,
                 messages = *std::move(messages)](AnswerTo to) {
    SockJsHttpSession* found = on_loop_[home.index()].find(std::string_view(session));
    if (found == nullptr || !found->belongs_to(owner)) {
      home.counters.violations.add();
      return home.answer(to, http::plain(404));
    }
    found->receive_messages(messages);
    home.answer(to, script ? sockjs_response(200, kSockJsText, "ok")
                           : sockjs_response(204, kSockJsText, {}));
  };
  const AnswerTo to = worker.expect_answer(exchange, [] {});
  run_on(home, worker, [handle = std::move(handle), to] { handle(to); });
}

}  // namespace naru::server
