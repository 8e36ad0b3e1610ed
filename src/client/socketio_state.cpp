#include "client/socketio_state.hpp"

#include <algorithm>
#include <utility>

namespace naru::client {
namespace {

socketio::ClientSessionOptions socket_options(const ClientOptions& options) {
  socketio::ClientSessionOptions out;
  out.connect_timeout =
      options.timeout.count() > 0 ? Duration(options.timeout) : Duration::max() / 4;
  out.ack_timeout = options.ack_timeout;
  out.retries = options.retries;
  out.revision = options.revision == 3 ? socketio::Revision::v4 : socketio::Revision::v5;
  out.limits = {.held_events = options.held_events,
                .held_bytes = options.held_bytes,
                .buffered_bytes = options.buffered_bytes,
                .pending_acks = options.pending_acks};
  return out;
}

socketio::ReconnectionOptions reconnection_options(const ClientOptions& options) {
  return {.enabled = options.reconnection,
          .attempts = options.reconnection_attempts,
          .delay = options.reconnection_delay,
          .delay_max = options.reconnection_delay_max,
          .randomization_factor = options.randomization_factor};
}

std::string with_slash(std::string_view nsp) {
  return (nsp.starts_with('/') ? "" : "/") + std::string(nsp);
}

}  // namespace

SendOutcome ClientGate::hand_over(const std::shared_ptr<SocketKey>& key, std::string event,
                                  socketio::Outgoing message, detail::OnAnswer on_answer,
                                  const socketio::ClientSession::EmitOptions& how) {
  std::size_t size = message.json.size();
  for (const std::string& attachment : message.attachments) size += attachment.size();
  const bool fits = handed.fetch_add(size) + size <= limit;
  if (!fits) {
    handed -= size;
    if (on_answer) {
      act([on_answer = std::move(on_answer)](SocketIoState& state) {
        state.call_user([&] { on_answer(Error{Errc::too_many, "more than may wait"}); });
      });
    }
    return SendOutcome::dropped;
  }
  act([this, key, size, how, event = std::move(event), message = std::move(message),
       on_answer = std::move(on_answer)](SocketIoState& state) mutable {
    handed -= size;
    state.socket(key).emit(event, std::move(message), std::move(on_answer), how);
  });
  return key->connected ? SendOutcome::sent : SendOutcome::blocked;
}

SocketIoState::SocketIoState(std::string_view url, ClientOptions options,
                             io::Resolver::Lookup lookup)
    : context_(url, std::move(options), std::move(lookup)),
      decoder_limits_{.attachments = context_.options.attachments,
                      .held_bytes = context_.options.held_bytes},
      reconnection_(reconnection_options(context_.options), context_.random) {
  gate_->client = this;
  gate_->limit = context_.options.buffered_bytes;
}

SocketIoState::~SocketIoState() {
  gate_->leave();
  engine_.reset();
}

std::shared_ptr<SocketKey> SocketIoState::key(std::string_view name) {
  const std::string nsp = with_slash(name);
  std::shared_ptr<SocketKey> key;
  {
    const std::lock_guard lock(keys_mutex_);
    auto& known = keys_[nsp];
    if (known != nullptr) return known;
    known = std::make_shared<SocketKey>();
    known->gate = gate_;
    known->nsp = nsp;
    // Another thread could not add its handlers before the answer is there.
    known->by_itself = options().auto_connect && (!turning || gate_->in_loop());
    key = known;
  }
  gate_->act([key](SocketIoState& state) { state.socket(key); });
  return key;
}

// Made by whichever task comes first: another thread may have been given the key meanwhile.
SocketState& SocketIoState::socket(const std::shared_ptr<SocketKey>& key) {
  std::unique_ptr<SocketState>& known = sockets_[key->nsp];
  if (known == nullptr) {
    known = std::make_unique<SocketState>(*this, key, socket_options(options()));
    // At the end of the turn: the handlers that are added next hear of everything.
    if (key->by_itself) {
      loop.defer([&made = *known] { made.connect(); });
    }
  }
  return *known;
}

bool SocketIoState::turn(Duration wait) {
  turning = true;
  gate_->turn([&] { loop.poll(wait); });
  if (phase_ != Phase::ended || !loop.streams().empty()) return true;
  // From here on nothing is taken; what had been, is told of now.
  gate_->leave();
  gate_->turn([&] { loop.poll({}); });
  return false;
}

bool SocketIoState::idle() const {
  return phase_ == Phase::idle && !wanted();
}

bool SocketIoState::wanted() const {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [](const auto& each) { return each.second->wanted(); });
}

// ---- the connection

void SocketIoState::connect() {
  if (phase_ == Phase::idle) attempt();
}

void SocketIoState::attempt() {
  phase_ = Phase::opening;
  root_ = false;
  decoder_.emplace(decoder_limits_, scratch_);
  if (options().parser) other_decoder_ = options().parser->make_decoder();
  engine_ = std::make_unique<Engine>(loop, context_, static_cast<Engine::User&>(*this));
  if (options().timeout.count() > 0) {
    timeout_.arm(loop.timers(), loop.now() + options().timeout);
  }
  engine_->open();
}

void SocketIoState::attempt_again() {
  reconnecting_ = true;
  phase_ = Phase::idle;
  call_user([&] {
    if (options().on_reconnect_attempt) options().on_reconnect_attempt(reconnection_.attempt());
  });
  if (phase_ == Phase::idle && wanted()) attempt();
}

void SocketIoState::on_attempt_timeout() {
  engine_->fail("timeout");
}

void SocketIoState::on_attachments_late() {
  fail("parse error");
}

void SocketIoState::on_engine_open() {
  timeout_.disarm();
  if (phase_ != Phase::opening) return;
  phase_ = Phase::open;
  const unsigned attempts = reconnection_.attempt();
  reconnection_.reset();
  for (const auto& [nsp, socket] : sockets_) {
    if (socket->wanted()) socket->on_open();
  }
  if (!std::exchange(reconnecting_, false)) return;
  call_user([&] {
    if (options().on_reconnect) options().on_reconnect(attempts);
  });
}

Result<const socketio::Packet*> SocketIoState::decode(bool binary, std::string_view data) {
  if (!other_decoder_) {
    if (binary) return decoder_->receive_binary(data, revision());
    return decoder_->receive_text(data, socketio::Decoder::Text::unchecked, revision());
  }
  Result<std::optional<PacketView>> decoded = Error{Errc::bad_packet, "a parser that throws"};
  call_user([&] { decoded = other_decoder_->receive({data, binary}, scratch_.buffer); });
  NARU_TRY(const std::optional<PacketView> view, std::move(decoded));
  if (!view) return nullptr;
  return socketio::check_packet(*view, revision(), decoder_limits_, scratch_);
}

void SocketIoState::on_engine_message(bool binary, std::string_view data) {
  if (phase_ != Phase::open) return;
  const auto packet = decode(binary, data);
  if (!packet) return fail("parse error");
  if (*packet == nullptr) {  // its attachments are to come, but not at leisure
    if (attachments_.deadline() != kNever) return;
    return attachments_.arm(loop.timers(), loop.now() + options().attachment_timeout);
  }
  attachments_.disarm();
  // Servers of revision 4 join everybody to "/", who has asked for it or not.
  if ((*packet)->type == socketio::PacketType::connect && (*packet)->nsp == "/") root_ = true;
  const auto found = sockets_.find((*packet)->nsp);
  if (found != sockets_.end()) found->second->on_packet(**packet);
}

void SocketIoState::on_engine_closed(const EngineEnd& end_of_it) {
  const Phase was = phase_;
  timeout_.disarm();
  attachments_.disarm();
  engine_.reset();
  phase_ = Phase::idle;
  switch (was) {
    case Phase::opening:
      on_attempt_failed(end_of_it);
      break;
    case Phase::open:
      for (const auto& [nsp, socket] : sockets_) socket->on_lost(end_of_it.reason);
      break;
    case Phase::closing:
      return end();
    default:
      break;
  }
  if (phase_ == Phase::idle) try_again();
}

void SocketIoState::on_attempt_failed(const EngineEnd& end_of_it) {
  ConnectError error{.message = std::string(end_of_it.reason),
                     .failure = end_of_it.failure,
                     .active = options().reconnection};
  if (error.failure) error.message = error.failure->text;
  for (const auto& [nsp, socket] : sockets_) socket->on_attempt_failed(error);
  if (!reconnecting_) return;
  call_user([&] {
    if (options().on_reconnect_error) options().on_reconnect_error(error);
  });
}

void SocketIoState::try_again() {
  if (!wanted()) {
    reconnecting_ = false;
    return reconnection_.reset();
  }
  if (const auto delay = reconnection_.next()) {
    phase_ = Phase::pausing;
    return again_.arm(loop.timers(), loop.now() + *delay);
  }
  const bool tried = std::exchange(reconnecting_, false);
  reconnection_.reset();
  for (const auto& [nsp, socket] : sockets_) socket->give_up();
  if (!tried) return;
  call_user([&] {
    if (options().on_reconnect_failed) options().on_reconnect_failed();
  });
}

// The last socket has left.
void SocketIoState::let_go() {
  if (wanted()) return;
  switch (phase_) {
    case Phase::pausing:
      again_.disarm();
      phase_ = Phase::idle;
      return try_again();
    case Phase::opening:
    case Phase::open:
      phase_ = Phase::leaving;
      return engine_->close();
    default:
      return;
  }
}

void SocketIoState::close() {
  if (phase_ == Phase::closing || phase_ == Phase::ended) return;
  for (const auto& [nsp, socket] : sockets_) socket->on_end();
  if (engine_ == nullptr) return end();
  phase_ = Phase::closing;
  engine_->close();
}

void SocketIoState::end() {
  phase_ = Phase::ended;
  again_.disarm();
  timeout_.disarm();
  attachments_.disarm();
  due_.disarm();
}

// ---- the sockets

bool SocketIoState::send_encoded(std::string_view nsp, const socketio::ClientSession::Out& packet) {
  std::vector<PacketMessage> messages;
  const std::string_view data = std::string_view(packet.text).substr(packet.data);
  call_user([&] {
    options().parser->encode({static_cast<PacketView::Type>(packet.type),
                              nsp,
                              packet.id,
                              {data, packet.attachments},
                              static_cast<int>(revision())},
                             messages);
  });
  return std::all_of(messages.begin(), messages.end(), [&](const PacketMessage& message) {
    return engine_ != nullptr && engine_->send(message.binary, message.bytes);
  });
}

void SocketIoState::send(std::string_view nsp,
                         const std::vector<socketio::ClientSession::Out>& packets) {
  for (const auto& packet : packets) {
    if (options().parser) {
      if (!send_encoded(nsp, packet)) return;
      continue;
    }
    if (engine_ == nullptr || !engine_->send(false, packet.text)) return;
    for (const std::string& attachment : packet.attachments) {
      if (!engine_->send(true, attachment)) return;
    }
  }
}

std::string SocketIoState::auth() {
  Json auth = options().auth;
  call_user([&] {
    if (options().make_auth) auth = options().make_auth();
  });
  return auth.as<Json::Object>() != nullptr ? auth.dump() : std::string();
}

void SocketIoState::on_sockets_due() {
  for (const auto& [nsp, socket] : sockets_) socket->on_time(loop.now());
  rearm();
}

void SocketIoState::rearm() {
  if (phase_ == Phase::ended) return;
  Instant due = kNever;
  for (const auto& [nsp, socket] : sockets_) due = std::min(due, socket->session().deadline());
  due_.arm(loop.timers(), due);
}

}  // namespace naru::client
