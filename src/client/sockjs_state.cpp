#include "client/sockjs_state.hpp"

#include "client/sockjs_line.hpp"

#include <utility>

namespace naru::client {
namespace {

WebSocketClientOptions dial_options(const SockJsClientOptions& options) {
  WebSocketClientOptions out = common_options(options);
  out.message_bytes = options.message_bytes;
  out.idle_timeout = options.connect.heartbeat_timeout;
  return out;
}

}  // namespace

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

void SockJsState::on_line_open() {
  be_open();
  gate_->set_connection(++sessions_);
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

SendOutcome SockJsState::hand_over(std::string_view message) {
  return gate_->hand_over(
      0, message.size(),
      [message = std::string(message)](SockJsState& state, std::uint64_t session) {
        if (session == state.gate_->connection) state.send(message);
      });
}

void SockJsState::say_goodbye() {
  gate_->set_connection(0);
  line_->close();
}

}  // namespace naru::client
