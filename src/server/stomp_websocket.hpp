#pragma once

#include "server/stomp_carrier.hpp"
#include "server/stomp_loop.hpp"
#include "transport/websocket_transport.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

// STOMP on a WebSocket. One frame is sent per message; what comes is a stream.
class StompWebSocket final : public transport::WebSocketUser, public StompCarrier {
 public:
  StompWebSocket(StompLoop& here, std::unique_ptr<RequestInfo> request)
      : here_(here), request_(std::move(request)) {}

  transport::Push send(std::string_view head, std::string_view rest, Content content) override;
  transport::Push send(std::string_view head, const SharedBytes& rest, Content content) override;
  bool congested() override { return transport_->congested(); }
  void pause_reading() override { transport_->stream().pause_reading(); }
  void resume_reading() override { transport_->stream().resume_reading(); }
  void finish(Ending ending) override;
  std::string peer_address() const override { return transport_->stream().peer_address(); }

  void on_websocket_open(transport::WebSocketTransport& transport) override;
  void on_websocket_message(transport::WebSocketTransport& transport, bool binary,
                            std::span<char> payload) override;
  void on_websocket_part(transport::WebSocketTransport& transport,
                         const websocket::Event& event) override;
  void on_websocket_drain(transport::WebSocketTransport& transport) override;
  void on_websocket_closed(transport::WebSocketTransport& transport, std::uint16_t code,
                           std::string_view reason) override;
  void on_websocket_violation(transport::WebSocketTransport& transport,
                              const Error& error) override;

 private:
  StompLoop& here_;
  std::unique_ptr<RequestInfo> request_;  // until it is open
  transport::WebSocketTransport* transport_ = nullptr;
  std::unique_ptr<StompUser> user_;
};

}  // namespace naru::server
