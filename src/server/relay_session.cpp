#include "server/relay_session.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "server/state.hpp"
#include "server/stomp_broker.hpp"
#include "server/stomp_formats.hpp"
#include "server/stomp_relay.hpp"

#include <algorithm>
#include <utility>

namespace naru::server {
namespace {

constexpr std::string_view kProtocol = "protocol=stomp";
constexpr Error kAway{Errc::disconnected, "broker not available"};
constexpr Error kBrokerBehind{Errc::too_many, "the broker is behind"};
constexpr Error kClientBehind{Errc::too_many, "the client is behind"};

}  // namespace

RelaySession::RelaySession(StompLoop& here, StompRelay& relay, StompCarrier& carrier,
                           std::unique_ptr<RequestInfo> request)
    : here_(here),
      relay_(relay),
      carrier_(carrier),
      request_(std::move(request)),
      frames_(relay.session_options),
      client_decoder_(here.broker().opening_limits, here.frame),
      broker_decoder_(here.broker().limits, here.frame),
      link_(here.worker().loop, *this, here.broker().outbox.high_watermark),
      connect_deadline_(now() + here.broker().options.connect_timeout) {
  rearm();
}

RelaySession::~RelaySession() {
  leave_broker();
}

Instant RelaySession::now() const {
  return here_.worker().loop.now();
}

// ---- from the client

void RelaySession::on_bytes(std::span<char> bytes, StompCarrier::Content content) {
  if (ended_) return;
  frames_.client_heartbeat().on_received(now());
  if (request_ != nullptr) binary_ = content == StompCarrier::Content::binary;
  if (request_ == nullptr && !frames_.connected()) return hold({bytes.data(), bytes.size()});
  Cursor in(bytes);
  take(in);
}

void RelaySession::take(Cursor& in) {
  while (!ended_ && !frames_.closing()) {
    const auto frame = client_decoder_.receive(in);
    if (!frame) return fail(frame.error());
    if (*frame == nullptr) break;
    if (const auto done = receive(**frame); !done) return fail(done.error(), *frame);
    if (!ended_ && !frames_.connected()) return hold(in.view());
  }
  if (ended_ || broker_behind_ || !link_.congested()) return;
  carrier_.pause_reading();
  broker_behind_ = now();
  rearm();
}

// Until the broker has answered the login: not all clients wait for that.
void RelaySession::hold(std::string_view bytes) {
  carrier_.pause_reading();
  held_.append(bytes);
  if (held_.size() > relay_.options.pending_bytes) fail(kBrokerBehind);
}

void RelaySession::take_held() {
  carrier_.resume_reading();
  std::string held = std::exchange(held_, {});
  Cursor in(held);
  take(in);
}

Result<void> RelaySession::receive(const stomp::Frame& frame) {
  using Asks = stomp::Relay::Asks;
  NARU_TRY(const Asks asks, frames_.receive(frame));
  switch (asks) {
    case Asks::login:
      return log_in(frame);
    case Asks::forward:
      NARU_CHECK(permitted(frame));
      hand_over(frame);
      break;
    case Asks::disconnect:
      hand_over(frame);
      if (!frames_.awaits_receipt()) {
        end(Ending::normal);
      } else {
        connect_deadline_ = now() + relay_.options.connect_timeout;
        rearm();
      }
      break;
    case Asks::nothing:
      break;
  }
  return {};
}

Result<void> RelaySession::log_in(const stomp::Frame& frame) {
  StompBroker& broker = here_.broker();
  NARU_TRY(user_, broker.authorize(frame, *request_));
  request_.reset();
  const auto reached = here_.relayed_to;
  if (reached == nullptr) {
    lose_broker(kAway);
    return {};
  }
  if (here_.relayed >= here_.worker().share_of(relay_.options.connections)) {
    return Error{Errc::too_many, "too many connections to the broker"};
  }
  ++here_.relayed;
  counted_ = true;
  connect_ = frames_.connect(frame, now());
  connect_deadline_ = kNever;
  link_.connect(*reached);
  rearm();
  return {};
}

Result<void> RelaySession::permitted(const stomp::Frame& frame) const {
  const bool send = frame.command == stomp::Command::send;
  if (!send && frame.command != stomp::Command::subscribe) return {};
  NARU_TRY(const std::string name,
           stomp::relayed_name(frame.header("destination"),
                               send ? stomp::Use::send : stomp::Use::subscribe));
  if (name.empty()) return {};
  return here_.broker().check_permit(user_, send ? stomp::Access::send : stomp::Access::subscribe,
                                     name);
}

void RelaySession::hand_over(const stomp::Frame& frame) {
  if (frame.command == stomp::Command::send) here_.worker().counters.messages_in.add();
  std::string& out = here_.head;
  out.clear();
  frames_.to_broker(frame, out);
  to_broker(out);
  if (link_.buffered() > relay_.options.pending_bytes + here_.broker().options.body_bytes) {
    fail(kBrokerBehind);
  }
}

void RelaySession::to_broker(std::string_view bytes) {
  frames_.broker_heartbeat().on_sent(now());
  link_.send(bytes);
}

void RelaySession::on_link_drain() {
  broker_behind_.reset();
  if (!ended_) carrier_.resume_reading();
}

// ---- from the broker

void RelaySession::on_link_up() {
  link_.send(std::exchange(connect_, {}));
}

void RelaySession::on_link_bytes(std::span<char> bytes) {
  frames_.broker_heartbeat().on_received(now());
  const bool before = frames_.connected();
  Cursor in(bytes);
  while (!ended_) {
    const auto frame = broker_decoder_.receive(in);
    if (!frame) return fail(frame.error());
    if (*frame == nullptr) break;
    tell(**frame);
  }
  if (!ended_ && !before && frames_.connected()) take_held();
  if (ended_ || client_behind_ || !carrier_.congested()) return;
  link_.pause();
  client_behind_ = now();
  rearm();
}

void RelaySession::tell(const stomp::Frame& frame) {
  using Tells = stomp::Relay::Tells;
  const auto tells = frames_.receive_from_broker(frame, now());
  if (!tells) return fail(tells.error());
  if (*tells == Tells::connected) return accept();
  if (*tells == Tells::refused) return refuse(frame);
  std::string& out = here_.head;
  out.clear();
  if (carrier_.text_only() && !is_utf8(frame.body)) {
    append_as_text(frame, out);
  } else {
    frames_.to_client(frame, out);
  }
  say(out);
  if (*tells == Tells::last) {
    end(frame.command == stomp::Command::error ? Ending::protocol_error : Ending::normal);
  }
}

void RelaySession::append_as_text(const stomp::Frame& frame, std::string& out) const {
  const std::string body = base64(frame.body);
  stomp::Frame text{.command = frame.command, .headers = frame.headers, .body = body};
  text.headers.insert(text.headers.begin(), {kStompEncoding, "base64"});
  frames_.to_client(text, out);
}

// With the client's own login, the broker's reason is the client's business.
void RelaySession::refuse(const stomp::Frame& frame) {
  if (relay_.options.login.empty()) {
    return fail({Errc::protocol_error, "access refused"});
  }
  log(LogLevel::warning, "refused",
      std::string(frame.header("message")) + ": " + std::string(frame.body));
  lose_broker(kAway);
}

void RelaySession::accept() {
  const StompBroker& broker = here_.broker();
  broker_decoder_.set_version(frames_.version());
  client_decoder_.set_version(frames_.version());
  client_decoder_.set_limits(broker.limits);
  say(frames_.accept(here_.make_id(), user_, now()));
  rearm();
  logged_in_ = true;
  if (broker.options.on_connect) {
    run_user_code(broker.state(), kProtocol, [&] { broker.options.on_connect(user_); });
  }
}

void RelaySession::say(std::string_view frame) {
  frames_.client_heartbeat().on_sent(now());
  const bool text = !binary_ && is_utf8(frame);
  here_.worker().count(
      carrier_.send(frame, std::string_view(),
                    text ? StompCarrier::Content::text : StompCarrier::Content::binary));
}

void RelaySession::on_drain() {
  client_behind_.reset();
  link_.resume();
}

void RelaySession::on_link_down(const Error& error, const std::string& detail) {
  if (ended_) return;
  if (frames_.closing()) return end(Ending::normal);
  if (frames_.connected()) return lose_broker(error);
  log(LogLevel::debug, "unreachable", std::string(error.text) + ": " + detail);
  lose_broker(kAway);
}

void RelaySession::log(LogLevel level, std::string_view what, const std::string& why) const {
  here_.broker().state().log(
      level, "event=relay_" + std::string(what) + " error=\"" + log_safe(why, 300) + "\"");
}

// ---- endings

void RelaySession::fail(const Error& error, const stomp::Frame* frame) {
  if (ended_) return;
  here_.worker().log_violation("stomp", carrier_.peer_address(), error.text);
  say(frames_.error(error, frame));
  end(error.code == Errc::message_too_big ? Ending::too_big : Ending::protocol_error);
}

// Not the client's fault: it may come back.
void RelaySession::lose_broker(const Error& error) {
  if (ended_) return;
  say(frames_.error(error));
  end(Ending::going_away);
}

void RelaySession::end(Ending ending) {
  ended_ = true;
  disarm();
  held_ = {};
  carrier_.resume_reading();  // or its end would not be read
  carrier_.finish(ending);
  leave_broker();
}

// What the client had sent before still arrives.
void RelaySession::leave_broker() {
  link_.finish();
  if (std::exchange(counted_, false)) --here_.relayed;
}

void RelaySession::shut_down() {
  if (ended_) return;
  say(frames_.error({Errc::disconnected, "server shutting down"}));
  end(Ending::going_away);
}

void RelaySession::on_closed() {
  ended_ = true;
  leave_broker();
  disarm();
  const StompBroker& broker = here_.broker();
  if (std::exchange(logged_in_, false) && broker.options.on_disconnect) {
    run_user_code(broker.state(), kProtocol, [&] { broker.options.on_disconnect(user_); });
  }
}

// ---- time

void RelaySession::rearm() {
  Instant next = std::min(connect_deadline_, frames_.deadline());
  const auto stall = relay_.options.stall_timeout;
  if (stall.count() != 0) {
    if (broker_behind_) next = std::min(next, *broker_behind_ + stall);
    if (client_behind_) next = std::min(next, *client_behind_ + stall);
  }
  arm(here_.worker().loop.timers(), next);
}

void RelaySession::on_timer(Instant now) {
  if (ended_) return;
  if (now >= connect_deadline_) return end(Ending::protocol_error);  // CONNECT, or the last RECEIPT
  const auto stall = relay_.options.stall_timeout;
  const auto stalled = [&](const std::optional<Instant>& since) {
    return stall.count() != 0 && since && now >= *since + stall;
  };
  if (stalled(broker_behind_)) return fail(kBrokerBehind);
  if (stalled(client_behind_)) {
    here_.worker().counters.slow_closed.add();
    return fail(kClientBehind);
  }
  // Whoever is held back, is not heard.
  if (broker_behind_ || !held_.empty()) frames_.client_heartbeat().on_received(now);
  if (client_behind_) frames_.broker_heartbeat().on_received(now);
  const stomp::Relay::Due due = frames_.on_deadline(now);
  if (due.client_dead) {
    here_.worker().log_violation("stomp", carrier_.peer_address(), "heart-beats are missing");
    return end(Ending::going_away);
  }
  if (due.broker_dead) {
    return lose_broker(frames_.connected()
                           ? Error{Errc::timed_out, "the broker's heart-beats are missing"}
                           : kAway);
  }
  if (due.beat_client) say("\n");
  if (due.beat_broker) to_broker("\n");
  rearm();
}

}  // namespace naru::server
