#pragma once

#include "client/backoff.hpp"
#include "client/clock.hpp"
#include "client/driver.hpp"
#include "client/line.hpp"
#include "client/waiters.hpp"
#include "io/loop.hpp"
#include "naru/websocket_client.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace naru::client {

// What the options of such clients have in common.
template <class Options>
WebSocketClientOptions common_options(const Options& options) {
  WebSocketClientOptions out;
  out.headers = options.headers;
  out.compression = options.compression;
  out.tls = options.tls;
  out.proxy = options.proxy;
  out.timeouts = options.timeouts;
  out.high_watermark = options.high_watermark;
  out.limit = options.limit;
  out.close_timeout = options.close_timeout;
  return out;
}

// The life of a client whose connections are lines: opens one, and another one when it breaks,
// until nothing more can happen. Everything on the loop's thread.
class LineClient : protected Line::User {
 public:
  virtual ~LineClient() = default;

  void close();
  void when_open(Waiters::OnDone done);
  template <class F>
  void call_user(F call) {
    driver.call(std::move(call), [this] { close(); });
  }

 protected:
  LineContext context_;  // before the loop: its streams borrow it

 public:
  io::Loop loop;
  Driver driver{loop};
  std::optional<ConnectFailure> failure;  // of the last attempt

 protected:
  enum class Phase : std::uint8_t {
    idle,
    connecting,
    greeting,  // the line is open, what it carries not yet
    open,
    leaving,  // we are saying goodbye
    lost,     // until the end of the turn
    pausing,
    ended
  };

  LineClient(WebSocketClientOptions dial, std::vector<std::string> subprotocols,
             const ReconnectOptions& reconnect, io::Resolver::Lookup lookup);

  // One turn. False: it has ended.
  template <class Gate>
  bool turn(Gate& gate, Duration wait);

  // What a client adds.
  virtual std::unique_ptr<Line> make_line() = 0;
  virtual const Url& url() const = 0;
  virtual void say_goodbye() = 0;  // close() while open; line_->close() comes of it
  virtual void on_down() = 0;      // the connection, or an attempt, has ended; no handler yet
  virtual void tell_disconnect(std::string_view why) = 0;
  virtual void tell_failure() = 0;  // `failure` says it
  virtual void tell_reconnecting(unsigned attempt, std::chrono::milliseconds delay) = 0;

  void on_line_closed(std::string_view why, const ConnectFailure* failed) override {
    lose(why, failed);
  }
  void be_open();
  // The line is not to be used any more, though it is there until the end of the turn.
  void lose(std::string_view why, const ConnectFailure* failed = nullptr);
  bool has_line() const {
    return phase_ == Phase::greeting || phase_ == Phase::open || phase_ == Phase::leaving;
  }

  std::unique_ptr<Line> line_;
  Phase phase_ = Phase::idle;
  bool refused_ = false;  // the server's answer will not change

 private:
  void attempt();
  void go_on();
  void end();
  void give_up();
  bool finished();

  const ReconnectOptions reconnect_;
  Backoff backoff_;
  Clock<LineClient> again_{*this, &LineClient::attempt};
  Clock<LineClient> too_late_{*this, &LineClient::give_up};
  Waiters opening_;
  bool begun_ = false;
  bool wanted_ = true;  // close() was not called
};

template <class Gate>
bool LineClient::turn(Gate& gate, Duration wait) {
  // Within a turn, where the loop knows the time.
  if (!std::exchange(begun_, true)) {
    loop.post([this] {
      if (phase_ == Phase::idle && wanted_) attempt();
    });
  }
  gate.turn([&] { loop.poll(wait); });
  if (!finished()) return true;
  // From here on nothing is taken; what had been, is told of now.
  gate.leave();
  gate.turn([&] { loop.poll({}); });
  return false;
}

}  // namespace naru::client
