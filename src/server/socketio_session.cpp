#include "server/socketio_session.hpp"

#include "server/socketio_server.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <utility>

namespace naru::server {
namespace {

using socketio::PacketType;

}  // namespace

SocketIoSession::SocketIoSession(SocketIoServer& server, EngineSession& engine)
    : server_(server),
      engine_(engine),
      decoder_(server.limits(), engine.worker().scratch),
      connect_deadline_(engine.worker().loop.now() + server.options().connect_timeout) {
  if (server.options().parser) other_decoder_ = server.options().parser->make_decoder();
}

SocketIoSession::~SocketIoSession() = default;

// Revision 4 joins everybody to "/" by itself.
void SocketIoSession::on_open() {
  if (revision() == socketio::Revision::v5) return;
  socketio::Packet root;
  root.type = PacketType::connect;
  connect(root);
}

void SocketIoSession::on_text(std::string_view text, bool checked) {
  using Text = socketio::Decoder::Text;
  if (other_decoder_) return on_packet(decode({text, false}));
  on_packet(decoder_.receive_text(text, checked ? Text::utf8 : Text::unchecked, revision()));
}

void SocketIoSession::on_binary(std::string_view bytes) {
  if (other_decoder_) return on_packet(decode({bytes, true}));
  on_packet(decoder_.receive_binary(bytes, revision()));
}

// By the server's parser, which may be the user's.
Result<const socketio::Packet*> SocketIoSession::decode(Message message) {
  socketio::Scratch& scratch = engine_.worker().scratch;
  Result<std::optional<PacketView>> decoded = Error{Errc::bad_packet, "a parser that throws"};
  run_user_code(server_.state(), "parser",
                [&] { decoded = other_decoder_->receive(message, scratch.buffer); });
  NARU_TRY(const std::optional<PacketView> view, std::move(decoded));
  if (!view) return nullptr;
  return socketio::check_packet(*view, revision(), server_.limits(), scratch);
}

SendOutcome SocketIoSession::send(PacketType type, std::string_view nsp,
                                  std::optional<std::uint64_t> id, JsonView data) {
  if (!other_decoder_) {
    std::string head = "4";
    socketio::append_packet(type, nsp, id, {}, data.attachments.size(), head);
    SendOutcome outcome = engine_.send_text(head, data.text);
    for (const std::string& attachment : data.attachments) {
      outcome = engine_.send_binary(attachment);
    }
    return outcome;
  }
  SendOutcome outcome = SendOutcome::closed;
  const PacketView packet{static_cast<PacketView::Type>(type), nsp, id, data,
                          static_cast<int>(revision())};
  for (const PacketMessage& message : server_.encode(packet)) {
    outcome =
        message.binary ? engine_.send_binary(message.bytes) : engine_.send_text("4", message.bytes);
  }
  return outcome;
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
  if (socket == nullptr || !socket->connected) {
    // A packet may cross our DISCONNECT on the way; any other to a namespace not joined is a fault.
    return was_left(packet.nsp) ? void() : fail("a packet for a namespace that was not joined");
  }
  switch (packet.type) {
    case PacketType::event:
      return socket->dispatch(packet);
    case PacketType::ack:
      return socket->receive_ack(packet);
    case PacketType::disconnect:
      return leave(*socket, reason::client_disconnect);
    default:
      return fail("a packet that only servers send");
  }
}

// ---- leaving

void SocketIoSession::disconnect(SocketState& socket, Socket::Disconnect what) {
  const auto say = [&](SocketState& each) {
    each.nsp.hub_of(engine_.worker()).deliver();  // what was published before goes before
    send(PacketType::disconnect, each.nsp.name(), std::nullopt, {});
    if (left_.size() < server_.options().namespaces) left_.push_back(each.nsp.name());
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
  const auto tell = [&](const auto& shared, auto OwnHandlers::* own) {
    for (const auto& handler : shared) {
      run_user_code(nsp.state, nsp.where(), [&] { handler(socket.face(), why); });
    }
    if (socket.own_if_any() == nullptr) return;
    for (const auto& handler : std::vector(socket.own_if_any()->*own)) {
      run_user_code(nsp.state, nsp.where(), [&] { handler(socket.face(), why); });
    }
  };
  if (socket.connected) tell(nsp.handlers().on_disconnecting, &OwnHandlers::on_disconnecting);
  nsp.catch_up(engine_.worker().index());
  const bool tells_rooms = socket.connected && !nsp.handlers().on_leave_room.empty();
  const std::vector<std::string> rooms =
      tells_rooms ? nsp.hub_of(engine_.worker()).topics_of(socket) : std::vector<std::string>();
  nsp.hub_of(engine_.worker()).remove(socket);
  for (const std::string& room : rooms) socket.tell(nsp.handlers().on_leave_room, room);
  const bool was_connected = std::exchange(socket.connected, false);
  socket.fail_acks(Error{Errc::disconnected, "socket has been disconnected"});
  if (was_connected) tell(nsp.handlers().on_disconnect, &OwnHandlers::on_disconnect);
  park_or_forget(socket, why);  // last: from now on its data may be another loop's
  server_.leave(nsp);
}

// Which endings Node lets a session survive (socketio.md 4).
void SocketIoSession::park_or_forget(SocketState& socket, std::string_view why) {
  if (!socket.resumable || socket.resumable->pid.empty()) return;
  Recovery& recovery = *socket.nsp.recovery;
  const bool comes_back = why == reason::transport_error || why == reason::transport_close ||
                          why == reason::forced_close || why == reason::ping_timeout ||
                          why == reason::shutting_down;
  if (!comes_back) return recovery.forget(*socket.resumable);
  recovery.park({.sid = socket.id,
                 .resumable = *std::exchange(socket.resumable, nullptr),
                 .data = std::move(socket.data),
                 .write_data = socket.write_data},
                engine_.worker().loop.now());
}

// Handlers may end sockets, which live on to the end of the turn.
void SocketIoSession::on_upgrade() {
  std::vector<SocketState*> sockets;
  for (const auto& socket : sockets_) sockets.push_back(socket.get());
  for (SocketState* socket : sockets) {
    for (const auto& handler : socket->nsp.handlers().on_upgrade) {
      if (!socket->connected || socket->gone) break;
      run_user_code(socket->nsp.state, socket->nsp.where(), [&] { handler(socket->face()); });
    }
  }
}

void SocketIoSession::collect() {
  gone_.clear();
}

void SocketIoSession::on_closed(std::string_view why) {
  connect_deadline_ = attachment_deadline_ = kNever;
  if (const auto waiting = std::exchange(waiting_, nullptr)) {
    for (const Waiting& each : *waiting) server_.leave(*each.nsp);
  }
  while (!sockets_.empty()) leave(*sockets_.back(), why);
}

void SocketIoSession::close() {
  for (const auto& socket : sockets_) socket->nsp.hub_of(engine_.worker()).deliver();
  engine_.close(reason::forced_close);
}

void SocketIoSession::violate(std::string_view text) {
  engine_.worker().log_violation("socket.io", engine_.request().unpack().address, text);
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
    if (socket->nsp.name() == nsp) return socket.get();
  }
  return nullptr;
}

bool SocketIoSession::joins(std::string_view nsp) const {
  const auto waits = [&](const Waiting& each) { return each.nsp->name() == nsp; };
  return find(nsp) != nullptr ||
         (waiting_ && std::any_of(waiting_->begin(), waiting_->end(), waits));
}

bool SocketIoSession::was_left(std::string_view nsp) const {
  return std::find(left_.begin(), left_.end(), nsp) != left_.end();
}

}  // namespace naru::server
