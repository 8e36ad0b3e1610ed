#pragma once

#include "base/random.hpp"
#include "client/backoff.hpp"
#include "client/clock.hpp"
#include "client/dialer.hpp"
#include "client/driver.hpp"
#include "client/gate.hpp"
#include "io/loop.hpp"
#include "naru/websocket_client.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/deflate.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace naru::client {

// One client: its loop, the connection of the moment, and what comes after it. Everything on the
// loop's thread but where it says otherwise.
struct State final : private Dialer::User, private transport::WebSocketUser {
  // Throws std::invalid_argument: see WebSocketClient.
  State(WebSocketClient& owner, std::string_view url, WebSocketClientOptions given,
        io::Resolver::Lookup lookup = io::look_up);
  ~State();

  const std::shared_ptr<Gate<State>>& gate() const { return gate_; }  // any thread
  // One turn; the first one connects. False: it has ended.
  bool turn(Duration wait);

  SendOutcome send(Message message, const SendOptions& how);
  SendOutcome send_part(Message piece, Part part);
  void ping(std::string_view payload);
  void close(std::uint16_t code, std::string_view reason);
  void close();  // the client is going away
  void when_open(Waiters::OnDone done);

  // The same from other threads.
  SendOutcome hand_over(Message message, const SendOptions& how);
  SendOutcome hand_over_part(Message piece, Part part);
  std::size_t waiting() const { return handed_.load() + buffered_.load(); }
  std::size_t buffered() const { return transport_ != nullptr ? transport_->buffered() : 0; }
  bool is_open() const { return number_.load() != 0; }

  WebSocketClient* owner;  // null: gone, and no handler runs any more
  const WebSocketClientOptions options;
  const Url url;

 private:
  SystemRandom random_;  // these before the loop: its streams borrow them
  websocket::DeflatePool pool_;
  transport::WebSocketSettings settings_;
  DialSettings dial_settings_;

 public:
  io::Loop loop;  // first of what lives on it
  Driver driver{loop};
  std::string subprotocol;
  Headers headers;
  std::optional<ConnectFailure> failure;  // of the last attempt

 private:
  enum class Phase { idle, connecting, open, closing, pausing, ended };

  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake& handshake,
                                               const http::ReceivedResponse& answer) override;
  void on_dial_failed(const ConnectFailure& failed) override;

  void on_websocket_open(transport::WebSocketTransport& transport) override;
  void on_websocket_message(transport::WebSocketTransport& transport, bool binary,
                            std::span<char> payload) override;
  void on_websocket_part(transport::WebSocketTransport& transport,
                         const websocket::Event& event) override;
  void on_websocket_pong(transport::WebSocketTransport& transport,
                         std::string_view payload) override;
  void on_websocket_drain(transport::WebSocketTransport& transport) override;
  void on_websocket_closed(transport::WebSocketTransport& transport, std::uint16_t code,
                           std::string_view reason) override;
  void on_websocket_violation(transport::WebSocketTransport&, const Error&) override {}

  void dial();
  void pause_or_end(bool again);
  void end();
  void give_up();
  template <class F>
  void call_user(F call);
  // Calls one of the options' handlers, if there is one, with the client first.
  template <class Handler, class... A>
  void tell(const Handler& handler, const A&... arguments) {
    if (!handler || owner == nullptr) return;
    call_user([&] { handler(*owner, arguments...); });
  }

  const std::shared_ptr<Gate<State>> gate_ = std::make_shared<Gate<State>>();
  Dialer dialer_;
  Backoff backoff_;
  Clock<State> again_{*this, &State::dial};
  Clock<State> too_late_{*this, &State::give_up};
  Waiters opening_;
  Phase phase_ = Phase::idle;
  bool begun_ = false;
  bool wanted_ = true;  // close() was not called
  std::uint64_t connections_ = 0;
  transport::WebSocketTransport* transport_ = nullptr;  // while it may be sent to

  // Read by other threads.
  std::atomic<std::uint64_t> number_{0};  // of the open connection; 0: none
  std::atomic<std::size_t> buffered_{0};  // in it, at the end of the last turn
  std::atomic<std::size_t> handed_{0};    // on the way to the loop
};

}  // namespace naru::client
