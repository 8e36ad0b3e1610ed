#pragma once

#include "base/time.hpp"
#include "hub/hub.hpp"
#include "naru/socketio.hpp"
#include "socketio/packet.hpp"

#include <boost/container/flat_map.hpp>

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace naru::server {

class SocketIoSession;
struct NamespaceState;
struct State;

// What a SocketRef or an Ack knows: where its socket lives, if it lives.
struct SocketKey {
  std::weak_ptr<State> state;
  NamespaceState* nsp = nullptr;
  unsigned worker = 0;
  std::string id;

  // Runs `task` on the socket's loop, at once when this is it; not at all once the socket has gone.
  void with(std::function<void(SocketState&)> task) const;
};

// One client in one namespace: everything behind a naru::Socket. Owned by its session.
struct SocketState final : public hub::Subscriber {
  using OnAnswer = std::function<void(Result<Arguments>)>;

  SocketState(SocketIoSession& session, NamespaceState& nsp, std::string id, std::string auth);
  ~SocketState() override;

  Socket& face() { return face_; }

  hub::WireFormat wire_format() const override;
  void deliver(const SharedBytes& bytes, hub::Delivery delivery) override;

  SendOutcome send_event(detail::ArgumentWriter& arguments, OnAnswer on_answer, bool droppable,
                         Duration timeout);
  void send_event(std::string_view json, const std::vector<std::string>& attachments);
  void send_ack(std::uint64_t ack, std::string_view json,
                const std::vector<std::string>& attachments);
  void receive_ack(const socketio::Packet& packet);

  Ack make_ack(std::uint64_t ack);
  std::shared_ptr<const SocketKey> key();

  // The earliest deadline of an acknowledgement that is due.
  Instant deadline() const { return earliest_; }
  void on_deadline(Instant now);
  // Every acknowledgement still due is answered with `error`.
  void fail_acks(const Error& error);

  SocketIoSession& session;
  NamespaceState& nsp;
  const std::string id;
  const std::string auth;
  std::any data;
  bool connected = false;
  bool gone = false;  // left; freed at the end of the turn

 private:
  struct PendingAck {
    OnAnswer on_answer;
    Instant deadline;
  };
  void answer(const OnAnswer& on_answer, const Result<Arguments>& arguments);
  SendOutcome send_packet(socketio::PacketType type, std::optional<std::uint64_t> ack,
                          std::string_view json, const std::vector<std::string>& attachments);

  boost::container::flat_map<std::uint64_t, PendingAck> acks_;
  std::uint64_t next_ack_ = 0;
  Instant earliest_ = kNever;
  std::shared_ptr<const SocketKey> key_;
  Socket face_;
};

}  // namespace naru::server
