// Peers whose answers are acknowledgements of Socket.IO, over WebSocket or long polling.

#include "bench_peer.hpp"
#include "client/engine.hpp"
#include "client/websocket_link.hpp"

#include <charconv>
#include <cstdint>
#include <span>
#include <system_error>

namespace naru::app {
namespace {

class SocketIoPeer : public BenchPeer {
 public:
  using BenchPeer::BenchPeer;

 protected:
  virtual void say(std::string_view head, std::string_view rest) = 0;  // a message of Engine.IO

  void join() { say(script_.join, {}); }
  void on_message(bool binary, std::string_view packet) {
    if (binary) return user_.on_other();
    if (packet.starts_with("3" + script_.nsp)) return on_ack(packet.substr(1 + script_.nsp.size()));
    if (packet.starts_with("0")) return become_ready();
    if (packet.starts_with("4" + script_.nsp)) {
      return lose("refused: " + std::string(packet.substr(1 + script_.nsp.size())));
    }
    if (packet.starts_with("1")) return lose("the server has disconnected the socket");
    user_.on_other();
  }

 private:
  void write(std::size_t slot) final {
    say("2" + script_.nsp + std::to_string(slot), script_.payload);
  }
  void on_ack(std::string_view rest) {
    std::size_t slot = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), slot);
    if (error != std::errc{} || !is_under_way(slot)) return user_.on_other();
    settle(slot);
  }
};

class SocketIoWebSocketPeer final : public SocketIoPeer, private client::WebSocketLink::User {
 public:
  SocketIoWebSocketPeer(io::Loop& loop, BenchScript& script, BenchUser& user)
      : SocketIoPeer(script, user), link_(loop, script.context, *this) {}
  void open() override { link_.dial(script_.url); }

 private:
  void say(std::string_view head, std::string_view rest) override {
    link_.send(false, "4" + std::string(head), rest);
  }
  void on_link_open() override {}
  void on_link_message(bool binary, std::span<char> payload) override {
    const std::string_view packet(payload.data(), payload.size());
    if (!binary && packet == "2") {
      link_.send(false, {}, "3");
    } else if (!binary && packet.starts_with("0")) {
      join();
    } else {
      on_message(binary, binary || packet.empty() ? packet : packet.substr(1));
    }
  }
  void on_link_closed(std::uint16_t code, const ConnectFailure* failure) override {
    lose(failure != nullptr ? failure->text : "closed: " + std::to_string(code));
  }

  client::WebSocketLink link_;
};

class PollingPeer final : public SocketIoPeer, private client::Engine::User {
 public:
  PollingPeer(io::Loop& loop, BenchScript& script, BenchUser& user)
      : SocketIoPeer(script, user), engine_(loop, script.context, *this) {}
  void open() override { engine_.open(); }

 private:
  void say(std::string_view head, std::string_view rest) override {
    engine_.send(false, std::string(head).append(rest));
  }
  void on_engine_open() override { join(); }
  void on_engine_message(bool binary, std::string_view data) override { on_message(binary, data); }
  void on_engine_closed(const client::EngineEnd& end) override {
    lose(end.failure ? end.failure->text : std::string(end.reason));
  }

  client::Engine engine_;
};

}  // namespace

std::unique_ptr<BenchPeer> make_socketio_peer(io::Loop& loop, BenchScript& script,
                                              BenchUser& user) {
  if (script.transport == "polling") return std::make_unique<PollingPeer>(loop, script, user);
  return std::make_unique<SocketIoWebSocketPeer>(loop, script, user);
}

}  // namespace naru::app
