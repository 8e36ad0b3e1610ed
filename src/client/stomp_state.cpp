#include "client/stomp_state.hpp"

#include "client/sockjs_line.hpp"
#include "client/tcp_line.hpp"
#include "client/websocket_line.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace naru::client {
namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw std::invalid_argument("naru: " + std::string(why));
}

WebSocketClientOptions dial_options(const StompClientOptions& options, bool sockjs) {
  WebSocketClientOptions out = common_options(options);
  // Some put several frames into a message, and line ends before them.
  out.message_bytes = 2 * (options.head_bytes + options.body_bytes);
  if (sockjs) out.idle_timeout = options.sockjs.heartbeat_timeout;
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

}  // namespace

// ---- from other threads

SendOutcome StompGate::say(std::uint64_t wanted, std::size_t size, OnReceipt on_receipt,
                           MakeFrame make) {
  if (in_loop()) {
    if (client == nullptr) return SendOutcome::closed;
    return client->say(wanted == 0 ? connection.load() : wanted, std::move(on_receipt), make);
  }
  return hand_over(wanted, size,
                   [make = std::move(make), on_receipt = std::move(on_receipt)](
                       StompState& state, std::uint64_t open) {
                     const SendOutcome outcome = state.say(open, on_receipt, make);
                     const bool said =
                         outcome == SendOutcome::sent || outcome == SendOutcome::blocked;
                     if (!on_receipt || said) return;
                     const Error why = outcome == SendOutcome::closed
                                           ? Error{Errc::disconnected, "the connection has ended"}
                                           : Error{Errc::too_many, "it could not be sent"};
                     state.call_user([&] { on_receipt(why); });
                   });
}

// ---- the client

StompState::Target StompState::read_url(std::string_view text) {
  constexpr std::array<Scheme, 2> kTcp{{{"stomp", false, 61613}, {"stomp+ssl", true, 61614}}};
  constexpr std::string_view kSockJs = "sockjs+";
  const bool tcp = text.starts_with("stomp:") || text.starts_with("stomp+ssl:");
  const bool sockjs = text.starts_with(kSockJs);
  if (sockjs) text.remove_prefix(kSockJs.size());
  Result<Url> url = tcp ? parse_url(text, kTcp) : parse_url(text);
  if (!url) refuse(url.error().text);
  if (tcp && (url->target != "/" || !url->authorization.empty())) {
    refuse("a STOMP URL is a host and a port; who logs in, say in the options");
  }
  return {tcp ? Way::tcp : (sockjs ? Way::sockjs : Way::websocket), *std::move(url)};
}

StompState::StompState(StompClient& client, std::string_view url, StompClientOptions given,
                       io::Resolver::Lookup lookup)
    : StompState(client, read_url(url), std::move(given), std::move(lookup)) {}

StompState::StompState(StompClient& client, Target target, StompClientOptions given,
                       io::Resolver::Lookup lookup)
    : LineClient(dial_options(given, target.way == Way::sockjs),
                 target.way == Way::websocket
                     ? std::vector<std::string>{"v12.stomp", "v11.stomp", "v10.stomp"}
                     : std::vector<std::string>{},
                 given.reconnect, std::move(lookup)),
      owner(&client),
      options_(std::move(given)),
      target_(std::move(target)),
      limits_(frame_limits(options_)),
      session_options_(session_options(options_)),
      session_(session_options_) {
  check(context_.dial, target_.url);
  if (target_.way == Way::sockjs) SockJsLine::check(options_.sockjs);
  gate_->client = this;
  gate_->high_watermark = options_.high_watermark;
  gate_->limit = options_.limit;
}

StompState::~StompState() {
  gate_->leave();
  line_.reset();  // it knows us
}

std::unique_ptr<Line> StompState::make_line() {
  auto& user = static_cast<Line::User&>(*this);
  switch (target_.way) {
    case Way::websocket:
      return std::make_unique<WebSocketLine>(loop, context_, user);
    case Way::sockjs:
      return std::make_unique<SockJsLine>(loop, context_, options_.sockjs, user);
    case Way::tcp:
      break;
  }
  return std::make_unique<TcpLine>(loop, context_, user);
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
    if (!frame) return lose(frame.error().text);
    if (*frame == nullptr) return;
    const auto event = session_.receive(**frame, loop.now());
    if (!event) return lose(event.error().text);
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
  be_open();
  gate_->set_connection(++connections_);
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
  lose(why);
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
    return lose(phase_ == Phase::greeting ? "no CONNECTED in time" : "the broker is silent");
  }
  if (due.send_beat) write("\n");
  for (const std::uint64_t receipt : due.receipts) {
    on_receipt(receipt, Error{Errc::timed_out, "no receipt in time"});
  }
  rearm();
}

// ---- ends

void StompState::on_down() {
  due_.disarm();
  gate_->set_connection(0);
  session_.close();
  const auto owed = std::exchange(receipts_, {});
  for (const auto& [number, when_done] : owed) {
    call_user([&] { when_done(Error{Errc::disconnected, "the connection has ended"}); });
  }
}

void StompState::tell_disconnect(std::string_view why) {
  tell(options_.on_disconnect, why);
}

void StompState::say_goodbye() {
  gate_->set_connection(0);
  const auto receipt = session_.expect_receipt(loop.now());
  if (!receipt) return line_->close();
  farewell_ = *receipt;
  write(session_.disconnect(farewell_));
  rearm();
}

}  // namespace naru::client
