#pragma once

#include "client/dialer.hpp"
#include "client/engine_context.hpp"
#include "client/http_caller.hpp"
#include "io/loop.hpp"
#include "transport/websocket_transport.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace naru::client {

// One WebSocket that carries an Engine.IO session, or is a candidate for it. It may be destroyed at
// any time, and tells nothing afterwards.
class WebSocketLink final : private Dialer::User, private transport::WebSocketUser {
 public:
  class User {
   public:
    virtual void on_link_open() = 0;
    // May not destroy the link.
    virtual void on_link_message(bool binary, std::span<char> payload) = 0;
    // The last call; what follows from it has to wait for the end of the turn. `failure` when it
    // had never been open.
    virtual void on_link_closed(std::uint16_t code, const ConnectFailure* failure) = 0;

   protected:
    ~User() = default;
  };

  WebSocketLink(io::Loop& loop, EngineContext& context, User& user);
  ~WebSocketLink() override;

  void dial(const Url& url) { dialer_.dial(url); }
  bool is_open() const { return transport_ != nullptr; }
  // One message, in one frame. False: it is closed.
  bool send(bool binary, std::string_view prefix, std::string_view payload);
  // Whether what is sent now would leave at once, more or less.
  bool writable() const;
  void close();    // the user is told once the server has answered
  void abandon();  // at once, and the user is told nothing

 private:
  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake& handshake,
                                               const http::ReceivedResponse& answer) override;
  void on_dial_failed(const ConnectFailure& failure) override;
  void on_websocket_open(transport::WebSocketTransport& transport) override;
  void on_websocket_message(transport::WebSocketTransport&, bool binary,
                            std::span<char> payload) override {
    user_.on_link_message(binary, payload);
  }
  void on_websocket_drain(transport::WebSocketTransport&) override {}
  void on_websocket_closed(transport::WebSocketTransport&, std::uint16_t code,
                           std::string_view) override;
  void on_websocket_violation(transport::WebSocketTransport&, const Error&) override {}

  EngineContext& context_;
  User& user_;
  const WebSocketClientOptions options_;  // of the dialling
  DialSettings dial_settings_;
  Dialer dialer_;
  transport::WebSocketTransport* transport_ = nullptr;
};

// How a client dials, be it for a WebSocket or for requests.
WebSocketClientOptions dial_options(const EngineContext& context);
CallSettings call_settings(EngineContext& context);
DialSettings dial_settings(const EngineContext& context, const WebSocketClientOptions& options);

}  // namespace naru::client
