#include "client/engine.hpp"

#include <utility>

namespace naru::client {
namespace {

engineio::ClientSessionOptions session_options(const ClientOptions& options) {
  engineio::ClientSessionOptions out;
  out.outbox_bytes = options.outbox_bytes;
  out.close_timeout = options.close_timeout;
  return out;
}

}  // namespace

Engine::Engine(io::Loop& loop, EngineContext& context, User& user)
    : loop_(loop),
      context_(context),
      user_(user),
      session_(session_options(context.options), engineio::Revision::v4,
               engineio::Transport::websocket),
      link_(std::make_unique<WebSocketLink>(loop, context,
                                            static_cast<WebSocketLink::User&>(*this))) {}

Engine::~Engine() = default;

void Engine::open() {
  link_->dial(context_.target("transport=websocket"));
}

bool Engine::send(bool binary, std::string_view data) {
  if (over_) return false;
  if (!session_.send(data, binary)) {
    fail("transport error");
    return false;
  }
  pump();
  return !over_;
}

void Engine::pump() {
  while (!over_) {
    const auto packet = session_.take_packet();
    if (!packet) break;
    const char type = engineio::type_char(packet->type);
    const std::string_view prefix =
        packet->binary ? std::string_view() : std::string_view(&type, 1);
    if (!link_->send(packet->binary, prefix, packet->data)) return fail("transport error");
  }
  if (!over_) clock_.arm(loop_.timers(), session_.deadline());
}

void Engine::on_link_message(bool binary, std::span<char> payload) {
  if (over_) return;
  const std::string_view data(payload.data(), payload.size());
  if (binary) return receive({engineio::PacketType::message, true, data});
  const auto packet = engineio::decode_packet(data, storage_);
  if (!packet) return fail("parse error");
  receive(*packet);
}

void Engine::receive(const engineio::Packet& packet) {
  switch (session_.receive(packet, loop_.now())) {
    case engineio::ClientSession::Incoming::nothing:
      break;
    case engineio::ClientSession::Incoming::opened:
      user_.on_engine_open();
      break;
    case engineio::ClientSession::Incoming::message:
      user_.on_engine_message(packet.binary, packet.data);
      break;
    case engineio::ClientSession::Incoming::closed:
      return fail("transport close");
    case engineio::ClientSession::Incoming::wrong:
      return fail("parse error");
  }
  pump();
}

void Engine::on_link_closed(std::uint16_t, const ConnectFailure* failure) {
  if (over_) return;
  if (failure != nullptr) return fail("transport error", *failure);
  fail(session_.closing() ? "forced close" : "transport close");
}

void Engine::close() {
  if (over_ || session_.closing()) return;
  const bool was_open = session_.is_open();
  session_.close(loop_.now());
  if (!was_open) return fail("forced close");
  pump();
  if (!over_) link_->close();
}

void Engine::fail(std::string_view reason, std::optional<ConnectFailure> failure) {
  if (std::exchange(over_, true)) return;
  clock_.disarm();
  loop_.defer(
      [this, watch = std::weak_ptr<int>(alive_), end = EngineEnd{reason, std::move(failure)}] {
        if (!watch.expired()) user_.on_engine_closed(end);
      });
}

void Engine::on_time(Instant now) {
  switch (session_.on_deadline(now)) {
    case engineio::ClientSession::Due::time_out:
      return fail("ping timeout");
    case engineio::ClientSession::Due::close_expired:
      return fail("forced close");
    case engineio::ClientSession::Due::upgrade_expired:
    case engineio::ClientSession::Due::nothing:
      break;
  }
  pump();
}

}  // namespace naru::client
