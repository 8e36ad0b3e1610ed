#pragma once

#include "base/send_queue.hpp"
#include "transport/websocket_transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace naru::io {
class Loop;
}

namespace naru::server {

// What carries a STOMP session: a WebSocket, a TCP or TLS stream. It owns the session, and gives it
// bytes; where one ends and the next begins means nothing.
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
  virtual void finish(Ending ending) = 0;
  virtual std::string peer_address() const = 0;

 protected:
  ~StompCarrier() = default;
};

}  // namespace naru::server
