#pragma once

#include "engineio/session.hpp"
#include "http/cors.hpp"
#include "naru/engineio.hpp"
#include "server/endpoint.hpp"
#include "server/engineio_admission.hpp"
#include "server/engineio_counters.hpp"
#include "server/engineio_request.hpp"
#include "server/engineio_session.hpp"
#include "server/request_info.hpp"
#include "transport/websocket_transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

// Makes what sits on each session: Socket.IO, or the handlers of a bare Engine.IO route.
class EngineUserFactory {
 public:
  virtual ~EngineUserFactory() = default;
  virtual std::unique_ptr<EngineUser> make_user(EngineSession& session) = 0;
  virtual bool takes_sessions() const { return true; }  // any thread
  // Where its sessions on a loop are counted; nullptr while nobody watches.
  virtual EngineCounters* counters(unsigned) { return nullptr; }
};

// The HTTP face of Engine.IO under one path: handshakes, polls, posts and upgrades, with every
// check of the protocol in its order. A request for a session of another loop is decoded here
// and posted there.
class EngineEndpoint final : public Endpoint {
 public:
  EngineEndpoint(TransportOptions options, EngineUserFactory& users);

  bool takes_websockets() const override { return options_.websocket; }
  void on_head(Worker& worker, transport::HttpExchange& connection) override;
  void on_request(Worker& worker, transport::HttpExchange& connection) override;

  const TransportOptions& options() const { return options_; }
  const engineio::SessionOptions& session_options() const { return session_options_; }
  EngineUserFactory& users() const { return users_; }
  bool offers_upgrade() const { return options_.websocket && options_.allow_upgrades; }

 private:
  struct Upgrade;
  enum class Answering : std::uint8_t { first, later };

  bool serves(const EngineQuery& query) const;  // its revision
  void handshake(Worker& worker, transport::HttpExchange& connection, const EngineQuery& query);
  void open_polling(Worker& worker, transport::HttpExchange& connection, const EngineQuery& query,
                    RequestInfo info);
  void poll_or_post(Worker& worker, transport::HttpExchange& connection, const EngineQuery& query);
  // The worker on whose loop a session lives; nullptr when no session has such an id.
  Worker* home_of(Worker& here, std::string_view sid) const;
  EngineSession* find_session(const Worker& home, std::string_view sid) const;
  void begin_post(Worker& worker, transport::HttpExchange& connection);
  bool lets_in(const http::Request& request, const Caller& caller) const;
  void upgrade(Worker& worker, transport::HttpExchange& connection, const EngineQuery& query);
  std::unique_ptr<io::StreamHandler> upgrade_handler(Worker& home, Upgrade request);

  // Admission: engineio_admission.cpp.
  void refuse(Worker& worker, transport::HttpExchange& connection,
              const EngineRefusal& refusal) const;
  // What on_connection_error is told of a request; nullptr without that hook.
  std::shared_ptr<const RequestInfo> info_for_reports(transport::HttpExchange& connection) const;
  void report(Worker& worker, const RequestInfo* info, const EngineRefusal& refusal) const;
  std::optional<EngineRefusal> judge(Worker& worker, const RequestInfo& info) const;
  std::optional<std::string> make_sid(Worker& worker, const RequestInfo& info) const;
  bool has_header_hooks() const { return options_.on_initial_headers || options_.on_headers; }
  std::vector<std::pair<std::string, std::string>> hook_headers(Worker& worker,
                                                                const RequestInfo& info,
                                                                Answering which) const;

  TransportOptions options_;
  engineio::SessionOptions session_options_;
  http::CorsPolicy cors_;
  transport::WebSocketSettings websocket_settings_;
  EngineUserFactory& users_;
};

}  // namespace naru::server
