#pragma once

#include "hub/hub.hpp"
#include "stomp/destination.hpp"
#include "stomp/selector.hpp"
#include "stomp/session.hpp"

#include <optional>
#include <string>
#include <utility>

namespace naru::server {

class StompSession;

// Where a subscription's messages come from: a queue, by its name, or topics, by the hub.
class StompSubscription final : public hub::Subscriber {
 public:
  StompSubscription(StompSession& session, stomp::Subscription& subscription)
      : session_(session), subscription_(&subscription) {}

  void select(std::optional<stomp::Selector> selector) { selector_ = std::move(selector); }
  void listen(hub::Hub& topics, std::string_view key, stomp::Destination::Kind kind);
  void consume(std::string queue) { queue_ = std::move(queue); }

  const std::string& queue() const { return queue_; }  // "" for topics
  stomp::Subscription& subscription() const { return *subscription_; }

  hub::WireFormat wire_format(const hub::Publication& publication) const override;
  hub::Delivered deliver(const SharedBytes& bytes, const hub::Publication& publication,
                         hub::Delivery delivery) override;

 private:
  bool wants(const hub::Publication& publication) const;

  StompSession& session_;
  stomp::Subscription* subscription_;
  std::string queue_;
  std::optional<stomp::Pattern> pattern_;  // with wildcards
  std::optional<stomp::Selector> selector_;
};

}  // namespace naru::server
