#pragma once

#include "client/clock.hpp"
#include "client/driver.hpp"
#include "client/engine.hpp"
#include "client/engine_context.hpp"
#include "client/gate.hpp"
#include "client/socket_state.hpp"
#include "io/loop.hpp"
#include "naru/client.hpp"
#include "socketio/decoder.hpp"
#include "socketio/reconnection.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace naru::client {

class SocketIoState;

struct SocketKey;

struct ClientGate : Gate<SocketIoState> {
  // An emit from another thread.
  SendOutcome hand_over(const std::shared_ptr<SocketKey>& key, std::string event,
                        socketio::Outgoing message, detail::OnAnswer on_answer,
                        const socketio::ClientSession::EmitOptions& how);

  std::atomic<std::size_t> handed{0};  // bytes on the way to the loop
  std::size_t limit = 0;               // of those
};

// What a ClientSocket holds.
struct SocketKey {
  std::shared_ptr<ClientGate> gate;
  std::string nsp;
  bool by_itself = false;  // connects without being told
  // Of the socket as it was at the last change, for other threads.
  std::mutex mutex;
  std::string id;
  std::atomic<bool> connected{false};
  std::atomic<bool> active{false};
  std::atomic<bool> recovered{false};
};

// One client: its loop, the connection of the moment, its namespaces, and when to try again. All on
// the loop's thread but where it says otherwise.
class SocketIoState final : private Engine::User {
 public:
  // Throws std::invalid_argument: see naru::Client.
  SocketIoState(std::string_view url, ClientOptions options,
                io::Resolver::Lookup lookup = io::look_up);
  ~SocketIoState();

  const ClientOptions& options() const { return context_.options; }
  const std::shared_ptr<ClientGate>& gate() const { return gate_; }  // any thread
  const std::string& nsp() const { return context_.nsp; }            // any thread
  std::shared_ptr<SocketKey> key(std::string_view nsp);              // any thread

  // One turn. False: it has ended.
  bool turn(Duration wait);
  bool idle() const;  // connected to nothing, and nothing will change that
  void close();
  bool closed() const { return phase_ == Phase::ended; }

  // Of the sockets.
  SocketState& socket(const std::shared_ptr<SocketKey>& key);  // its loop's; made on first use
  void connect();
  void send(std::string_view nsp, const std::vector<socketio::ClientSession::Out>& packets);
  bool open() const { return phase_ == Phase::open; }
  bool writable() const { return open() && engine_->writable(); }
  socketio::Revision revision() const {
    return options().revision == 3 ? socketio::Revision::v4 : socketio::Revision::v5;
  }
  // Whether a server of revision 4 has joined this connection to "/".
  bool in_root() const { return root_ && revision() == socketio::Revision::v4; }
  std::string_view transport() const {
    const bool polling = engine_->session().transport() == engineio::Transport::polling;
    return polling ? "polling" : "websocket";
  }
  const std::string& engine_sid() const { return engine_->session().hello().sid; }
  std::string auth();
  void let_go();  // a socket wants no more: the connection ends with the last
  void fail(std::string_view reason) {
    if (engine_) engine_->fail(reason);
  }
  void rearm();
  Instant now() const { return loop.now(); }
  template <class F>
  void call_user(F call) {
    driver.call(std::move(call), [this] { close(); });
  }

 private:
  EngineContext context_;  // before the loop: its streams borrow it

 public:
  io::Loop loop;
  Driver driver{loop};
  std::atomic<bool> turning{false};  // has its loop begun?

 private:
  enum class Phase {
    idle,
    opening,
    open,
    leaving,  // nobody wants it any more
    pausing,
    closing,  // the client
    ended
  };

  void on_engine_open() override;
  void on_engine_message(bool binary, std::string_view data) override;
  void on_engine_closed(const EngineEnd& end) override;

  Result<const socketio::Packet*> decode(bool binary, std::string_view data);
  bool send_encoded(std::string_view nsp, const socketio::ClientSession::Out& packet);
  bool wanted() const;
  void attempt();
  void attempt_again();
  void on_attempt_timeout();
  void on_attachments_late();
  void on_attempt_failed(const EngineEnd& end);
  void try_again();
  void on_sockets_due();
  void end();

  std::shared_ptr<ClientGate> gate_ = std::make_shared<ClientGate>();
  std::mutex keys_mutex_;
  std::map<std::string, std::shared_ptr<SocketKey>, std::less<>> keys_;
  std::map<std::string, std::unique_ptr<SocketState>, std::less<>> sockets_;
  socketio::Limits decoder_limits_;
  socketio::Scratch scratch_;
  std::optional<socketio::Decoder> decoder_;
  std::unique_ptr<PacketDecoder> other_decoder_;  // of the parser in the options, if there is one
  std::unique_ptr<Engine> engine_;
  socketio::Reconnection reconnection_;
  Clock<SocketIoState> again_{*this, &SocketIoState::attempt_again};
  Clock<SocketIoState> timeout_{*this, &SocketIoState::on_attempt_timeout};
  Clock<SocketIoState> attachments_{*this, &SocketIoState::on_attachments_late};
  Clock<SocketIoState> due_{*this, &SocketIoState::on_sockets_due};
  Phase phase_ = Phase::idle;
  bool reconnecting_ = false;
  bool root_ = false;
};

}  // namespace naru::client
