#pragma once

#include "client/engine_context.hpp"
#include "client/websocket_link.hpp"
#include "engineio/client_session.hpp"
#include "io/loop.hpp"
#include "io/timer_wheel.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::client {

// Why a connection has ended, in the words of socket.io-client.
struct EngineEnd {
  std::string_view reason;                  // "transport close", "ping timeout", ...
  std::optional<ConnectFailure> failure{};  // when it had never been open
};

// One Engine.IO connection: the glue between its session and its transports. It tells its user
// about its end at the end of a turn, so that the user may destroy it then; destroyed, it tells
// nothing more.
class Engine final : private WebSocketLink::User {
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
  bool writable() const { return !over_ && session_.writable() && link_->writable(); }
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

  void on_link_open(const http::ReceivedResponse&) override {}
  void on_link_message(bool binary, std::span<char> payload) override;
  void on_link_closed(std::uint16_t code, const ConnectFailure* failure) override;

  void receive(const engineio::Packet& packet);
  void pump();
  void on_time(Instant now);

  io::Loop& loop_;
  EngineContext& context_;
  User& user_;
  engineio::ClientSession session_;
  std::unique_ptr<WebSocketLink> link_;
  std::string storage_;
  Clock clock_{*this};
  bool over_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what is deferred
};

}  // namespace naru::client
