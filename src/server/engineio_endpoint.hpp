#pragma once

#include "engineio/handshake.hpp"
#include "engineio/session.hpp"
#include "http/cors.hpp"
#include "http/url.hpp"
#include "naru/engineio.hpp"
#include "server/endpoint.hpp"
#include "server/engineio_session.hpp"
#include "transport/websocket_transport.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace naru::server {

// Makes what sits on each session: Socket.IO, or the handlers of a bare Engine.IO route.
class EngineUserFactory {
 public:
  virtual ~EngineUserFactory() = default;
  virtual std::unique_ptr<EngineUser> make_user(EngineSession& session) = 0;
};

// The HTTP face of Engine.IO 4 under one path: handshakes, polls, posts and upgrades, with every
// check of the protocol in its order. A request for a session of another loop is decoded here
// and posted there.
class EngineEndpoint final : public Endpoint {
 public:
  EngineEndpoint(TransportOptions options, EngineUserFactory& users);

  void on_head(Worker& worker, transport::HttpConnection& connection) override;
  void on_request(Worker& worker, transport::HttpConnection& connection) override;

  const TransportOptions& options() const { return options_; }
  const engineio::SessionOptions& session_options() const { return session_options_; }
  EngineUserFactory& users() const { return users_; }
  bool offers_upgrade() const { return options_.websocket && options_.allow_upgrades; }

 private:
  struct Upgrade;

  void handshake(Worker& worker, transport::HttpConnection& connection, const http::Query& query);
  void open_polling(Worker& worker, transport::HttpConnection& connection);
  void poll_or_post(Worker& worker, transport::HttpConnection& connection, std::string_view sid,
                    bool by_polling);
  EngineSession* find_session(const Worker& home, std::string_view sid) const;
  void begin_post(Worker& worker, transport::HttpConnection& connection);
  void upgrade(Worker& worker, transport::HttpConnection& connection, const http::Query& query);
  std::unique_ptr<io::StreamHandler> upgrade_handler(Worker& home, Upgrade request);
  void refuse(Worker& worker, transport::HttpConnection& connection, engineio::RequestError error);

  TransportOptions options_;
  engineio::SessionOptions session_options_;
  http::CorsPolicy cors_;
  websocket::Limits websocket_limits_;
  EngineUserFactory& users_;
};

}  // namespace naru::server
