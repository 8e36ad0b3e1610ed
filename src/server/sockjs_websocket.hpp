#pragma once

#include "io/timer_wheel.hpp"
#include "server/sockjs_session.hpp"
#include "transport/websocket_transport.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

// A SockJS session over one WebSocket, framed or raw, which lives as long as that. Owned by its
// transport.
class SockJsWebSocket final : public SockJsSession,
                              public transport::WebSocketUser,
                              private io::Timer {
 public:
  using SockJsSession::SockJsSession;

  hub::WireFormat wire_format(const hub::Publication& publication) const override;
  void shut_down() override;
  bool congested() override { return transport_ != nullptr && transport_->congested(); }

  void on_websocket_open(transport::WebSocketTransport& transport) override;
  void on_websocket_message(transport::WebSocketTransport& transport, bool binary,
                            std::span<char> payload) override;
  void on_websocket_drain(transport::WebSocketTransport& transport) override;
  void on_websocket_closed(transport::WebSocketTransport& transport, std::uint16_t code,
                           std::string_view reason) override;
  void on_websocket_violation(transport::WebSocketTransport& transport,
                              const Error& error) override;

 private:
  bool framed() const { return carrier() == sockjs::Transport::websocket; }

  bool closing() const override { return transport_ == nullptr || transport_->closing(); }
  bool holds_everything() const override { return false; }
  std::size_t queued() const override { return transport_ == nullptr ? 0 : transport_->buffered(); }
  SendOutcome write(Message message, const SendOptions& how) override;
  SendOutcome write(const SharedBytes& bytes, const MessagePublication& publication) override;
  void close_in_order(std::uint16_t code, std::string_view reason) override;
  void overflow() override { transport_->abort(); }

  enum class Release { what_fits, everything };
  void release(Release how);
  transport::Push send_message(Message message, bool compress);
  transport::Push send_frames(const SharedBytes& frames, Message message, bool compressed);
  void receive(std::string_view text);
  void violate(std::string_view text);
  void on_timer(Instant now) override;

  transport::WebSocketTransport* transport_ = nullptr;
  Instant last_sent_{};
  std::uint16_t close_code_ = 0;  // what the application closed with
  std::string close_reason_;
};

}  // namespace naru::server
