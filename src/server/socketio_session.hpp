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
  // In the form of the server's parser.
  SendOutcome send(socketio::PacketType type, std::string_view nsp, std::optional<std::uint64_t> id,
                   JsonView data);
  // The peer broke a rule that does not end its session.
  void violate(std::string_view text);
  // Leaves one namespace: DISCONNECT is sent, its handlers are called.
  void disconnect(SocketState& socket, Socket::Disconnect what);

  // An asynchronous middleware has answered, or has not in time.
  void resume_middlewares(SocketState& socket, std::size_t step,
                          const std::optional<Refusal>& refusal);
  void expire_middlewares(SocketState& socket);
  // A later connection of the same client takes this socket's session over.
  void hand_over(SocketState& socket);

  void on_open() override;
  void on_text(std::string_view text, bool checked) override;
  void on_binary(std::string_view bytes) override;
  void on_upgrade() override;
  void on_closed(std::string_view why) override;
  void collect() override;
  Instant deadline() const override;
  void on_deadline(Instant now) override;

 private:
  // A CONNECT whose session is still held by an older connection, on another loop perhaps.
  struct Waiting {
    std::shared_ptr<NamespaceState> nsp;
    std::string auth;
    std::string pid;
    std::optional<std::string> offset;
    std::uint64_t ticket = 0;
  };

  Result<const socketio::Packet*> decode(Message message);
  void on_packet(const Result<const socketio::Packet*>& packet);
  void connect(const socketio::Packet& packet);
  socketio::Revision revision() const {
    return engine_.revision() == engineio::Revision::v3 ? socketio::Revision::v4
                                                        : socketio::Revision::v5;
  }
  std::string make_id(std::string_view nsp) const;
  std::string auth_of(const socketio::Packet& packet) const;
  void claim(Waiting waiting);
  void await(Waiting waiting, unsigned loop, const std::string& sid);
  void claim_again(std::string_view nsp);
  void enter(std::shared_ptr<NamespaceState> nsp, std::string auth,
             std::optional<AwaySession> session);
  void run_middlewares(SocketState& socket);
  void complete(SocketState& socket);
  void refuse(SocketState& socket, const Refusal& refusal);
  void refuse(std::string_view nsp, std::string_view message, std::string_view data_json);
  void leave(SocketState& socket, std::string_view why);
  void park_or_forget(SocketState& socket, std::string_view why);
  SocketState* find(std::string_view nsp) const;
  bool joins(std::string_view nsp) const;  // has, or is about to
  bool was_left(std::string_view nsp) const;
  void fail(std::string_view text);  // a violation that ends the session

  SocketIoServer& server_;
  EngineSession& engine_;
  socketio::Decoder decoder_;
  std::unique_ptr<PacketDecoder> other_decoder_;  // of the server's parser, if it has one
  std::vector<std::unique_ptr<SocketState>> sockets_;
  std::vector<std::unique_ptr<SocketState>> gone_;
  std::vector<std::string> left_;  // by us: what the peer still sends there is ignored
  std::unique_ptr<std::vector<Waiting>> waiting_;  // hardly ever any
  Instant connect_deadline_ = kNever;
  Instant attachment_deadline_ = kNever;
};

}  // namespace naru::server
