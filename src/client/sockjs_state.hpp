#pragma once

#include "client/line_client.hpp"
#include "client/line_gate.hpp"
#include "naru/sockjs_client.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace naru::client {

// One client. Everything on the loop's thread but where it says otherwise.
class SockJsState final : public LineClient {
 public:
  // Throws std::invalid_argument: see SockJsClient.
  SockJsState(SockJsClient& client, std::string_view url, SockJsClientOptions given,
              io::Resolver::Lookup lookup = io::look_up);
  ~SockJsState() override;

  const std::shared_ptr<LineGate<SockJsState>>& gate() const { return gate_; }  // any thread
  bool turn(Duration wait) { return LineClient::turn(*gate_, wait); }
  SendOutcome send(std::string_view message);
  SendOutcome hand_over(std::string_view message);  // other threads

  SockJsClient* owner;  // null: gone, and no handler runs any more

 private:
  std::unique_ptr<Line> make_line() override;
  const Url& url() const override { return url_; }
  void say_goodbye() override;
  void on_down() override { gate_->set_connection(0); }
  void tell_disconnect(std::string_view why) override { tell(options_.on_close, why); }
  void tell_failure() override { tell(options_.on_failure, *failure); }
  void tell_reconnecting(unsigned attempt, std::chrono::milliseconds delay) override {
    tell(options_.on_reconnecting, attempt, delay);
  }

  void on_line_open() override;
  void on_line_message(std::span<char> bytes) override;
  void on_line_drained() override;
  template <class Handler, class... A>
  void tell(const Handler& handler, const A&... arguments) {
    if (!handler || owner == nullptr) return;
    call_user([&] { handler(*owner, arguments...); });
  }

  const SockJsClientOptions options_;
  const Url url_;
  const std::shared_ptr<LineGate<SockJsState>> gate_ = std::make_shared<LineGate<SockJsState>>();
  std::uint64_t sessions_ = 0;
};

}  // namespace naru::client
