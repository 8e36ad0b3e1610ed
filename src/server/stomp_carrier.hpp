#pragma once

#include "base/send_queue.hpp"
#include "transport/websocket_transport.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace naru::io {
class Loop;
}

namespace naru::server {

// What carries a STOMP connection: a WebSocket, a TCP or TLS stream, a SockJS session. It owns the
// StompUser that StompLoop::open gave it, and gives it bytes; where one ends and the next begins
// means nothing.
class StompCarrier {
 public:
  enum class Content : std::uint8_t { text, binary };
  // How the connection ends, after what is queued.
  enum class Ending : std::uint8_t { normal, protocol_error, too_big, going_away };

  // One frame: `head`, and `rest` behind it.
  virtual transport::Push send(std::string_view head, std::string_view rest, Content content) = 0;
  virtual transport::Push send(std::string_view head, const SharedBytes& rest, Content content) = 0;
  // Whether the peer reads slowly: more than the high-water mark waits. If so, the session is told
  // when it has left.
  virtual bool congested() = 0;
  // Holds the peer back, where it can be (by TCP), and goes on. Bytes that are here already come
  // nevertheless.
  virtual void pause_reading() {}
  virtual void resume_reading() {}
  // What is no UTF-8 does not pass.
  virtual bool text_only() const { return false; }
  virtual void finish(Ending ending) = 0;
  virtual std::string peer_address() const = 0;

 protected:
  ~StompCarrier() = default;
};

// What sits on a carrier: a session of the embedded broker, or one that hands everything to
// another.
class StompUser {
 public:
  virtual ~StompUser() = default;
  // `bytes` may be changed in place, and are gone after the call.
  virtual void on_bytes(std::span<char> bytes, StompCarrier::Content content) = 0;
  virtual void on_drain() = 0;   // after congested()
  virtual void on_closed() = 0;  // no more calls to the carrier
  virtual void shut_down() = 0;  // the server ends
};

}  // namespace naru::server
