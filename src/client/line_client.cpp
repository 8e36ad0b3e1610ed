#include "client/line_client.hpp"

#include "client/failure.hpp"

#include <string>

namespace naru::client {
LineClient::LineClient(WebSocketClientOptions dial, std::vector<std::string> subprotocols,
                       const ReconnectOptions& reconnect, io::Resolver::Lookup lookup)
    : context_(std::move(dial), std::move(subprotocols), std::move(lookup)),
      reconnect_(reconnect),
      backoff_(reconnect_, context_.random) {}

void LineClient::attempt() {
  phase_ = Phase::connecting;
  refused_ = false;
  line_ = make_line();
  line_->open(url());
}

void LineClient::be_open() {
  phase_ = Phase::open;
  failure.reset();
  backoff_.on_open(loop.now());
  loop.defer([this] {
    if (phase_ == Phase::open) opening_.tell({}, [this](auto task) { call_user(task); });
  });
}

void LineClient::lose(std::string_view why, const ConnectFailure* failed) {
  if (!has_line() && phase_ != Phase::connecting) return;
  const bool was_open = phase_ == Phase::open || phase_ == Phase::leaving;
  phase_ = Phase::lost;
  backoff_.on_end(loop.now());
  loop.defer([this] { go_on(); });
  if (!was_open) {
    failure = failed != nullptr
                  ? *failed
                  : ConnectFailure{.phase = ConnectPhase::handshake,
                                   .error = {Errc::protocol_error, "it has not begun"},
                                   .text = "handshake: " + std::string(why)};
    refused_ = refused_ || !may_pass(*failure);
  }
  on_down();
  if (was_open) return tell_disconnect(wanted_ ? why : "closed");
  tell_failure();
}

// After the end of a connection, or of an attempt.
void LineClient::go_on() {
  line_.reset();
  if (phase_ != Phase::lost) return;
  const auto delay = wanted_ && !refused_ ? backoff_.next() : std::nullopt;
  if (!delay) return end();
  phase_ = Phase::pausing;
  again_.arm(loop.timers(), loop.now() + *delay);
  tell_reconnecting(backoff_.attempt(), *delay);
}

// The loop turns on until the last bytes have left, but not for ever.
void LineClient::end() {
  phase_ = Phase::ended;
  loop.defer([this] { opening_.tell(not_any_more(), [this](auto task) { call_user(task); }); });
  if (too_late_.deadline() == kNever) {
    too_late_.arm(loop.timers(), loop.now() + context_.options.close_timeout);
  }
}

void LineClient::when_open(Waiters::OnDone done) {
  if (phase_ == Phase::open) return call_user([&] { done({}); });
  if (!wanted_ || phase_ == Phase::ended) return call_user([&] { done(not_any_more()); });
  opening_.add(std::move(done));
}

void LineClient::give_up() {
  for (const auto& stream : loop.streams()) stream->abort();
}

bool LineClient::finished() {
  if (phase_ != Phase::ended || !loop.streams().empty()) return false;
  too_late_.disarm();
  return true;
}

void LineClient::close() {
  if (!std::exchange(wanted_, false)) return;
  switch (phase_) {
    case Phase::idle:
    case Phase::connecting:
    case Phase::greeting:
    case Phase::pausing:
      again_.disarm();
      failure.reset();
      loop.defer([this] { line_.reset(); });  // it may be that which has called us
      phase_ = Phase::lost;
      on_down();
      return end();
    case Phase::open:
      too_late_.arm(loop.timers(), loop.now() + context_.options.close_timeout);
      phase_ = Phase::leaving;
      return say_goodbye();
    case Phase::leaving:
    case Phase::lost:
    case Phase::ended:
      return;
  }
}

}  // namespace naru::client
