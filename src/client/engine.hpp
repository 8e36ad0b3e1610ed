#pragma once

#include "client/engine_context.hpp"
#include "client/http_caller.hpp"
#include "client/websocket_link.hpp"
#include "engineio/client_session.hpp"
#include "io/loop.hpp"
#include "io/timer_wheel.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::client {

// Why a connection has ended, in the words of socket.io-client.
struct EngineEnd {
  std::string_view reason;                  // "transport close", "ping timeout", ...
  std::optional<ConnectFailure> failure{};  // when it had never been open
};

// One Engine.IO connection: the glue between its session and its transports. It tells its user
// about its end at the end of a turn, so that the user may destroy it then; destroyed, it tells
// nothing more.
class Engine final : private WebSocketLink::User, private HttpCaller::User {
 public:
  class User {
   public:
    virtual void on_engine_open() = 0;
    virtual void on_engine_message(bool binary, std::string_view data) = 0;
    virtual void on_engine_closed(const EngineEnd& end) = 0;

   protected:
    ~User() = default;
  };

  Engine(io::Loop& loop, EngineContext& context, User& user);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void open();
  const engineio::ClientSession& session() const { return session_; }
  // Sends one message. False: it is closed, or too much waits, which ends it.
  bool send(bool binary, std::string_view data);
  bool writable() const;
  // What waits still leaves; on_engine_closed follows.
  void close();
  // Ends at once, for this reason.
  void fail(std::string_view reason, std::optional<ConnectFailure> failure = {});

 private:
  class Clock final : public io::Timer {
   public:
    explicit Clock(Engine& engine) : engine_(engine) {}
    void on_timer(Instant now) override { engine_.on_time(now); }

   private:
    Engine& engine_;
  };

  void on_link_open() override;
  void on_link_message(bool binary, std::span<char> payload) override;
  void on_link_closed(std::uint16_t code, const ConnectFailure* failure) override;
  void on_answer(HttpCaller& caller, const http::ReceivedResponse& answer) override;
  void on_call_failed(HttpCaller& caller, const ConnectFailure& failure) override;

  void open_next();
  bool polling() const { return session_.transport() == engineio::Transport::polling; }
  bool carries_session() const { return link_ != nullptr && !polling(); }
  Result<engineio::Packet> decode(bool binary, std::string_view data);
  void receive(const engineio::Packet& packet);
  void receive_payload(const http::ReceivedResponse& answer);
  void receive_probe(const engineio::Packet& packet);
  void pump();
  void pump_polling();
  void switch_to_websocket();
  bool write(const engineio::ClientSession::Outgoing& packet);
  void drop_link();
  void on_time(Instant now);
  void finish(const EngineEnd& end);

  io::Loop& loop_;
  EngineContext& context_;
  User& user_;
  engineio::ClientSession session_;
  // Of polling: one for polls, one for posts.
  std::unique_ptr<HttpCaller> get_;
  std::unique_ptr<HttpCaller> post_;
  std::unique_ptr<WebSocketLink> link_;  // carries the session, or is a candidate for it
  std::vector<ClientTransport> to_try_;
  std::string storage_;
  Clock clock_{*this};
  bool over_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what is deferred
};

}  // namespace naru::client
