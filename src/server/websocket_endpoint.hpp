#pragma once

#include "hub/hub.hpp"
#include "naru/websocket.hpp"
#include "server/endpoint.hpp"
#include "transport/websocket_transport.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace naru::server {

inline constexpr hub::WireFormat kPlainWebSocketFormat = 0;

// A plain WebSocket: what handlers know as WebSocket. Owned by its transport.
class PlainWebSocket final : public WebSocket,
                             public transport::WebSocketUser,
                             public hub::Subscriber {
 public:
  PlainWebSocket(Worker& worker, const WebSocketOptions& options, RequestInfo request,
                 std::string subprotocol);
  ~PlainWebSocket() override;

  hub::WireFormat wire_format() const override { return kPlainWebSocketFormat; }
  void deliver(const SharedBytes& bytes, hub::Delivery delivery) override;

  void on_websocket_open(transport::WebSocketTransport& transport) override;
  void on_websocket_message(transport::WebSocketTransport& transport, bool binary,
                            std::span<char> payload) override;
  void on_websocket_drain(transport::WebSocketTransport& transport) override;
  void on_websocket_closed(transport::WebSocketTransport& transport, std::uint16_t code,
                           std::string_view reason) override;
  void on_websocket_violation(transport::WebSocketTransport& transport,
                              const Error& error) override;

 private:
  friend class naru::WebSocket;
  template <class Call>
  void guarded(Call call);  // an exception from a handler closes this WebSocket with 1011

  Worker& worker_;
  const WebSocketOptions& options_;
  transport::WebSocketTransport* transport_ = nullptr;
  std::uint64_t number_ = 0;  // for references; 0 until one was asked for
  RequestInfo request_;
  std::string subprotocol_;
  std::any data_;
};

// A message for every subscriber of a topic.
class MessagePublication final : public hub::Publication {
 public:
  explicit MessagePublication(Message message);
  SharedBytes encode(hub::WireFormat format) const override;

 private:
  SharedBytes frame_;
};

class WebSocketEndpoint final : public Endpoint {
 public:
  explicit WebSocketEndpoint(WebSocketOptions options) : options_(std::move(options)) {}
  void on_head(Worker& worker, transport::HttpConnection& connection) override;
  void on_request(Worker& worker, transport::HttpConnection& connection) override;

 private:
  WebSocketOptions options_;
};

}  // namespace naru::server
