#pragma once

#include "base/random.hpp"
#include "client/dialer.hpp"
#include "naru/message.hpp"
#include "naru/websocket_client.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/deflate.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::client {

// What the lines of one client are made with. Outlives its loop, whose streams borrow it.
struct LineContext {
  LineContext(WebSocketClientOptions given, std::vector<std::string> subprotocols,
              io::Resolver::Lookup lookup);
  LineContext(const LineContext&) = delete;
  LineContext& operator=(const LineContext&) = delete;

  const WebSocketClientOptions options;
  DialSettings dial;
  transport::WebSocketSettings websocket;
  websocket::DeflatePool pool;
  SystemRandom random;
};

// What carries a protocol of its own: a WebSocket, a SockJS session, a TCP connection. It may be
// destroyed at any time but from within on_line_message, and tells nothing afterwards.
class Line {
 public:
  class User {
   public:
    virtual void on_line_open() = 0;
    // One message, or some bytes; may be changed in place.
    virtual void on_line_message(std::span<char> bytes) = 0;
    virtual void on_line_drained() = 0;  // what had been blocked has left
    // The last call; what follows from it has to wait for the end of the turn. `failure` when it
    // had never been open.
    virtual void on_line_closed(std::string_view why, const ConnectFailure* failure) = 0;

   protected:
    ~User() = default;
  };

  virtual ~Line() = default;
  virtual void open(const Url& url) = 0;
  // One message. `closed` when too much waits already: then it is closed.
  virtual SendOutcome send(std::string_view message) = 0;
  // What is queued still leaves, and the user is told of the end.
  virtual void close() = 0;
};

}  // namespace naru::client
