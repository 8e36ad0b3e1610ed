#include "server/stomp_sockjs.hpp"

#include "websocket/close_code.hpp"

#include <memory>

namespace naru::server {

using transport::Push;

StompSockJs::StompSockJs(StompLoop& here, SockJsSession& sockjs)
    : here_(here),
      sockjs_(sockjs),
      user_(here.open(*this, std::make_unique<RequestInfo>(sockjs.request()))) {}

bool StompSockJs::text_only() const {
  return sockjs_.carrier() != sockjs::Transport::raw_websocket;
}

Push StompSockJs::send(std::string_view head, std::string_view rest, Content content) {
  std::string& frame = here_.text;
  frame.assign(head).append(rest);
  switch (sockjs_.pass({frame, !text_only() && content == Content::binary})) {
    case SendOutcome::sent:
      return Push::queued;
    case SendOutcome::blocked:
      return Push::high;
    case SendOutcome::dropped:
      return Push::dropped;
    case SendOutcome::closed:
      break;
  }
  return Push::closed;  // if it was too much, SockJS has counted that
}

Push StompSockJs::send(std::string_view head, const SharedBytes& rest, Content content) {
  return send(head, std::string_view(*rest), content);
}

void StompSockJs::finish(Ending ending) {
  using namespace websocket;
  switch (ending) {
    case Ending::normal:
      return sockjs_.close(close_code::normal, "Normal closure");
    case Ending::protocol_error:
      return sockjs_.close(close_code::protocol_error, "STOMP error");
    case Ending::too_big:
      return sockjs_.close(close_code::message_too_big, "STOMP frame too large");
    case Ending::going_away:
      return sockjs_.close(close_code::going_away, "Going away");
  }
}

// Escapes are undone in place, so in a copy.
void StompSockJs::on_message(Message message) {
  std::string bytes(message.data);
  user_->on_bytes(bytes, message.binary ? Content::binary : Content::text);
}

}  // namespace naru::server
