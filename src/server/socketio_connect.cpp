// How a socket joins its namespace: claiming an older session, middlewares, CONNECT.
#include "base/utf8.hpp"
#include "engineio/handshake.hpp"
#include "http/url.hpp"
#include "json/split.hpp"
#include "server/socketio_server.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace naru::server {
namespace {

using socketio::PacketType;

std::optional<std::string> text_of(JsonView object, std::string_view name) {
  const auto members = json_members(object);
  if (!members) return std::nullopt;
  for (const auto& [key, value] : *members) {
    if (key != name) continue;
    Result<std::string> text = json_string(value);
    return text ? std::optional(*std::move(text)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void SocketIoSession::connect(const socketio::Packet& packet) {
  const std::string name(packet.nsp);
  std::string auth = auth_of(packet);
  if (joins(name)) return fail("a second CONNECT");
  if (sockets_.size() + (waiting_ ? waiting_->size() : 0) >= server_.options().namespaces) {
    return refuse(name, "too many namespaces", {});
  }
  std::shared_ptr<NamespaceState> nsp = server_.enter(name, {auth});
  if (!nsp) return refuse(name, "Invalid namespace", {});
  std::erase(left_, name);
  if (nsp->recovery && revision() == socketio::Revision::v5) {
    if (auto pid = text_of({auth}, "pid")) {
      auto offset = text_of({auth}, "offset");
      const std::uint64_t ticket = nsp->recovery->next_ticket();
      return claim({std::move(nsp), std::move(auth), *std::move(pid), std::move(offset), ticket});
    }
  }
  enter(std::move(nsp), std::move(auth), std::nullopt);
}

// Clients of revision 4 make up their ids by themselves: from that of the connection.
std::string SocketIoSession::make_id(std::string_view nsp) const {
  Worker& worker = engine_.worker();
  if (revision() == socketio::Revision::v5) {
    return engineio::make_sid(worker.index(), worker.random);
  }
  return nsp == "/" ? engine_.sid() : std::string(nsp).append("#").append(engine_.sid());
}

// What a client shows on connecting to a namespace, as JSON: in revision 4 a query.
std::string SocketIoSession::auth_of(const socketio::Packet& packet) const {
  if (revision() == socketio::Revision::v5) {
    return packet.data.empty() ? "{}" : std::string(packet.data);
  }
  std::map<std::string, std::string, std::less<>> last;
  const http::Query query = http::Query::parse(packet.query);
  for (const auto& [name, value] : query.all()) last[name] = value;
  std::string json = "{";
  for (const auto& [name, value] : last) {
    if (!is_utf8(name) || !is_utf8(value)) continue;
    if (json.size() > 1) json += ',';
    json::append_string(name, json);
    json += ':';
    json::append_string(value, json);
  }
  return json += '}';
}

// ---- an older session

void SocketIoSession::claim(Waiting waiting) {
  using Outcome = Recovery::Claim::Outcome;
  Worker& worker = engine_.worker();
  Recovery::Claim claim = waiting.nsp->recovery->claim(waiting.pid, waiting.offset, waiting.ticket,
                                                       worker.index(), worker.loop.now());
  switch (claim.outcome) {
    case Outcome::fresh:
      return enter(std::move(waiting.nsp), std::move(waiting.auth), std::nullopt);
    case Outcome::taken:
      return enter(std::move(waiting.nsp), std::move(waiting.auth), std::move(claim.session));
    case Outcome::live:
      return await(std::move(waiting), claim.loop, claim.sid);
    case Outcome::superseded:
      server_.leave(*waiting.nsp);
      return close();
  }
}

// The older connection has not been noticed to be dead: it is ended where it lives, then the claim
// is made again.
void SocketIoSession::await(Waiting waiting, unsigned loop, const std::string& sid) {
  if (!waiting_) waiting_ = std::make_unique<std::vector<Waiting>>();
  const std::shared_ptr<NamespaceState> nsp = waiting.nsp;
  waiting_->push_back(std::move(waiting));
  Worker& here = engine_.worker();
  here.state().workers[loop]->loop.post([nsp, loop, sid, &here, engine_sid = engine_.sid()] {
    nsp->catch_up(loop);
    if (hub::Subscriber* found = nsp->hub_of(loop).find(sid)) {
      auto& socket = static_cast<SocketState&>(*found);
      socket.session.hand_over(socket);
    }
    here.loop.post([nsp, &here, engine_sid] {
      EngineSession* engine = here.find_session(engine_sid);
      if (engine != nullptr && !engine->closed()) {
        static_cast<SocketIoSession&>(engine->user()).claim_again(nsp->name());
      }
    });
  });
}

void SocketIoSession::claim_again(std::string_view nsp) {
  if (!waiting_) return;
  const auto found = std::find_if(waiting_->begin(), waiting_->end(),
                                  [&](const Waiting& each) { return each.nsp->name() == nsp; });
  if (found == waiting_->end()) return;
  Waiting waiting = std::move(*found);
  waiting_->erase(found);
  if (waiting_->empty()) waiting_.reset();
  claim(std::move(waiting));
}

void SocketIoSession::hand_over(SocketState& socket) {
  leave(socket, reason::transport_close);
  if (sockets_.empty() && !waiting_) close();
}

// ---- joining

void SocketIoSession::enter(std::shared_ptr<NamespaceState> nsp, std::string auth,
                            std::optional<AwaySession> session) {
  Worker& worker = engine_.worker();
  std::string id = session ? session->sid : make_id(nsp->name());
  sockets_.push_back(
      std::make_unique<SocketState>(*this, std::move(nsp), std::move(id), std::move(auth)));
  SocketState& socket = *sockets_.back();
  hub::Hub& hub = socket.nsp.hub_of(worker);
  hub.add(socket, socket.id);  // so that a middleware may join rooms
  if (session) {
    socket.data = std::move(session->data);
    socket.write_data = session->write_data;
    socket.resumable = std::make_unique<Resumable>(std::move(session->resumable));
    for (const Stay& stay : socket.resumable->stays) {
      if (stay.to == kOpenEnd) hub.join(socket, stay.room);
    }
    if (server_.options().recovery.skip_middlewares) return complete(socket);
  } else if (socket.nsp.recovery && revision() == socketio::Revision::v5) {
    socket.resumable = std::make_unique<Resumable>();
  }
  run_middlewares(socket);
}

void SocketIoSession::run_middlewares(SocketState& socket) {
  const auto& steps = socket.nsp.handlers().middlewares;
  while (socket.step < steps.size()) {
    const Handlers::Step& step = steps[socket.step];
    std::optional<Refusal> refusal;
    if (step.later) {
      const std::size_t number = socket.step;
      if (socket.middleware_deadline == kNever) {
        socket.middleware_deadline =
            engine_.worker().loop.now() + server_.options().middleware_timeout;
        engine_.watch_deadline();
      }
      if (run_user_code(socket.nsp.state, socket.nsp.where(),
                        [&] { step.later(socket.face(), socket.make_next(number)); })) {
        return;  // next() goes on from here, or has already
      }
      if (socket.gone || socket.connected || socket.step != number) return;
      refusal = Refusal{.message = "internal error"};
    } else if (!run_user_code(socket.nsp.state, socket.nsp.where(),
                              [&] { refusal = step.now(socket.face()); })) {
      refusal = Refusal{.message = "internal error"};
    }
    if (socket.gone || engine_.closed()) return;
    if (refusal) return refuse(socket, *refusal);
    ++socket.step;
  }
  complete(socket);
}

void SocketIoSession::resume_middlewares(SocketState& socket, std::size_t step,
                                         const std::optional<Refusal>& refusal) {
  if (socket.gone || socket.connected || socket.step != step || engine_.closed()) return;
  if (refusal) return refuse(socket, *refusal);
  ++socket.step;
  run_middlewares(socket);
}

void SocketIoSession::expire_middlewares(SocketState& socket) {
  refuse(socket, {.message = "timed out"});
}

void SocketIoSession::complete(SocketState& socket) {
  NamespaceState& nsp = socket.nsp;
  Worker& worker = engine_.worker();
  std::string answer = "{\"sid\":\"" + socket.id + "\"";
  nsp.catch_up(worker.index());
  Recovery::Missed missed;
  if (Resumable* resumable = socket.resumable.get()) {
    if (resumable->resumed) {
      auto found = nsp.recovery->missed(socket.id, *resumable);
      if (!found) return close();  // the log went on without it: next time it connects afresh
      missed = *std::move(found);
    } else {
      resumable->pid = engineio::make_sid(worker.index(), worker.random);
      resumable->start = nsp.recovery->seen(worker.index());
      nsp.recovery->add_live(*resumable, socket.id, worker.index());
    }
    answer += ",\"pid\":\"" + resumable->pid + "\"";
  }
  socket.connected = true;
  socket.middleware_deadline = connect_deadline_ = kNever;
  // CONNECT goes first: a client keeps events from before it, and would have them twice if it came
  // no further than that.
  const bool says_id = revision() == socketio::Revision::v5;
  answer += '}';
  send(PacketType::connect, nsp.name(), std::nullopt,
       {says_id ? std::string_view(answer) : std::string_view()});
  socket.send_missed(missed);
  nsp.catch_up(worker.index());
  for (const auto& handler : nsp.handlers().on_connect) {
    if (socket.gone) return;
    if (!run_user_code(nsp.state, nsp.where(), [&] { handler(socket.face()); })) return close();
  }
}

void SocketIoSession::refuse(SocketState& socket, const Refusal& refusal) {
  refuse(socket.nsp.name(), refusal.message, refusal.data_json);
  leave(socket, {});
}

// Revision 4 says the data, or else the message; but an object where there is no such namespace.
void SocketIoSession::refuse(std::string_view nsp, std::string_view message,
                             std::string_view data_json) {
  std::string json;
  json::append_string(message, json);
  if (revision() == socketio::Revision::v4 && find(nsp) != nullptr) {
    send(PacketType::connect_error, nsp, std::nullopt, {data_json.empty() ? json : data_json});
    return;
  }
  json.insert(0, "{\"message\":");
  if (!data_json.empty()) json.append(",\"data\":").append(data_json);
  json += '}';
  send(PacketType::connect_error, nsp, std::nullopt, {json});
}

}  // namespace naru::server
