#include "server/stomp_relay.hpp"

#include "base/utf8.hpp"
#include "io/last_error.hpp"
#include "server/message_publication.hpp"
#include "server/state.hpp"
#include "server/stomp_broker.hpp"
#include "server/stomp_formats.hpp"

#include <algorithm>
#include <stdexcept>

namespace naru::server {
namespace {

stomp::RelayOptions session_options_of(const StompOptions& all, const StompRelayOptions& options) {
  stomp::RelayOptions made;
  made.client = {all.heartbeat_send, all.heartbeat_receive};
  made.broker = {options.heartbeat_send, options.heartbeat_receive};
  if (all.hide_server) made.server.clear();
  made.virtual_host = options.virtual_host;
  made.login = options.login;
  made.passcode = options.passcode;
  made.connect_timeout = options.connect_timeout;
  made.connect_headers = options.connect_headers;
  made.withheld_headers = options.withheld_headers;
  return made;
}

stomp::ClientSessionOptions system_options_of(const StompRelayOptions& options) {
  const bool own = !options.system_login.empty();
  stomp::ClientSessionOptions made;
  made.host = options.virtual_host;
  made.login = own ? options.system_login : options.login;
  made.passcode = own ? options.system_passcode : options.passcode;
  made.heartbeat = {options.heartbeat_send, options.heartbeat_receive};
  made.connect_timeout = options.connect_timeout;
  return made;
}

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("naru: StompRelayOptions: ") + what);
}

}  // namespace

struct StompRelay::Pieces {
  Pieces(StompRelay& relay, Worker& home)
      : worker(home),
        resolver(home.loop),
        link(home.loop, relay, relay.broker_.outbox.high_watermark),
        decoder(relay.broker_.limits, frame),
        reconnection({.delay = relay.options.reconnect_delay,
                      .delay_max = relay.options.reconnect_delay_max},
                     home.random) {}

  Worker& worker;
  io::Resolver resolver;
  BrokerLink link;
  stomp::Frame frame;
  stomp::Decoder decoder;
  socketio::Reconnection reconnection;
};

StompRelay::StompRelay(StompBroker& broker, const StompRelayOptions& given)
    : options(given),
      session_options(session_options_of(broker.options, given)),
      broker_(broker),
      system_options_(system_options_of(given)),
      session_(system_options_) {
  require(!given.host.empty() && given.port != 0, "no host and port");
  require(!system_options_.login.empty(), "system_login is missing");
  require(given.reconnect_delay.count() > 0, "reconnect_delay is 0");
  where_.port = given.port;
  where_.host = given.host;
  where_.timeout = given.connect_timeout;
  if (given.tls) {
    auto context = io::TlsClientContext::make(given.tls_options);
    if (!context) throw std::invalid_argument("naru: StompRelayOptions: tls: " + io::last_error());
    where_.tls = *std::move(context);
  }
  for (const std::string& key : given.topics) {
    const std::string destination = "/topic/" + key;
    require(stomp::parse_destination(destination, stomp::Use::subscribe).has_value(),
            "topics: no key of a topic");
    session_.remember(destination, stomp::AckMode::automatic, {});
  }
}

StompRelay::~StompRelay() = default;

void StompRelay::start() {
  pieces_ = std::make_unique<Pieces>(*this, *broker_.state().workers[0]);
  resolve();
}

void StompRelay::shut_down() {
  if (pieces_ == nullptr) return;
  disarm();
  if (pieces_->link.up() && session_.connected()) pieces_->link.send(session_.disconnect(0));
  pieces_->link.finish();
  pieces_.reset();
  available_.store(false, std::memory_order_relaxed);
}

void StompRelay::resolve() {
  retry_at_.reset();
  pieces_->resolver.resolve(options.host, options.connect_timeout,
                            [this](Result<io::Addresses> addresses, const std::string& failure) {
                              if (!addresses) return lose(addresses.error(), failure);
                              dial(*addresses);
                            });
}

void StompRelay::dial(const io::Addresses& addresses) {
  where_.addresses = addresses;
  pieces_->link.connect(where_);
}

void StompRelay::on_link_up() {
  pieces_->decoder = stomp::Decoder(broker_.limits, pieces_->frame);
  say(session_.open(pieces_->worker.loop.now()));
  rearm();
}

void StompRelay::on_link_bytes(std::span<char> bytes) {
  session_.heartbeat().on_received(pieces_->worker.loop.now());
  Cursor in(bytes);
  while (pieces_ != nullptr && pieces_->link.up()) {
    const auto frame = pieces_->decoder.receive(in);
    if (!frame) return lose(frame.error(), {});
    if (*frame == nullptr) return;
    if (const auto done = receive(**frame); !done) return lose(done.error(), {});
  }
}

Result<void> StompRelay::receive(const stomp::Frame& frame) {
  NARU_TRY(const auto event, session_.receive(frame, pieces_->worker.loop.now()));
  using What = stomp::ClientSession::What;
  switch (event.what) {
    case What::connected:
      log_in();
      break;
    case What::message:
      publish(frame);
      break;
    case What::error:
      lose({Errc::protocol_error, "the broker's ERROR"},
           std::string(frame.header("message")).append(": ").append(frame.body));
      break;
    case What::receipt:
    case What::nothing:
      break;
  }
  return {};
}

void StompRelay::log_in() {
  pieces_->decoder.set_version(session_.version());
  say(session_.subscriptions());
  pieces_->reconnection.reset();
  told_away_ = false;
  auto reached = std::make_shared<BrokerAddress>(where_);
  reached->addresses = {pieces_->link.peer()};
  broker_.state().log(LogLevel::info,
                      "event=relay_broker_available broker=" +
                          log_safe(options.host + ":" + std::to_string(options.port)) +
                          " address=" + reached->addresses[0].to_string());
  tell(reached);
  rearm();
}

// The server's topic is what comes behind "/topic/", as the broker writes it.
void StompRelay::publish(const stomp::Frame& frame) const {
  const auto from = stomp::parse_destination(frame.header("destination"), stomp::Use::send);
  if (!from || from->kind != stomp::Destination::Kind::topic) return;
  publish_frame(broker_.state(), from->name, frame);
}

void StompRelay::on_link_down(const Error& error, const std::string& detail) {
  lose(error, detail);
}

void StompRelay::lose(const Error& error, std::string_view detail) {
  if (pieces_ == nullptr) return;
  pieces_->resolver.cancel();
  pieces_->link.abort();
  static_cast<void>(session_.close());
  const Instant now = pieces_->worker.loop.now();
  retry_at_ = now + pieces_->reconnection.next().value_or(options.reconnect_delay_max);
  rearm();
  if (std::exchange(told_away_, true)) return;
  std::string line = "event=relay_broker_away broker=";
  line += log_safe(options.host + ":" + std::to_string(options.port));
  line.append(" error=\"").append(log_safe(error.text));
  if (!detail.empty()) line.append(": ").append(log_safe(detail, 300));
  broker_.state().log(LogLevel::error, line + '"');
  tell(nullptr);
}

// To all loops, and the user.
void StompRelay::tell(const std::shared_ptr<const BrokerAddress>& reached) {
  const bool available = reached != nullptr;
  const bool before = available_.exchange(available, std::memory_order_relaxed);
  for (const auto& worker : broker_.state().workers) {
    StompLoop& there = broker_.on_loop(worker->index());
    run_on(*worker, pieces_->worker, [&there, reached] { there.relayed_to = reached; });
  }
  if (before == available || !options.on_available) return;
  run_user_code(broker_.state(), "protocol=stomp", [&] { options.on_available(available); });
}

void StompRelay::send(std::string destination, std::string body, stomp::Headers headers) {
  Worker& home = *broker_.state().workers[0];
  home.loop.post([this, destination = std::move(destination), body = std::move(body),
                  headers = std::move(headers)] {
    if (pieces_ == nullptr || !session_.connected() ||
        pieces_->link.buffered() > broker_.outbox.limit) {
      return broker_.state().workers[0]->counters.dropped.add();
    }
    say(session_.send(destination, body, headers));
  });
}

void StompRelay::say(std::string_view bytes) {
  session_.heartbeat().on_sent(pieces_->worker.loop.now());
  pieces_->link.send(bytes);
}

void StompRelay::rearm() {
  arm(pieces_->worker.loop.timers(), retry_at_.value_or(session_.deadline()));
}

void StompRelay::on_timer(Instant now) {
  if (retry_at_) {
    if (now >= *retry_at_) return resolve();
    return rearm();
  }
  const stomp::ClientSession::Due due = session_.on_deadline(now);
  if (due.dead) {
    return lose({Errc::timed_out,
                 session_.connected() ? "heart-beats are missing" : "no CONNECTED in time"},
                {});
  }
  if (due.send_beat) say("\n");
  rearm();
}

}  // namespace naru::server
