#include "client/engine.hpp"

#include <algorithm>
#include <utility>

namespace naru::client {
namespace {

engineio::ClientSessionOptions session_options(const ClientOptions& options) {
  engineio::ClientSessionOptions out;
  out.outbox_bytes = options.outbox_bytes;
  out.close_timeout = options.close_timeout;
  return out;
}

engineio::ClientSession make_session(const EngineContext& context, ClientTransport transport) {
  const bool polling = transport == ClientTransport::polling;
  return {session_options(context.options), context.revision(),
          polling ? engineio::Transport::polling : engineio::Transport::websocket};
}

bool offers_websocket(const ClientOptions& options) {
  return std::find(options.transports.begin(), options.transports.end(),
                   ClientTransport::websocket) != options.transports.end();
}

ConnectFailure refusal(const http::ReceivedResponse& answer) {
  ConnectFailure failure{
      .phase = ConnectPhase::handshake,
      .error = {Errc::protocol_error, "the server has refused a poll"},
      .text = "polling: " + std::to_string(answer.status) + " " + std::string(answer.reason),
      .status = answer.status,
      .body = answer.body.substr(0, 65536)};
  for (const http::Field& field : answer.fields) {
    failure.headers.emplace_back(field.name, field.value);
  }
  return failure;
}

}  // namespace

Engine::Engine(io::Loop& loop, EngineContext& context, User& user)
    : loop_(loop),
      context_(context),
      user_(user),
      session_(make_session(context, context.options.transports.front())),
      to_try_(context.options.transports) {
  const auto websocket = std::find(to_try_.begin(), to_try_.end(), ClientTransport::websocket);
  if (context.options.remember_upgrade && context.upgraded && websocket != to_try_.end()) {
    std::rotate(to_try_.begin(), websocket, websocket + 1);
  }
  context.upgraded = false;
}

Engine::~Engine() = default;

void Engine::open() {
  open_next();
}

void Engine::open_next() {
  const ClientTransport transport = to_try_.front();
  to_try_.erase(to_try_.begin());
  session_ = make_session(context_, transport);
  over_ = false;
  get_.reset();
  post_.reset();
  link_.reset();
  if (transport == ClientTransport::polling) {
    get_ = std::make_unique<HttpCaller>(loop_, call_settings(context_),
                                        static_cast<HttpCaller::User&>(*this));
    post_ = std::make_unique<HttpCaller>(loop_, call_settings(context_),
                                         static_cast<HttpCaller::User&>(*this));
    return pump();
  }
  link_ =
      std::make_unique<WebSocketLink>(loop_, context_, static_cast<WebSocketLink::User&>(*this));
  link_->dial(context_.target("websocket", {}));
}

bool Engine::writable() const {
  if (over_ || !session_.writable()) return false;
  return polling() || link_->writable();
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

// ---- what is to be done after each call to the session

void Engine::pump() {
  if (over_) return;
  if (polling()) pump_polling();
  while (!over_ && carries_session()) {
    const auto packet = session_.take_packet();
    if (!packet) break;
    if (!write(*packet)) return fail("transport error");
  }
  if (!over_) clock_.arm(loop_.timers(), session_.deadline());
}

void Engine::pump_polling() {
  if (session_.take_poll()) get_->get(context_.target("polling", session_.hello().sid));
  if (const auto body = session_.take_post()) {
    post_->post(context_.target("polling", session_.hello().sid), *body);
  }
  const ClientOptions& options = context_.options;
  if (session_.wants_upgrade() && options.upgrade && offers_websocket(options)) {
    session_.begin_upgrade(loop_.now());
    link_ =
        std::make_unique<WebSocketLink>(loop_, context_, static_cast<WebSocketLink::User&>(*this));
    link_->dial(context_.target("websocket", session_.hello().sid));
  }
  if (session_.may_switch()) switch_to_websocket();
}

void Engine::switch_to_websocket() {
  if (!link_->send(false, "5", {})) return;  // its end is told
  session_.switched();
  context_.upgraded = true;
}

bool Engine::write(const engineio::ClientSession::Outgoing& packet) {
  const char digit = engineio::type_char(packet.type);
  if (!packet.binary) return link_->send(false, {&digit, 1}, packet.data);
  const char octet = static_cast<char>(packet.type);
  const bool typed = session_.revision() == engineio::Revision::v3;
  return link_->send(true, {&octet, typed ? std::size_t{1} : 0}, packet.data);
}

// ---- what comes

Result<engineio::Packet> Engine::decode(bool binary, std::string_view data) {
  if (!binary) return engineio::decode_packet(data, storage_, session_.revision());
  if (session_.revision() == engineio::Revision::v3) return engineio::decode_binary_packet(data);
  return engineio::Packet{engineio::PacketType::message, true, data};
}

void Engine::receive(const engineio::Packet& packet) {
  switch (session_.receive(packet, loop_.now())) {
    case engineio::ClientSession::Incoming::nothing:
      return;
    case engineio::ClientSession::Incoming::opened:
      context_.upgraded = !polling();
      return user_.on_engine_open();
    case engineio::ClientSession::Incoming::message:
      return user_.on_engine_message(packet.binary, packet.data);
    case engineio::ClientSession::Incoming::closed:
      return fail("transport close");
    case engineio::ClientSession::Incoming::wrong:
      return fail("parse error");
  }
}

void Engine::on_link_open() {
  if (!over_ && polling()) link_->send(false, "2", "probe");
}

void Engine::on_link_message(bool binary, std::span<char> payload) {
  if (over_) return;
  const auto packet = decode(binary, {payload.data(), payload.size()});
  if (!packet && polling()) {
    session_.abandon_upgrade();
    return drop_link();
  }
  if (!packet) return fail("parse error");
  polling() ? receive_probe(*packet) : receive(*packet);
  pump();
}

void Engine::receive_probe(const engineio::Packet& packet) {
  if (session_.receive_probe(packet) == engineio::ClientSession::Probe::failed) drop_link();
}

void Engine::on_link_closed(std::uint16_t, const ConnectFailure* failure) {
  if (over_) return;
  if (polling()) {  // a candidate: the session goes on as it is
    session_.abandon_upgrade();
    drop_link();
    return pump();
  }
  if (failure != nullptr) return fail("transport error", *failure);
  fail(session_.closing() ? "forced close" : "transport close");
}

// It may be in the midst of telling us something, and is freed later.
void Engine::drop_link() {
  if (link_ == nullptr) return;
  link_->abandon();
  loop_.defer([link = std::move(link_)] {});
}

void Engine::on_answer(HttpCaller& caller, const http::ReceivedResponse& answer) {
  for (const http::Field& field : answer.fields) {
    if (http::iequals(field.name, "Set-Cookie")) context_.store_cookie(field.value);
  }
  if (over_) return;
  if (answer.status != 200) return fail("transport error", refusal(answer));
  if (&caller == post_.get()) {
    session_.on_post_answered();
    if (session_.finished()) return fail("forced close");
  } else {
    session_.on_poll_answered();
    receive_payload(answer);
  }
  pump();
}

void Engine::receive_payload(const http::ReceivedResponse& answer) {
  using engineio::PayloadForm;
  PayloadForm form = PayloadForm::separated;
  if (session_.revision() == engineio::Revision::v3) {
    const bool bytes = answer.field("Content-Type").starts_with("application/octet-stream");
    form = bytes ? PayloadForm::framed : PayloadForm::counted;
  }
  engineio::PayloadReader reader(answer.body, {.packets = context_.options.payload_packets}, form);
  while (!over_) {
    const auto packet = reader.next();
    if (!packet) return fail("parse error");
    if (!*packet) return;
    receive(**packet);
  }
}

void Engine::on_call_failed(HttpCaller&, const ConnectFailure& failure) {
  if (over_) return;
  fail(session_.closing() ? "forced close" : "transport error", failure);
}

// ---- the end

void Engine::close() {
  if (over_ || session_.closing()) return;
  const bool was_open = session_.is_open();
  session_.close(loop_.now());
  if (!was_open) return fail("forced close");
  if (polling()) drop_link();
  pump();
  if (!over_ && carries_session()) link_->close();
}

void Engine::fail(std::string_view reason, std::optional<ConnectFailure> failure) {
  if (std::exchange(over_, true)) return;
  clock_.disarm();
  loop_.defer(
      [this, watch = std::weak_ptr<int>(alive_), end = EngineEnd{reason, std::move(failure)}] {
        if (!watch.expired()) finish(end);
      });
}

void Engine::finish(const EngineEnd& end) {
  const bool next = end.reason == "transport error" && !session_.is_open() && !session_.closing() &&
                    context_.options.try_all_transports && !to_try_.empty();
  next ? open_next() : user_.on_engine_closed(end);
}

void Engine::on_time(Instant now) {
  switch (session_.on_deadline(now)) {
    case engineio::ClientSession::Due::time_out:
      return fail("ping timeout");
    case engineio::ClientSession::Due::close_expired:
      return fail("forced close");
    case engineio::ClientSession::Due::upgrade_expired:
      drop_link();
      break;
    case engineio::ClientSession::Due::nothing:
      break;
  }
  pump();
}

}  // namespace naru::client
