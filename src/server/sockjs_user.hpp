#pragma once

#include "naru/message.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace naru::server {

class SockJsSession;

// What sits on a SockJS session where no handlers do: another protocol. Lives as long as the
// session, on its loop, and counts its own messages.
class SockJsUser {
 public:
  virtual ~SockJsUser() = default;
  virtual void on_message(Message message) = 0;
  virtual void on_drain() = 0;     // what made it congested has left
  virtual void on_shutdown() = 0;  // the server stops: it may say something, and close
  virtual void on_closed() = 0;    // no more calls to the session
};

// A protocol as a service offers it.
struct SockJsProtocol {
  std::vector<std::string> subprotocols{};  // for raw WebSockets, the best first
  std::function<std::unique_ptr<SockJsUser>(SockJsSession&)> open{};  // none: handlers
};

}  // namespace naru::server
