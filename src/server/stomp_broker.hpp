#pragma once

#include "naru/stomp.hpp"
#include "server/stomp_loop.hpp"
#include "stomp/limits.hpp"
#include "stomp/queue.hpp"
#include "stomp/session.hpp"
#include "transport/websocket_transport.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

class StompRelay;
class Worker;
struct State;

// What is behind a Stomp: immutable once the server has started. What changes lives in its
// StompLoops.
class StompBroker final : public Stomp {
 public:
  // Throws std::invalid_argument for options that contradict each other.
  StompBroker(State& state, StompOptions given);
  ~StompBroker() override;

  Result<void> listen(const ListenOptions& where) override;
  void sockjs(std::string_view path, SockJsOptions given) override;
  void send(std::string_view queue, Message message,
            std::vector<std::pair<std::string, std::string>> headers) override;

  bool available() const override;

  void start();                    // the server has
  void shut_down(Worker& worker);  // the server ends; on each loop, perhaps twice

  // What the options say of a login (the user, or "" for nobody in particular), and of a
  // destination. Errors: protocol_error.
  Result<std::string> authorize(const stomp::Frame& connect, const RequestInfo& request) const;
  Result<void> check_permit(std::string_view user, stomp::Access access,
                            const std::string& destination) const;

  State& state() const { return state_; }
  StompLoop& on_loop(unsigned index) { return loops_[index]; }
  // Where a queue lives: its messages and consumers are known there alone.
  StompLoop& home_of(std::string_view queue);

  const StompOptions options;
  const stomp::Limits limits;
  const stomp::Limits opening_limits;  // until the login
  const stomp::SessionOptions session_options;
  const stomp::QueueLimits queue_limits;
  const transport::OutboxLimits outbox;
  // What one SUBSCRIBE may be given out of a topic's history; of more, it is given none: there must
  // be room for it, and for what comes meanwhile.
  const std::size_t replay_bytes;
  const std::string grave;                  // the queue of dead letters, or ""
  const std::unique_ptr<StompRelay> relay;  // null: this is the broker

 private:
  State& state_;
  std::deque<StompLoop> loops_;
};

}  // namespace naru::server
