#pragma once

#include "websocket_client.hpp"

#include <string>
#include <string_view>

namespace naru::load {

// A SEND of that text, as a frame of the WebSocket.
std::string stomp_send_frame(std::string_view destination, std::string_view text);

// STOMP 1.2 over a WebSocket at /ws, with one subscription. Logs in as guest, as RabbitMQ wants it.
class StompClient : public WebSocketClient {
 public:
  StompClient(Poller& poller, std::string destination)
      : WebSocketClient(poller, Protocol::stomp, "/ws"), destination_(std::move(destination)) {}

 protected:
  const std::string& destination() const { return destination_; }
  virtual void on_subscribed() = 0;
  virtual void on_body(std::string_view body) = 0;

 private:
  void on_ready() final;
  void on_message(std::string_view frame) final;

  std::string destination_;
};

}  // namespace naru::load
