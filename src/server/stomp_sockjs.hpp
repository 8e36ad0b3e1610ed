#pragma once

#include "server/sockjs_session.hpp"
#include "server/sockjs_user.hpp"
#include "server/stomp_carrier.hpp"
#include "server/stomp_loop.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace naru::server {

// A STOMP session on a SockJS session, whatever carries that. One frame is sent per message; what
// comes is a stream.
class StompSockJs final : public SockJsUser, public StompCarrier {
 public:
  StompSockJs(StompLoop& here, SockJsSession& sockjs);

  transport::Push send(std::string_view head, std::string_view rest, Content content) override;
  transport::Push send(std::string_view head, const SharedBytes& rest, Content content) override;
  bool congested() override { return sockjs_.congested(); }
  bool text_only() const override;
  void finish(Ending ending) override;
  std::string peer_address() const override { return sockjs_.request().address; }

  void on_message(Message message) override;
  void on_drain() override { user_->on_drain(); }
  void on_shutdown() override { user_->shut_down(); }
  void on_closed() override { user_->on_closed(); }

 private:
  StompLoop& here_;
  SockJsSession& sockjs_;
  std::unique_ptr<StompUser> user_;
};

}  // namespace naru::server
