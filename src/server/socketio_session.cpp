#include "server/socketio_session.hpp"

#include "engineio/handshake.hpp"
#include "json/split.hpp"
#include "server/socketio_server.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <utility>

namespace naru::server {
namespace {

using socketio::PacketType;

std::string packet_head(PacketType type, std::string_view nsp) {
  std::string head = "4";
  socketio::append_packet(type, nsp, std::nullopt, {}, 0, head);
  return head;
}

}  // namespace

SocketIoSession::SocketIoSession(SocketIoServer& server, EngineSession& engine)
    : server_(server),
      engine_(engine),
      decoder_(server.limits(), engine.worker().scratch),
      connect_deadline_(engine.worker().loop.now() + server.options().connect_timeout) {}

SocketIoSession::~SocketIoSession() = default;

void SocketIoSession::on_open() {}

void SocketIoSession::on_text(std::string_view text, bool checked) {
  using Text = socketio::Decoder::Text;
  on_packet(decoder_.receive_text(text, checked ? Text::utf8 : Text::unchecked));
}

void SocketIoSession::on_binary(std::string_view bytes) {
  on_packet(decoder_.receive_binary(bytes));
}

void SocketIoSession::on_packet(const Result<const socketio::Packet*>& result) {
  if (!result) return fail(result.error().text);
  if (*result == nullptr) {
    if (attachment_deadline_ == kNever) {
      attachment_deadline_ = engine_.worker().loop.now() + server_.options().attachment_timeout;
      engine_.watch_deadline();
    }
    return;
  }
  attachment_deadline_ = kNever;
  const socketio::Packet& packet = **result;
  if (packet.type == PacketType::connect) return connect(packet);
  SocketState* socket = find(packet.nsp);
  if (socket == nullptr) {
    // A packet may cross our DISCONNECT on the way; any other to a namespace not joined is a fault.
    return was_left(packet.nsp) ? void() : fail("a packet for a namespace that was not joined");
  }
  switch (packet.type) {
    case PacketType::event:
      return socket->nsp.dispatch(*socket, packet);
    case PacketType::ack:
      return socket->receive_ack(packet);
    case PacketType::disconnect:
      return leave(*socket, reason::client_disconnect);
    default:
      return fail("a packet that only servers send");
  }
}

// ---- joining

void SocketIoSession::connect(const socketio::Packet& packet) {
  const std::string name(packet.nsp);
  if (find(name) != nullptr) return fail("a second CONNECT");
  NamespaceState* nsp = server_.find(name);
  if (nsp == nullptr) return refuse(name, "Invalid namespace", {});
  if (sockets_.size() >= server_.options().namespaces) {
    return refuse(name, "too many namespaces", {});
  }
  std::erase(left_, name);

  Worker& worker = engine_.worker();
  sockets_.push_back(
      std::make_unique<SocketState>(*this, *nsp, engineio::make_sid(worker.index(), worker.random),
                                    packet.data.empty() ? "{}" : std::string(packet.data)));
  SocketState& socket = *sockets_.back();
  nsp->hub_of(worker).add(socket, socket.id);  // so that a middleware may join rooms
  const std::optional<Refusal> refusal = run_middlewares(socket);
  if (socket.gone || engine_.closed()) return;
  if (refusal) {
    refuse(name, refusal->message, refusal->data_json);
    return leave(socket, {});
  }
  socket.connected = true;
  connect_deadline_ = kNever;
  engine_.send_text(packet_head(PacketType::connect, name), "{\"sid\":\"" + socket.id + "\"}");
  for (const auto& handler : nsp->on_connect) {
    if (socket.gone) return;
    if (!run_user_code(nsp->state, nsp->where(), [&] { handler(socket.face()); })) return close();
  }
}

std::optional<Refusal> SocketIoSession::run_middlewares(SocketState& socket) {
  for (const Middleware& middleware : socket.nsp.middlewares) {
    std::optional<Refusal> refusal;
    if (!run_user_code(socket.nsp.state, socket.nsp.where(),
                       [&] { refusal = middleware(socket.face()); })) {
      return Refusal{.message = "internal error"};
    }
    if (refusal || socket.gone) return refusal;
  }
  return std::nullopt;
}

void SocketIoSession::refuse(std::string_view nsp, std::string_view message,
                             std::string_view data_json) {
  std::string json = "{\"message\":";
  json::append_string(message, json);
  if (!data_json.empty()) json.append(",\"data\":").append(data_json);
  json += '}';
  engine_.send_text(packet_head(PacketType::connect_error, nsp), json);
}

// ---- leaving

void SocketIoSession::disconnect(SocketState& socket, Socket::Disconnect what) {
  const auto say = [&](SocketState& each) {
    engine_.send_text(packet_head(PacketType::disconnect, each.nsp.name), {});
    if (left_.size() < server_.options().namespaces) left_.push_back(each.nsp.name);
  };
  if (what == Socket::Disconnect::namespace_only) {
    if (socket.gone) return;
    say(socket);
    return leave(socket, reason::server_disconnect);
  }
  while (!sockets_.empty()) {
    SocketState& each = *sockets_.back();
    say(each);
    leave(each, reason::server_disconnect);
  }
  close();
}

void SocketIoSession::leave(SocketState& socket, std::string_view why) {
  if (std::exchange(socket.gone, true)) return;
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [&](const auto& each) { return each.get() == &socket; });
  if (gone_.empty()) {
    // It may be beneath its own handler: freed at the end of the turn.
    engine_.worker().loop.defer([&worker = engine_.worker(), sid = engine_.sid()] {
      EngineSession* engine = worker.find_session(sid);
      if (engine != nullptr) engine->collect();
    });
  }
  gone_.push_back(std::move(*found));
  sockets_.erase(found);
  NamespaceState& nsp = socket.nsp;
  const auto tell = [&](const auto& handlers) {
    for (const auto& handler : handlers) {
      run_user_code(nsp.state, nsp.where(), [&] { handler(socket.face(), why); });
    }
  };
  if (socket.connected) tell(nsp.on_disconnecting);
  nsp.hub_of(engine_.worker()).remove(socket);
  const bool was_connected = std::exchange(socket.connected, false);
  socket.fail_acks(Error{Errc::disconnected, "socket has been disconnected"});
  if (was_connected) tell(nsp.on_disconnect);
}

void SocketIoSession::collect() {
  gone_.clear();
}

void SocketIoSession::on_closed(std::string_view why) {
  connect_deadline_ = attachment_deadline_ = kNever;
  while (!sockets_.empty()) leave(*sockets_.back(), why);
}

void SocketIoSession::close() {
  engine_.close(reason::forced_close);
}

void SocketIoSession::violate(std::string_view text) {
  engine_.worker().log_violation("socket.io", engine_.request().address, text);
}

void SocketIoSession::fail(std::string_view text) {
  violate(text);
  close();
}

// ---- time

Instant SocketIoSession::deadline() const {
  Instant earliest = std::min(connect_deadline_, attachment_deadline_);
  for (const auto& socket : sockets_) earliest = std::min(earliest, socket->deadline());
  return earliest;
}

void SocketIoSession::on_deadline(Instant now) {
  if (connect_deadline_ <= now) return fail("no namespace was joined in time");
  if (attachment_deadline_ <= now) return fail("attachments did not come in time");
  // A handler may make sockets go: look at one that is due until none is.
  for (bool again = true; again;) {
    again = false;
    for (const auto& socket : sockets_) {
      if (socket->deadline() > now) continue;
      socket->on_deadline(now);
      again = true;
      break;
    }
  }
}

SocketState* SocketIoSession::find(std::string_view nsp) const {
  for (const auto& socket : sockets_) {
    if (socket->nsp.name == nsp) return socket.get();
  }
  return nullptr;
}

bool SocketIoSession::was_left(std::string_view nsp) const {
  return std::find(left_.begin(), left_.end(), nsp) != left_.end();
}

}  // namespace naru::server
