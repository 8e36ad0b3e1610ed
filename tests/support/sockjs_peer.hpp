#pragma once

#include "support/test_server.hpp"

#include <string>
#include <string_view>

namespace naru::test {

// A SockJS session over HTTP as its client asks for it: each request on a connection of its own, so
// that they come to any loop.
class SockJsClient {
 public:
  SockJsClient(TestServer& server, std::string service, std::string session)
      : server_(server), base_(std::move(service) + "/000/" + std::move(session)) {}

  std::string target(std::string_view what) const { return base_ + "/" + std::string(what); }
  Answer ask(std::string_view method, std::string_view what, std::string_view body = {},
             std::string_view fields = {}) {
    Peer peer(server_.port);
    peer.ask(method, target(what), body, fields);
    return peer.answer();
  }
  Answer receive(std::string_view fields = {}) { return ask("POST", "xhr", {}, fields); }
  std::string poll() { return receive().body; }
  // A request that receives, whose answer comes later.
  Peer begin(std::string_view what = "xhr", std::string_view method = "POST") {
    Peer peer(server_.port);
    peer.ask(method, target(what));
    return peer;
  }
  int send(std::string_view body) { return ask("POST", "xhr_send", body).status; }

 private:
  TestServer& server_;
  std::string base_;
};

// A service that returns each message, and may be asked by any page.
inline SockJsOptions sockjs_echo() {
  SockJsOptions options;
  options.origins.kind = OriginPolicy::Kind::any;
  options.on_message = [](SockJs& session, Message message) { session.send(message); };
  return options;
}

}  // namespace naru::test
