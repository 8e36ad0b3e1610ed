// STOMP: each peer subscribes to a destination of its own, and sends to it.

#include "bench_peer.hpp"
#include "client/tcp_line.hpp"
#include "client/websocket_line.hpp"
#include "stomp/decoder.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace naru::app {
namespace {

using stomp::Command;
using stomp::FrameWriter;

constexpr auto kVersion = stomp::Version::v12;

class StompPeer final : public EchoPeer, private client::Line::User {
 public:
  StompPeer(io::Loop& loop, BenchScript& script, BenchUser& user, std::size_t number)
      : EchoPeer(script, user),
        destination_(script.topic + "." + std::to_string(number)),
        decoder_(limits_, frame_) {
    auto& self = static_cast<client::Line::User&>(*this);
    if (script.transport == "websocket") {
      line_ = std::make_unique<client::WebSocketLine>(loop, *script.line, self);
    } else {
      line_ = std::make_unique<client::TcpLine>(loop, *script.line, self);
    }
    FrameWriter(Command::send, kVersion, message_)
        .header("destination", destination_)
        .body(script.payload);
  }
  void open() override { line_->open(script_.url); }

 private:
  void say() override { line_->send(message_); }

  void on_line_open() override {
    std::string connect;
    FrameWriter frame(Command::connect, kVersion, connect);
    frame.header("accept-version", "1.2");
    if (!script_.vhost.empty()) frame.header("host", script_.vhost);
    if (!script_.login.empty()) frame.header("login", script_.login);
    if (!script_.passcode.empty()) frame.header("passcode", script_.passcode);
    frame.end();
    line_->send(connect);
  }
  void on_line_message(std::span<char> bytes) override {
    for (Cursor in(bytes); !is_lost();) {
      const auto frame = decoder_.receive(in);
      if (!frame) return lose(std::string(frame.error().text));
      if (*frame == nullptr) return;
      on_frame(**frame);
    }
  }
  void on_frame(const stomp::Frame& frame) {
    switch (frame.command) {
      case Command::connected: {
        decoder_.set_version(kVersion);
        std::string subscribe;
        FrameWriter(Command::subscribe, kVersion, subscribe)
            .header("id", "0")
            .header("destination", destination_)
            .header("receipt", "0")
            .end();
        line_->send(subscribe);
        return;
      }
      case Command::receipt:
        return become_ready();
      case Command::message:
        return on_text(frame.body);
      case Command::error:
        return lose("the broker says: " + std::string(frame.header("message")));
      default:
        return user_.on_other();
    }
  }
  void on_line_drained() override {}
  void on_line_closed(std::string_view why, const ConnectFailure*) override {
    lose(std::string(why));
  }

  const std::string destination_;
  const stomp::Limits limits_{};
  std::string message_;
  stomp::Frame frame_;
  stomp::Decoder decoder_;
  std::unique_ptr<client::Line> line_;
};

}  // namespace

std::unique_ptr<BenchPeer> make_stomp_peer(io::Loop& loop, BenchScript& script, BenchUser& user,
                                           std::size_t number) {
  return std::make_unique<StompPeer>(loop, script, user, number);
}

}  // namespace naru::app
