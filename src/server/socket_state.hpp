#pragma once

#include "base/time.hpp"
#include "hub/hub.hpp"
#include "naru/socketio.hpp"
#include "server/namespace_state.hpp"
#include "server/recovery.hpp"
#include "socketio/packet.hpp"

#include <boost/container/flat_map.hpp>

#include <algorithm>
#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

class SocketIoSession;
struct State;

// What a SocketRef or an Ack knows: where its socket lives, if it lives.
struct SocketKey {
  std::weak_ptr<State> state;
  std::shared_ptr<NamespaceState> nsp;
  unsigned worker = 0;
  std::string id;

  // Runs `task` on the socket's loop, at once when this is it; not at all once the socket has gone.
  void with(std::function<void(SocketState&)> task) const;
};

// What was registered on one socket; made with the first of them.
struct OwnHandlers {
  // Held by whoever calls one, as it may be taken off meanwhile.
  std::vector<std::pair<std::string, std::shared_ptr<const detail::EventHandler>>> events;
  std::vector<PacketMiddleware> packet_middlewares;
  std::vector<std::function<void(Socket&, const Refusal&)>> on_error;
  std::vector<AnyListener> on_any;
  std::vector<AnyListener> on_any_outgoing;
  std::vector<std::function<void(Socket&, std::string_view)>> on_disconnecting;
  std::vector<std::function<void(Socket&, std::string_view)>> on_disconnect;
};

// One client in one namespace: everything behind a naru::Socket. Owned by its session.
struct SocketState final : public hub::Subscriber {
  using OnAnswer = std::function<void(Result<Arguments>)>;
  using WriteData = void (*)(JsonWriter&, const std::any&);
  // How an event goes to this socket alone.
  struct Sending {
    OnAnswer on_answer{};
    Duration timeout{};
    unsigned retries = 0;
    bool droppable = false;
    bool compress = true;
  };

  SocketState(SocketIoSession& session, std::shared_ptr<NamespaceState> nsp, std::string id,
              std::string auth);
  ~SocketState() override;

  Socket& face() { return face_; }
  static SocketState& of(Socket& face) { return *face.state_; }

  hub::WireFormat wire_format(const hub::Publication& publication) const override;
  hub::Delivered deliver(const SharedBytes& bytes, const hub::Publication& publication,
                         hub::Delivery delivery) override;
  void deliver_all(hub::Burst& burst) override;

  SendOutcome send_event(detail::ArgumentWriter& arguments, Sending how);
  SendOutcome send_event(std::string json, std::vector<std::string> attachments, Sending how);
  void send_ack(std::uint64_t ack, std::string_view json,
                const std::vector<std::string>& attachments);
  void receive_ack(const socketio::Packet& packet);
  // Sends what it missed, encoded for it alone.
  void send_missed(const Recovery::Missed& missed);

  void join(std::string_view room);
  void leave(std::string_view room);
  void tell(const RoomHandlers& handlers, std::string_view room);

  // Runs the handlers of an event. User code runs here, and beneath no decoder.
  void dispatch(const socketio::Packet& packet);
  OwnHandlers& own();  // made on first use
  const OwnHandlers* own_if_any() const { return own_.get(); }

  Ack make_ack(std::uint64_t ack);
  Next make_next(std::size_t step);
  std::shared_ptr<const SocketKey> key();
  std::string data_json() const;
  hub::SocketSnapshot snapshot();

  // The earliest deadline of an acknowledgement that is due, or of its middlewares.
  Instant deadline() const { return std::min(earliest_, middleware_deadline); }
  void on_deadline(Instant now);
  // Every acknowledgement still due is answered with `error`.
  void fail_acks(const Error& error);

  SocketIoSession& session;
  const std::shared_ptr<NamespaceState> nsp_owner;
  NamespaceState& nsp;
  const std::string id;
  const std::string auth;
  std::any data;
  WriteData write_data = nullptr;
  std::unique_ptr<Resumable> resumable;  // while recovery is on
  Instant middleware_deadline = kNever;
  std::uint32_t step = 0;  // the middleware that runs, or is waited for
  bool connected = false;
  bool gone = false;  // left; freed at the end of the turn

 private:
  struct PendingAck {
    OnAnswer on_answer;
    Instant deadline;
  };
  SendOutcome send_plain(std::optional<std::uint64_t> ack, detail::ArgumentWriter& arguments);
  bool refused(std::string_view event, const Arguments& arguments);
  void answer(const OnAnswer& on_answer, const Result<Arguments>& arguments);
  bool expect_answer(std::uint64_t ack, OnAnswer on_answer, Duration timeout);
  void expect_answer(const EventPublication& event);
  SendOutcome send_encoded(const EventPublication& event, const SharedBytes& bytes, bool droppable);
  const SharedBytes* in_one_piece(hub::Burst& burst) const;
  bool hears_outgoing() const;
  void tell_outgoing(std::string_view json, const std::vector<std::string>& attachments);
  OnAnswer with_retries(const std::string& json, const std::vector<std::string>& attachments,
                        Sending how);
  SendOutcome send_packet(socketio::PacketType type, std::optional<std::uint64_t> ack,
                          std::string_view json, const std::vector<std::string>& attachments);

  boost::container::flat_map<std::uint64_t, PendingAck> acks_;
  std::uint64_t next_ack_ = 0;
  Instant earliest_ = kNever;
  std::shared_ptr<const SocketKey> key_;
  std::unique_ptr<OwnHandlers> own_;
  Socket face_;
};

}  // namespace naru::server
