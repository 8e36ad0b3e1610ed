#pragma once

#include "client/waiters.hpp"
#include "naru/client.hpp"
#include "socketio/client_session.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::client {

class SocketIoState;

// One namespace of one client, on its loop: the session, the handlers, and who waits for answers.
class SocketState {
 public:
  SocketState(SocketIoState& client, std::shared_ptr<SocketKey> key,
              const socketio::ClientSessionOptions& options);

  socketio::ClientSession& session() { return session_; }
  bool wanted() const { return wanted_; }
  std::string_view transport() const;

  void connect();
  void disconnect();
  SendOutcome emit(std::string_view event, socketio::Outgoing message, detail::OnAnswer on_answer,
                   const socketio::ClientSession::EmitOptions& how);
  void acknowledge(std::uint64_t id, socketio::Outgoing message);
  void when_connected(Waiters::OnDone done);

  // Of the connection.
  void on_open();
  void on_packet(const socketio::Packet& packet);
  void on_lost(std::string_view reason);
  void on_attempt_failed(const ConnectError& error);
  void give_up();  // no attempt follows by itself
  void on_end();   // of the client: nothing follows
  void on_time(Instant now);

  // Handlers, in the order in which they were added.
  template <class F>
  using List = std::vector<std::shared_ptr<const F>>;
  using Handler = detail::BasicEventHandler<ClientSocket>;
  std::vector<std::pair<std::string, std::shared_ptr<const Handler>>> events;
  List<ClientSocket::AnyListener> any;
  List<ClientSocket::AnyListener> any_outgoing;
  List<std::function<void(ClientSocket&)>> connected;
  List<std::function<void(ClientSocket&, const ConnectError&)>> refused;
  List<std::function<void(ClientSocket&, std::string_view)>> disconnected;

 private:
  void dispatch(std::string_view event, const Arguments& arguments,
                std::optional<std::uint64_t> id);
  void deliver_held();
  void left(std::string_view reason);
  void answer(socketio::ClientSession::Call call, Result<Arguments> arguments);
  void settle();
  void note();
  void tell_joining(const Result<void>& outcome);
  template <class F, class... A>
  void tell(const List<F>& handlers, A&&... arguments);

  SocketIoState& client_;
  std::shared_ptr<SocketKey> key_;
  ClientSocket face_;
  socketio::ClientSession session_;
  std::map<socketio::ClientSession::Call, detail::OnAnswer> calls_;
  socketio::ClientSession::Call last_call_ = 0;
  Waiters joining_;
  bool wanted_ = false;
};

}  // namespace naru::client
