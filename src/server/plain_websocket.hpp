#pragma once

#include "hub/hub.hpp"
#include "naru/websocket.hpp"
#include "transport/backlog.hpp"
#include "transport/websocket_transport.hpp"

#include <any>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class MessagePublication;
class Worker;

// A route on one loop: what all its connections there share.
struct WebSocketRoute {
  const WebSocketOptions& options;
  Worker& worker;
};

// A plain WebSocket: what handlers know as WebSocket. Owned by its transport. There are many idle
// ones: what not each of them needs all the time is in Extras.
class PlainWebSocket final : public WebSocket,
                             public transport::WebSocketUser,
                             public hub::Subscriber {
 public:
  static constexpr std::uint16_t kNoSubprotocol = 0xffff;

  // `request` may be null, when no handler will ask for it; `subprotocol` is an index.
  PlainWebSocket(const WebSocketRoute& route, std::unique_ptr<RequestInfo> request, std::any data,
                 std::uint16_t subprotocol);
  ~PlainWebSocket() override;

  hub::WireFormat wire_format(const hub::Publication& publication) const override;
  hub::Delivered deliver(const SharedBytes& bytes, const hub::Publication& publication,
                         hub::Delivery delivery) override;
  void deliver_all(hub::Burst& burst) override;

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
  void on_websocket_violation(transport::WebSocketTransport& transport,
                              const Error& error) override;

 private:
  friend class naru::WebSocket;
  struct Extras {
    std::any data;
    std::unique_ptr<RequestInfo> request;
    std::uint64_t number = 0;  // for references; 0 until one was asked for
    std::unique_ptr<transport::Backlog> backlog;
    std::vector<transport::HeldMessage> dropped;  // on_dropped is to be told of at the turn's end
    std::size_t dropped_bytes = 0;
    std::map<std::string, Attendance, std::less<>> attendances{};  // by topic
  };
  Extras& extras();
  std::uint64_t number();  // for references
  const WebSocketOptions& options() const { return route_.options; }
  bool closing() const { return transport_ == nullptr || transport_->closing(); }
  template <class Call>
  void guarded(Call call);  // an exception from a handler closes this WebSocket with 1011

  void watch(std::string topic);

  // See websocket_sending.cpp.
  enum class Release { what_fits, everything };
  enum class Counted { now, already };
  // What was published before is to arrive before.
  void catch_up() const;
  SendOutcome send_message(Message message, const SendOptions& how);
  SendOutcome send_piece(Message piece, Part part);
  void close_in_order(std::uint16_t code, std::string_view reason);
  bool has_backlog() const { return extras_ != nullptr && extras_->backlog != nullptr; }
  bool is_slow();
  bool must_wait();
  const SharedBytes* in_one_piece(hub::Burst& burst);
  bool fits(std::size_t bytes);
  SendOutcome hold_back(transport::HeldMessage& message);
  SendOutcome refuse();
  SendOutcome overflow();
  void miss(transport::HeldMessage message, Counted counted = Counted::now);
  void tell_dropped();
  void release(Release how);
  transport::Push send_held(const transport::HeldMessage& message);

  const WebSocketRoute& route_;
  transport::WebSocketTransport* transport_ = nullptr;  // until on_close is called
  std::unique_ptr<Extras> extras_;
  std::uint16_t subprotocol_;
  bool in_parts_ = false;      // a message is being sent piece by piece
  bool parts_binary_ = false;  // of that one
};

}  // namespace naru::server
