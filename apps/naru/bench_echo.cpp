// Peers whose answers are echoes: a plain WebSocket, a SockJS session.

#include "bench_peer.hpp"
#include "client/sockjs_line.hpp"
#include "client/websocket_link.hpp"

#include <cstdint>
#include <span>

namespace naru::app {
namespace {

class WebSocketPeer final : public EchoPeer, private client::WebSocketLink::User {
 public:
  WebSocketPeer(io::Loop& loop, BenchScript& script, BenchUser& user)
      : EchoPeer(script, user), link_(loop, script.context, *this) {}
  void open() override { link_.dial(script_.url); }

 private:
  void say() override { link_.send(false, {}, script_.payload); }
  void on_link_open() override { become_ready(); }
  void on_link_message(bool, std::span<char> payload) override {
    on_text({payload.data(), payload.size()});
  }
  void on_link_closed(std::uint16_t code, const ConnectFailure* failure) override {
    lose(failure != nullptr ? failure->text : "closed: " + std::to_string(code));
  }

  client::WebSocketLink link_;
};

SockJsConnect by(const std::string& transport) {
  SockJsConnect connect;
  if (transport == "websocket") connect.transports = {SockJsTransport::websocket};
  if (transport == "xhr-streaming") connect.transports = {SockJsTransport::xhr_streaming};
  if (transport == "xhr-polling") connect.transports = {SockJsTransport::xhr_polling};
  return connect;
}

class SockJsPeer final : public EchoPeer, private client::Line::User {
 public:
  SockJsPeer(io::Loop& loop, BenchScript& script, BenchUser& user)
      : EchoPeer(script, user), line_(loop, *script.line, by(script.transport), *this) {}
  void open() override { line_.open(script_.url); }

 private:
  void say() override { line_.send(script_.payload); }
  void on_line_open() override { become_ready(); }
  void on_line_message(std::span<char> bytes) override { on_text({bytes.data(), bytes.size()}); }
  void on_line_drained() override {}
  void on_line_closed(std::string_view why, const ConnectFailure*) override {
    lose(std::string(why));
  }

  client::SockJsLine line_;
};

}  // namespace

std::unique_ptr<BenchPeer> make_websocket_peer(io::Loop& loop, BenchScript& script,
                                               BenchUser& user) {
  return std::make_unique<WebSocketPeer>(loop, script, user);
}

std::unique_ptr<BenchPeer> make_sockjs_peer(io::Loop& loop, BenchScript& script, BenchUser& user) {
  return std::make_unique<SockJsPeer>(loop, script, user);
}

}  // namespace naru::app
