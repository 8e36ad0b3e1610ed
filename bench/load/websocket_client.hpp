#pragma once

#include "options.hpp"
#include "poller.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace naru::load {

// One text message as a masked frame, ready to send. Written apart from the code that it measures.
std::string text_frame(std::string_view text);
enum class Fragment : std::uint8_t { first, last };
std::string fragment(std::string_view text, Fragment which);
std::string ping_frame();
std::string close_frame(std::uint16_t code);

// What a message with this text looks like: itself, or, of Socket.IO, the event `name` in its
// Engine.IO packet.
std::string message_text(Protocol protocol, std::string_view name, std::string_view text);

// A WebSocket, alone or under a Socket.IO session in the namespace `/`. Answers heartbeats itself.
class WebSocketClient : public Connection {
 public:
  // Of Socket.IO the path is known; what SockJS and STOMP say is their users' affair.
  WebSocketClient(Poller& poller, Protocol protocol, std::string path)
      : Connection(poller), protocol_(protocol), path_(std::move(path)) {}

 protected:
  // Opened: the 101, and in Socket.IO the answer to CONNECT, have arrived.
  virtual void on_ready() = 0;
  virtual void on_message(std::string_view text) = 0;
  // The server's Close; by default a surprise, which throws.
  virtual void on_close(std::uint16_t code);
  // All messages of one read were seen: the moment to send the next ones together.
  virtual void on_read_end() {}
  void set_path(std::string path) { path_ = std::move(path); }

 private:
  enum class State : std::uint8_t { http_upgrade, engineio_open, socketio_connect, ready };

  void on_connected() final;
  std::size_t on_bytes(std::span<char> bytes) final;
  std::size_t on_http(std::string_view bytes);
  void on_frame(unsigned opcode, std::string_view payload);
  void on_text(std::string_view text);

  Protocol protocol_;
  std::string path_;
  State state_ = State::http_upgrade;
};

}  // namespace naru::load
