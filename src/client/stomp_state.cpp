#include "client/stomp_state.hpp"

#include "client/tcp_line.hpp"
#include "client/websocket_line.hpp"
#include "websocket/client_handshake.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace naru::client {
namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw std::invalid_argument("naru: " + std::string(why));
}

WebSocketClientOptions dial_options(const StompClientOptions& options) {
  WebSocketClientOptions out;
  out.headers = options.headers;
  out.compression = options.compression;
  out.tls = options.tls;
  out.proxy = options.proxy;
  out.timeouts = options.timeouts;
  // Some put several frames into a message, and line ends before them.
  out.message_bytes = 2 * (options.head_bytes + options.body_bytes);
  out.high_watermark = options.high_watermark;
  out.limit = options.limit;
  out.close_timeout = options.close_timeout;
  return out;
}

stomp::Limits frame_limits(const StompClientOptions& options) {
  return {.line_bytes = options.header_bytes,
          .headers = options.headers_at_most,
          .head_bytes = options.head_bytes,
          .body_bytes = options.body_bytes};
}

stomp::ClientSessionOptions session_options(const StompClientOptions& options) {
  return {.host = options.host,
          .login = options.login,
          .passcode = options.passcode,
          .headers = options.connect_headers,
          .heartbeat = {options.heartbeat_send, options.heartbeat_receive},
          .connect_timeout = options.connect_timeout,
          .receipt_timeout = options.receipt_timeout,
          .receipts = options.receipts};
}

// Whether another attempt may end better.
bool may_pass(const ConnectFailure& failure) {
  if (failure.phase == ConnectPhase::options || failure.phase == ConnectPhase::redirect) {
    return false;
  }
  const int status = failure.status;
  return status < 300 || status >= 500 || status == 408 || status == 425 || status == 429;
}

}  // namespace

// ---- from other threads

SendOutcome StompGate::say(std::uint64_t wanted, std::size_t size, OnReceipt on_receipt,
                           MakeFrame make) {
  if (in_loop()) {
    if (client == nullptr) return SendOutcome::closed;
    return client->say(wanted == 0 ? connection.load() : wanted, std::move(on_receipt), make);
  }
  const std::lock_guard lock(mutex);
  const std::uint64_t open = connection;
  if (client == nullptr || open == 0 || (wanted != 0 && wanted != open)) return SendOutcome::closed;
  const std::size_t waiting = handed.fetch_add(size) + size;
  if (waiting > limit) {
    handed -= size;
    return SendOutcome::dropped;
  }
  post([this, open, size, make = std::move(make),
        on_receipt = std::move(on_receipt)](StompState& state) {
    handed -= size;
    const SendOutcome outcome = state.say(open, on_receipt, make);
    if (!on_receipt || outcome == SendOutcome::sent || outcome == SendOutcome::blocked) return;
    const Error why = outcome == SendOutcome::closed
                          ? Error{Errc::disconnected, "the connection has ended"}
                          : Error{Errc::too_many, "it could not be sent"};
    state.call_user([&] { on_receipt(why); });
  });
  return waiting > high_watermark ? SendOutcome::blocked : SendOutcome::sent;
}

// ---- the client

StompState::Target StompState::read_url(std::string_view text) {
  constexpr std::array<Scheme, 2> kTcp{{{"stomp", false, 61613}, {"stomp+ssl", true, 61614}}};
  const bool tcp = text.starts_with("stomp:") || text.starts_with("stomp+ssl:");
  Result<Url> url = tcp ? parse_url(text, kTcp) : parse_url(text);
  if (!url) refuse(url.error().text);
  if (tcp && (url->target != "/" || !url->authorization.empty())) {
    refuse("a STOMP URL is a host and a port; who logs in, say in the options");
  }
  return {tcp ? Way::tcp : Way::websocket, *std::move(url)};
}

StompState::StompState(StompClient& client, std::string_view url, StompClientOptions given,
                       io::Resolver::Lookup lookup)
    : options_(std::move(given)),
      target_(read_url(url)),
      context_(dial_options(options_), {"v12.stomp", "v11.stomp", "v10.stomp"}, std::move(lookup)),
      owner(&client),
      limits_(frame_limits(options_)),
      session_options_(session_options(options_)),
      session_(session_options_),
      backoff_(options_.reconnect, context_.random) {
  // What cannot be sent is the program's mistake, and told before there is anything to wait for.
  const auto request = websocket::encode_request(target_.url.target, target_.url.host_field(), "",
                                                 context_.dial.offer, options_.headers);
  if (!request) refuse(request.error().text);
  if (!options_.proxy.url.empty()) {
    const auto proxy = choose_proxy(options_.proxy, target_.url, context_.dial.environment);
    if (!proxy) refuse(proxy.error().text);
  }
  gate_->client = this;
  gate_->high_watermark = options_.high_watermark;
  gate_->limit = options_.limit;
}

StompState::~StompState() {
  gate_->leave();
}

bool StompState::turn(Duration wait) {
  // Within a turn, where the loop knows the time.
  if (!std::exchange(begun_, true)) {
    loop.post([this] {
      if (phase_ == Phase::idle && wanted_) attempt();
    });
  }
  gate_->turn([&] { loop.poll(wait); });
  if (phase_ != Phase::ended || !loop.streams().empty()) return true;
  too_late_.disarm();
  // From here on nothing is taken; what had been, is told of now.
  gate_->leave();
  gate_->turn([&] { loop.poll({}); });
  return false;
}

void StompState::attempt() {
  phase_ = Phase::connecting;
  refused_ = false;
  if (target_.way == Way::tcp) {
    line_ = std::make_unique<TcpLine>(loop, context_, static_cast<Line::User&>(*this));
  } else {
    line_ = std::make_unique<WebSocketLine>(loop, context_, static_cast<Line::User&>(*this));
  }
  line_->open(target_.url);
}

void StompState::on_line_open() {
  phase_ = Phase::greeting;
  decoder_.emplace(limits_, frame_);
  write(session_.open(loop.now()));
  rearm();
}

void StompState::on_line_message(std::span<char> bytes) {
  session_.heartbeat().on_received(loop.now());
  for (Cursor in(bytes); has_line();) {
    const auto frame = decoder_->receive(in);
    if (!frame) return lose_before(frame.error().text);
    if (*frame == nullptr) return;
    const auto event = session_.receive(**frame, loop.now());
    if (!event) return lose_before(event.error().text);
    on_event(*event, **frame);
  }
}

void StompState::on_event(const stomp::ClientSession::Event& event, const stomp::Frame& frame) {
  switch (event.what) {
    case stomp::ClientSession::What::nothing:
      return;
    case stomp::ClientSession::What::connected:
      return on_connected();
    case stomp::ClientSession::What::message:
      return on_message(event.number, frame);
    case stomp::ClientSession::What::receipt:
      return on_receipt(event.number, {});
    case stomp::ClientSession::What::error:
      return on_error(frame);
  }
}

void StompState::on_connected() {
  decoder_->set_version(session_.version());
  phase_ = Phase::open;
  failure.reset();
  backoff_.on_open(loop.now());
  set_connection(++connections_);
  // Of a copy: too much to send ends the connection, and its handlers may unsubscribe.
  for (const auto& [number, key] : std::map(subscriptions_)) say_subscribe(*key);
  if (phase_ != Phase::open) return;
  rearm();
  tell(options_.on_connect);
}

void StompState::on_message(std::uint64_t number, const stomp::Frame& frame) {
  const auto found = subscriptions_.find(number);
  if (phase_ != Phase::open || found == subscriptions_.end() || owner == nullptr) return;
  const std::shared_ptr<SubscriptionKey> key = found->second;  // it may unsubscribe
  const StompMessage message(frame, gate_, gate_->connection);
  call_user([&] {
    if (key->handler) key->handler(message);
  });
}

// The broker has said its last word.
void StompState::on_error(const stomp::Frame& frame) {
  refused_ = phase_ == Phase::greeting && !options_.retry_refused;
  const StompMessage message(frame, gate_, gate_->connection);
  std::string why = "ERROR: ";
  why += message.header("message").empty() ? message.body() : message.header("message");
  tell(options_.on_error, message);
  lose_before(why);
}

void StompState::on_receipt(std::uint64_t receipt, Result<void> outcome) {
  if (receipt == farewell_ && phase_ == Phase::leaving) return line_->close();
  const auto found = receipts_.extract(receipt);
  if (found.empty()) return;
  call_user([&] { found.mapped()(outcome); });
}

void StompState::on_line_drained() {
  if (phase_ == Phase::open) tell(options_.on_drain);
}

// ---- what is said

SendOutcome StompState::write(std::string_view bytes) {
  session_.heartbeat().on_sent(loop.now());
  return line_->send(bytes);
}

SendOutcome StompState::say(std::uint64_t connection, OnReceipt when_done, const MakeFrame& make) {
  if (phase_ != Phase::open || connection != gate_->connection) return SendOutcome::closed;
  std::uint64_t receipt = 0;
  if (when_done) {
    const auto number = session_.expect_receipt(loop.now());
    if (!number) return SendOutcome::dropped;
    receipt = *number;
  }
  const auto frame = make(session_, receipt);
  const SendOutcome outcome = frame ? write(*frame) : SendOutcome::dropped;
  if (receipt == 0) return outcome;
  if (outcome == SendOutcome::sent || outcome == SendOutcome::blocked) {
    receipts_.emplace(receipt, std::move(when_done));
    rearm();
  } else {
    session_.forget_receipt(receipt);
  }
  return outcome;
}

void StompState::subscribe(const std::shared_ptr<SubscriptionKey>& key) {
  key->number = session_.remember(key->destination, key->ack, key->headers);
  subscriptions_.emplace(key->number, key);
  if (phase_ == Phase::open) say_subscribe(*key);
}

void StompState::say_subscribe(const SubscriptionKey& key) {
  say(gate_->connection, key.on_subscribed ? [told = key.on_subscribed](Result<void> done) {
        if (done) told();
      } : OnReceipt(),
      [number = key.number](const stomp::ClientSession& session, std::uint64_t receipt) {
        return session.subscribe(number, receipt);
      });
}

void StompState::unsubscribe(SubscriptionKey& key) {
  if (key.number == 0) return;
  const std::uint64_t number = std::exchange(key.number, 0);
  if (phase_ == Phase::open) write(session_.unsubscribe(number));
  session_.forget(number);
  subscriptions_.erase(number);
}

// ---- time

void StompState::rearm() {
  if (!has_line()) return due_.disarm();
  due_.arm(loop.timers(), session_.deadline());
}

void StompState::on_due() {
  if (!has_line()) return;
  const auto due = session_.on_deadline(loop.now());
  if (due.dead) {
    return lose_before(phase_ == Phase::greeting ? "no CONNECTED in time" : "the broker is silent");
  }
  if (due.send_beat) write("\n");
  for (const std::uint64_t receipt : due.receipts) {
    on_receipt(receipt, Error{Errc::timed_out, "no receipt in time"});
  }
  rearm();
}

// ---- ends

void StompState::set_connection(std::uint64_t connection) {
  const std::lock_guard lock(gate_->mutex);
  gate_->connection = connection;
}

void StompState::on_line_closed(std::string_view why, const ConnectFailure* failed) {
  lose(why, failed);
}

// The line is there yet, and is not to be used any more.
void StompState::lose_before(std::string_view why) {
  if (has_line()) lose(why, nullptr);
}

void StompState::lose(std::string_view why, const ConnectFailure* failed) {
  if (phase_ == Phase::lost || phase_ == Phase::ended) return;
  const bool was_open = phase_ == Phase::open || phase_ == Phase::leaving;
  phase_ = Phase::lost;
  due_.disarm();
  set_connection(0);
  backoff_.on_end(loop.now());
  loop.defer([this] { go_on(); });
  const auto owed = std::exchange(receipts_, {});
  session_.close();
  for (const auto& [number, when_done] : owed) {
    call_user([&] { when_done(Error{Errc::disconnected, "the connection has ended"}); });
  }
  if (was_open) return tell(options_.on_disconnect, wanted_ ? why : "closed");
  failure = failed != nullptr
                ? *failed
                : ConnectFailure{.phase = ConnectPhase::handshake,
                                 .error = {Errc::protocol_error, "STOMP has not begun"},
                                 .text = "handshake: " + std::string(why)};
  refused_ = refused_ || !may_pass(*failure);
  tell(options_.on_failure, *failure);
}

// After the end of a connection, or of an attempt.
void StompState::go_on() {
  line_.reset();
  if (phase_ != Phase::lost) return;
  const auto delay = wanted_ && !refused_ ? backoff_.next() : std::nullopt;
  if (!delay) return end();
  phase_ = Phase::pausing;
  again_.arm(loop.timers(), loop.now() + *delay);
  tell(options_.on_reconnecting, backoff_.attempt(), *delay);
}

// The loop turns on until the last bytes have left, but not for ever.
void StompState::end() {
  phase_ = Phase::ended;
  if (too_late_.deadline() == kNever) {
    too_late_.arm(loop.timers(), loop.now() + options_.close_timeout);
  }
}

void StompState::give_up() {
  for (const auto& stream : loop.streams()) stream->abort();
}

void StompState::close() {
  if (!std::exchange(wanted_, false)) return;
  switch (phase_) {
    case Phase::idle:
    case Phase::connecting:
    case Phase::greeting:
    case Phase::pausing:
      again_.disarm();
      due_.disarm();
      failure.reset();
      loop.defer([this] { line_.reset(); });  // it may be that which has called us
      return end();
    case Phase::open: {
      too_late_.arm(loop.timers(), loop.now() + options_.close_timeout);
      set_connection(0);
      phase_ = Phase::leaving;
      const auto receipt = session_.expect_receipt(loop.now());
      if (!receipt) return line_->close();
      farewell_ = *receipt;
      write(session_.disconnect(farewell_));
      return rearm();
    }
    case Phase::leaving:
    case Phase::lost:
    case Phase::ended:
      return;
  }
}

}  // namespace naru::client
