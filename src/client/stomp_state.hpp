#pragma once

#include "client/clock.hpp"
#include "client/line_client.hpp"
#include "client/line_gate.hpp"
#include "naru/stomp_client.hpp"
#include "stomp/client_session.hpp"
#include "stomp/decoder.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace naru::client {

// Writes a frame: of the session's version, asking for that receipt.
using MakeFrame =
    std::function<Result<std::string>(const stomp::ClientSession& session, std::uint64_t receipt)>;

struct StompGate : LineGate<StompState> {
  // Says a frame on that connection, or (0) on the one of this moment. On the client's loop at
  // once; on other threads it is handed over, `size` bytes of it.
  SendOutcome say(std::uint64_t connection, std::size_t size, OnReceipt on_receipt, MakeFrame make);

  std::atomic<std::uint64_t> transactions{0};
};

struct SubscriptionKey {
  std::string destination;
  stomp::AckMode ack;
  Headers headers;
  std::function<void(const StompMessage&)> handler;
  std::function<void()> on_subscribed;
  std::uint64_t number = 0;  // the loop's; 0: there is none, not yet or no more
};

struct DeliveryKey {
  std::shared_ptr<StompGate> gate;
  std::uint64_t connection;
  stomp::Delivery delivery;
};

struct TransactionKey {
  std::shared_ptr<StompGate> gate;
  std::uint64_t connection = 0;  // 0: there was none
  std::string name;
};

// One client. Everything on the loop's thread but where it says otherwise.
class StompState final : public LineClient {
 public:
  // Throws std::invalid_argument: see StompClient.
  StompState(StompClient& client, std::string_view url, StompClientOptions given,
             io::Resolver::Lookup lookup = io::look_up);
  ~StompState() override;

  const std::shared_ptr<StompGate>& gate() const { return gate_; }  // any thread
  bool turn(Duration wait) { return LineClient::turn(*gate_, wait); }
  void subscribe(const std::shared_ptr<SubscriptionKey>& key);
  void unsubscribe(SubscriptionKey& key);
  SendOutcome say(std::uint64_t connection, OnReceipt on_receipt, const MakeFrame& make);
  std::string_view version() const { return stomp::to_text(session_.version()); }

  StompClient* owner;  // null: gone, and no handler runs any more

 private:
  enum class Way : std::uint8_t { websocket, sockjs, tcp };
  struct Target {
    Way way = Way::websocket;
    Url url;
  };
  static Target read_url(std::string_view text);

  StompState(StompClient& client, Target target, StompClientOptions given,
             io::Resolver::Lookup lookup);

  std::unique_ptr<Line> make_line() override;
  const Url& url() const override { return target_.url; }
  void say_goodbye() override;
  void on_down() override;
  void tell_disconnect(std::string_view why) override;
  void tell_failure() override { tell(options_.on_failure, *failure); }
  void tell_reconnecting(unsigned attempt, std::chrono::milliseconds delay) override {
    tell(options_.on_reconnecting, attempt, delay);
  }

  void on_line_open() override;
  void on_line_message(std::span<char> bytes) override;
  void on_line_drained() override;

  void on_event(const stomp::ClientSession::Event& event, const stomp::Frame& frame);
  void on_connected();
  void on_message(std::uint64_t subscription, const stomp::Frame& frame);
  void on_error(const stomp::Frame& frame);
  void on_receipt(std::uint64_t receipt, Result<void> outcome);
  void on_due();
  void rearm();
  SendOutcome write(std::string_view bytes);
  void say_subscribe(const SubscriptionKey& key);
  // Calls one of the options' handlers, if there is one, with the client first.
  template <class Handler, class... A>
  void tell(const Handler& handler, const A&... arguments) {
    if (!handler || owner == nullptr) return;
    call_user([&] { handler(*owner, arguments...); });
  }

  const StompClientOptions options_;
  const Target target_;
  const stomp::Limits limits_;
  const stomp::ClientSessionOptions session_options_;
  const std::shared_ptr<StompGate> gate_ = std::make_shared<StompGate>();
  stomp::ClientSession session_;
  stomp::Frame frame_;
  std::optional<stomp::Decoder> decoder_;
  Clock<StompState> due_{*this, &StompState::on_due};
  std::uint64_t connections_ = 0;
  std::uint64_t farewell_ = 0;  // the receipt of DISCONNECT
  std::map<std::uint64_t, std::shared_ptr<SubscriptionKey>> subscriptions_;
  std::map<std::uint64_t, OnReceipt> receipts_;
};

}  // namespace naru::client
