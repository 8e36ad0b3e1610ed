#include "server/engineio_server.hpp"

#include "base/utf8.hpp"
#include "server/state.hpp"

#include <string>

namespace naru::server {
namespace {

class HandlerUser final : public EngineUser, public EngineSocket {
 public:
  HandlerUser(EngineSession& session, const EngineIoOptions& options)
      : session_(session), options_(options) {}

  const std::string& id() const override { return session_.sid(); }
  const RequestInfo& request() const override { return session_.request().look(); }
  int protocol() const override { return static_cast<int>(session_.revision()); }
  std::string_view transport() const override {
    return session_.transport() == engineio::Transport::websocket ? "websocket" : "polling";
  }
  SendOutcome send(Message message) override {
    if (message.binary) return session_.send_binary(message.data);
    return session_.send_text("4", message.data);
  }
  void close() override { session_.close(reason::forced_close); }

  void on_open() override {
    if (options_.on_open) guarded([&] { options_.on_open(*this); });
  }
  void on_text(std::string_view text, bool checked) override {
    if (!checked && !is_utf8(text)) return session_.close(reason::parse_error);
    if (options_.on_message) guarded([&] { options_.on_message(*this, naru::text(text)); });
  }
  void on_binary(std::string_view bytes) override {
    if (options_.on_message) guarded([&] { options_.on_message(*this, {bytes, true}); });
  }
  void on_closed(std::string_view why) override {
    if (options_.on_close) guarded([&] { options_.on_close(*this, why); });
  }

 private:
  template <class Call>
  void guarded(Call call) {
    if (!run_user_code(session_.worker().state(), "protocol=engine.io", call)) {
      session_.close(reason::forced_close);
    }
  }

  EngineSession& session_;
  const EngineIoOptions& options_;
};

}  // namespace

std::unique_ptr<EngineUser> EngineIoServer::make_user(EngineSession& session) {
  return std::make_unique<HandlerUser>(session, options_);
}

}  // namespace naru::server
