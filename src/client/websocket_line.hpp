#pragma once

#include "client/line.hpp"
#include "io/loop.hpp"

#include <span>
#include <string_view>

namespace naru::client {

// A line over WebSocket: messages that are UTF-8 are text.
class WebSocketLine final : public Line, private Dialer::User, private transport::WebSocketUser {
 public:
  WebSocketLine(io::Loop& loop, LineContext& context, Line::User& user);
  ~WebSocketLine() override;

  void open(const Url& url) override { dialer_.dial(url); }
  SendOutcome send(std::string_view message) override;
  void close() override;

 private:
  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake& handshake,
                                               const http::ReceivedResponse& answer) override;
  void on_dial_failed(const ConnectFailure& failure) override;
  void on_websocket_open(transport::WebSocketTransport& transport) override;
  void on_websocket_message(transport::WebSocketTransport&, bool, std::span<char> data) override {
    user_.on_line_message(data);
  }
  void on_websocket_drain(transport::WebSocketTransport&) override { user_.on_line_drained(); }
  void on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                           std::string_view reason) override;
  void on_websocket_violation(transport::WebSocketTransport&, const Error&) override {}

  LineContext& context_;
  Line::User& user_;
  Dialer dialer_;
  transport::WebSocketTransport* transport_ = nullptr;
};

SendOutcome to_outcome(transport::Push push);

}  // namespace naru::client
