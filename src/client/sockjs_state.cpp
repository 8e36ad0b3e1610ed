#include "client/sockjs_state.hpp"

#include "client/sockjs_line.hpp"

#include <mutex>
#include <utility>

namespace naru::client {
namespace {

WebSocketClientOptions dial_options(const SockJsClientOptions& options) {
  WebSocketClientOptions out;
  out.headers = options.headers;
  out.compression = options.compression;
  out.tls = options.tls;
  out.proxy = options.proxy;
  out.timeouts = options.timeouts;
  out.message_bytes = options.message_bytes;
  out.high_watermark = options.high_watermark;
  out.limit = options.limit;
  out.close_timeout = options.close_timeout;
  out.idle_timeout = options.connect.heartbeat_timeout;
  return out;
}

}  // namespace

SendOutcome SockJsGate::hand_over(std::string_view message) {
  const std::lock_guard lock(mutex);
  const std::uint64_t open = session;
  if (client == nullptr || open == 0) return SendOutcome::closed;
  const std::size_t waiting = handed.fetch_add(message.size()) + message.size();
  if (waiting > limit) {
    handed -= message.size();
    return SendOutcome::dropped;
  }
  post([this, open, message = std::string(message)](SockJsState& state) {
    handed -= message.size();
    if (open == session) state.send(message);
  });
  return waiting > high_watermark ? SendOutcome::blocked : SendOutcome::sent;
}

SockJsState::SockJsState(SockJsClient& client, std::string_view url, SockJsClientOptions given,
                         io::Resolver::Lookup lookup)
    : LineClient(dial_options(given), {}, given.reconnect, std::move(lookup)),
      owner(&client),
      options_(std::move(given)),
      url_(url_or_throw(url)) {
  check(context_.dial, url_);
  SockJsLine::check(options_.connect);
  gate_->client = this;
  gate_->high_watermark = options_.high_watermark;
  gate_->limit = options_.limit;
}

SockJsState::~SockJsState() {
  gate_->leave();
  line_.reset();  // it knows us
}

std::unique_ptr<Line> SockJsState::make_line() {
  return std::make_unique<SockJsLine>(loop, context_, options_.connect,
                                      static_cast<Line::User&>(*this));
}

void SockJsState::set_session(std::uint64_t session) {
  const std::lock_guard lock(gate_->mutex);
  gate_->session = session;
}

void SockJsState::on_line_open() {
  be_open();
  set_session(++sessions_);
  tell(options_.on_open);
}

void SockJsState::on_line_message(std::span<char> bytes) {
  if (phase_ == Phase::open) tell(options_.on_message, Message{{bytes.data(), bytes.size()}});
}

void SockJsState::on_line_drained() {
  if (phase_ == Phase::open) tell(options_.on_drain);
}

SendOutcome SockJsState::send(std::string_view message) {
  return phase_ == Phase::open ? line_->send(message) : SendOutcome::closed;
}

void SockJsState::say_goodbye() {
  set_session(0);
  line_->close();
}

}  // namespace naru::client
