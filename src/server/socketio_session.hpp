#pragma once

#include "server/engineio_session.hpp"
#include "server/socket_state.hpp"
#include "socketio/decoder.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class SocketIoServer;

// One Socket.IO connection: an Engine.IO session, and the sockets of the
// namespaces that it has joined.
class SocketIoSession final : public EngineUser {
 public:
  SocketIoSession(SocketIoServer& server, EngineSession& engine);
  ~SocketIoSession() override;

  EngineSession& engine() { return engine_; }
  void close();  // "forced close"
  // The peer broke a rule that does not end its session.
  void violate(std::string_view text);
  // Leaves one namespace: DISCONNECT is sent, its handlers are called.
  void disconnect(SocketState& socket, Socket::Disconnect what);

  void on_open() override;
  void on_text(std::string_view text, bool checked) override;
  void on_binary(std::string_view bytes) override;
  void on_closed(std::string_view why) override;
  void collect() override;
  Instant deadline() const override;
  void on_deadline(Instant now) override;

 private:
  void on_packet(const Result<const socketio::Packet*>& packet);
  void connect(const socketio::Packet& packet);
  void refuse(std::string_view nsp, std::string_view message, std::string_view data_json);
  std::optional<Refusal> run_middlewares(SocketState& socket);
  void leave(SocketState& socket, std::string_view why);
  SocketState* find(std::string_view nsp) const;
  bool was_left(std::string_view nsp) const;
  void fail(std::string_view text);  // a violation that ends the session

  SocketIoServer& server_;
  EngineSession& engine_;
  socketio::Decoder decoder_;
  std::vector<std::unique_ptr<SocketState>> sockets_;
  std::vector<std::unique_ptr<SocketState>> gone_;
  std::vector<std::string> left_;  // by us: what the peer still sends there is ignored
  Instant connect_deadline_ = kNever;
  Instant attachment_deadline_ = kNever;
};

}  // namespace naru::server
