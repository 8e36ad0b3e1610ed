#include "client/state.hpp"

#include "client/failure.hpp"
#include "client/websocket_line.hpp"
#include "websocket/close_code.hpp"

#include <cstdlib>
#include <utility>

namespace naru::client {
namespace {

websocket::DeflateConfig deflate_config(const WebSocketClientOptions& options) {
  websocket::DeflateConfig config = websocket::deflate_config(options.compression);
  config.offer_window = options.offer_window_bits;
  return config;
}

transport::WebSocketSettings make_settings(const WebSocketClientOptions& options) {
  transport::WebSocketSettings settings;
  settings.limits.message_bytes = options.message_bytes;
  settings.limits.fragments = options.fragments;
  settings.limits.parts = static_cast<bool>(options.on_part);
  settings.limits.deflate = deflate_config(options);
  settings.times.idle_timeout = options.idle_timeout;
  settings.times.close_timeout = options.close_timeout;
  settings.times.ping_interval = options.ping_interval;
  settings.outbox.high_watermark = options.high_watermark;
  settings.outbox.limit = options.limit;
  return settings;
}

DialSettings make_dial_settings(const WebSocketClientOptions& options, const Url& url,
                                io::Resolver::Lookup lookup) {
  DialSettings settings{.options = options,
                        .offer = {.subprotocols = options.subprotocols,
                                  .require_subprotocol = options.require_subprotocol,
                                  .deflate = deflate_config(options)},
                        .tls = nullptr,
                        .environment = [](const char* name) { return std::getenv(name); },
                        .lookup = std::move(lookup)};
  check(settings, url);
  return settings;
}

}  // namespace

State::State(WebSocketClient& client, std::string_view text, WebSocketClientOptions given,
             io::Resolver::Lookup lookup)
    : owner(&client),
      options(std::move(given)),
      url(url_or_throw(text)),
      settings_(make_settings(options)),
      dial_settings_(make_dial_settings(options, url, std::move(lookup))),
      dialer_(loop, dial_settings_, random_, *this),
      backoff_(options.reconnect, random_) {
  gate_->client = this;
}

State::~State() {
  gate_->leave();
}

bool State::turn(Duration wait) {
  // Within a turn, where the loop knows the time.
  if (!std::exchange(begun_, true)) {
    loop.post([this] {
      if (phase_ == Phase::idle && wanted_) dial();
    });
  }
  gate_->turn([&] {
    loop.poll(wait);
    buffered_ = buffered();
  });
  if (phase_ != Phase::ended || !loop.streams().empty()) return true;
  too_late_.disarm();
  // From here on nothing is taken; what had been, is told of now.
  gate_->leave();
  gate_->turn([&] { loop.poll({}); });
  return false;
}

void State::dial() {
  phase_ = Phase::connecting;
  dialer_.dial(url);
}

std::unique_ptr<io::StreamHandler> State::on_opened(const websocket::ClientHandshake& handshake,
                                                    const http::ReceivedResponse& answer) {
  subprotocol = handshake.subprotocol;
  headers.clear();
  for (const http::Field& field : answer.fields) headers.emplace_back(field.name, field.value);
  return std::make_unique<transport::WebSocketTransport>(
      static_cast<transport::WebSocketUser&>(*this), settings_,
      transport::WebSocketOpening{.role = websocket::Role::client,
                                  .deflate = handshake.deflate,
                                  .pool = &pool_,
                                  .masks = &random_});
}

void State::on_dial_failed(const ConnectFailure& failed) {
  failure = failed;
  tell(options.on_failure, failed);
  pause_or_end(may_pass(failed));
}

void State::on_websocket_open(transport::WebSocketTransport& transport) {
  transport_ = &transport;
  phase_ = Phase::open;
  failure.reset();
  backoff_.on_open(loop.now());
  number_ = ++connections_;
  tell(options.on_open);
  loop.defer([this] {
    if (is_open()) opening_.tell({}, [this](auto task) { call_user(task); });
  });
}

void State::on_websocket_message(transport::WebSocketTransport&, bool binary,
                                 std::span<char> payload) {
  tell(options.on_message, Message{{payload.data(), payload.size()}, binary});
}

void State::on_websocket_part(transport::WebSocketTransport&, const websocket::Event& event) {
  tell(options.on_part, MessagePart{.data = {event.payload.data(), event.payload.size()},
                                    .binary = event.binary,
                                    .first = event.first,
                                    .last = event.last});
}

void State::on_websocket_pong(transport::WebSocketTransport&, std::string_view payload) {
  tell(options.on_pong, payload);
}

void State::on_websocket_drain(transport::WebSocketTransport&) {
  tell(options.on_drain);
}

// In the midst of the stream's own work: what comes next, comes at the end of the turn.
void State::on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                                std::string_view reason) {
  number_ = 0;
  transport_ = nullptr;
  phase_ = Phase::closing;
  backoff_.on_end(loop.now());
  tell(options.on_close, code, reason);
  loop.defer([this] { pause_or_end(true); });
}

// After the end of a connection, or of an attempt.
void State::pause_or_end(bool again) {
  const auto delay = again && wanted_ ? backoff_.next() : std::nullopt;
  if (!delay) return end();
  phase_ = Phase::pausing;
  again_.arm(loop.timers(), loop.now() + *delay);
  tell(options.on_reconnecting, backoff_.attempt(), *delay);
}

// The loop turns on until the last bytes have left, but not for ever.
void State::end() {
  phase_ = Phase::ended;
  loop.defer([this] { opening_.tell(not_any_more(), [this](auto task) { call_user(task); }); });
  if (too_late_.deadline() == kNever) {
    too_late_.arm(loop.timers(), loop.now() + options.close_timeout);
  }
}

// If one of them is the open connection, on_websocket_closed comes of it, and the end.
void State::give_up() {
  for (const auto& stream : loop.streams()) stream->abort();
}

void State::close() {
  close(websocket::close_code::going_away, {});
}

void State::close(std::uint16_t code, std::string_view reason) {
  if (!std::exchange(wanted_, false)) return;
  switch (phase_) {
    case Phase::idle:
    case Phase::connecting:
    case Phase::pausing:
      dialer_.cancel();
      again_.disarm();
      failure.reset();
      return end();
    case Phase::open:
      number_ = 0;
      too_late_.arm(loop.timers(), loop.now() + options.close_timeout);
      return transport_->close(code, reason);
    case Phase::closing:
    case Phase::ended:
      return;
  }
}

template <class F>
void State::call_user(F call) {
  driver.call(std::move(call), [this] { close(websocket::close_code::internal_error, {}); });
}

void State::when_open(Waiters::OnDone done) {
  if (is_open()) return call_user([&] { done({}); });
  if (!wanted_ || phase_ == Phase::ended) return call_user([&] { done(not_any_more()); });
  opening_.add(std::move(done));
}

SendOutcome State::send(Message message, const SendOptions& how) {
  if (transport_ == nullptr) return SendOutcome::closed;
  if (how.droppable && transport_->buffered() > options.high_watermark) {
    transport_->stream().flush();  // a busy turn is not yet a slow peer
    if (transport_->buffered() > options.high_watermark) return SendOutcome::dropped;
  }
  const auto opcode = message.binary ? websocket::Opcode::binary : websocket::Opcode::text;
  const auto compress = how.compress ? websocket::Compress::yes : websocket::Compress::no;
  return to_outcome(transport_->send(opcode, {}, message.data, compress));
}

SendOutcome State::send_part(Message piece, Part part) {
  if (transport_ == nullptr) return SendOutcome::closed;
  const auto opcode = piece.binary ? websocket::Opcode::binary : websocket::Opcode::text;
  const auto last = part == Part::last ? websocket::Part::last : websocket::Part::more;
  return to_outcome(transport_->send_part(opcode, piece.data, last));
}

void State::ping(std::string_view payload) {
  if (transport_ != nullptr) transport_->ping(payload.substr(0, 125));
}

// The message goes to the connection that was open when it was handed over, or nowhere.
SendOutcome State::hand_over(Message message, const SendOptions& how) {
  const std::uint64_t number = number_;
  if (number == 0) return SendOutcome::closed;
  if (how.droppable && waiting() > options.high_watermark) return SendOutcome::dropped;
  handed_ += message.data.size();
  loop.post([this, number, data = std::string(message.data), binary = message.binary,
             compress = how.compress] {
    handed_ -= data.size();
    if (number == number_) send({data, binary}, {.compress = compress});
  });
  return waiting() > options.high_watermark ? SendOutcome::blocked : SendOutcome::sent;
}

SendOutcome State::hand_over_part(Message piece, Part part) {
  const std::uint64_t number = number_;
  if (number == 0) return SendOutcome::closed;
  handed_ += piece.data.size();
  loop.post([this, number, data = std::string(piece.data), binary = piece.binary, part] {
    handed_ -= data.size();
    if (number == number_) send_part({data, binary}, part);
  });
  return waiting() > options.high_watermark ? SendOutcome::blocked : SendOutcome::sent;
}

}  // namespace naru::client
