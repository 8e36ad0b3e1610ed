#include "server/stomp_loop.hpp"

#include "server/broker_link.hpp"
#include "server/relay_session.hpp"
#include "server/state.hpp"
#include "server/stomp_broker.hpp"
#include "server/stomp_session.hpp"

#include <array>
#include <map>
#include <utility>

namespace naru::server {
namespace {

std::string_view to_text(stomp::Queue::Death death) {
  switch (death) {
    case stomp::Queue::Death::rejected:
      return "rejected";
    case stomp::Queue::Death::redelivered:
      return "delivery_limit";
    case stomp::Queue::Death::no_room:
      break;
  }
  return "maxlen";
}

}  // namespace

StompLoop::StompLoop(StompBroker& broker, Worker& worker) : broker_(broker), worker_(worker) {}

StompLoop::~StompLoop() = default;

std::unique_ptr<StompUser> StompLoop::open(StompCarrier& carrier,
                                           std::unique_ptr<RequestInfo> request) {
  if (broker_.relay != nullptr) {
    return std::make_unique<RelaySession>(*this, *broker_.relay, carrier, std::move(request));
  }
  return std::make_unique<StompSession>(*this, carrier, std::move(request));
}

std::uint64_t StompLoop::add(StompSession& session) {
  const std::uint64_t number = next_session_++;
  sessions_.emplace(number, &session);
  return number;
}

StompSession* StompLoop::find(std::uint64_t session) const {
  const auto found = sessions_.find(session);
  return found == sessions_.end() ? nullptr : found->second;
}

std::string StompLoop::make_id() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  worker_.random.fill(bytes);
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kHex[byte >> 4U];
    id += kHex[byte & 0xfU];
  }
  return id;
}

template <class What>
void StompLoop::at_home(What what, void (StompLoop::*run)(What&)) {
  StompLoop& home = broker_.home_of(what.queue);
  if (&home == this) return (this->*run)(what);
  home.worker_.loop.post([&home, run, what = std::move(what)]() mutable { (home.*run)(what); });
}

void StompLoop::publish(Publish what) {
  at_home(std::move(what), &StompLoop::run_publish);
}
void StompLoop::subscribe(Subscribe what) {
  at_home(std::move(what), &StompLoop::run_subscribe);
}
void StompLoop::settle(Settle what) {
  at_home(std::move(what), &StompLoop::run_settle);
}
void StompLoop::leave(Leave what) {
  at_home(std::move(what), &StompLoop::run_leave);
}

Result<stomp::Queue*> StompLoop::queue(std::string_view name, bool existing) {
  if (const auto found = queues_.find(name); found != queues_.end()) return found->second.get();
  if (existing) return Error{Errc::protocol_error, "no such queue"};
  if (queues_.size() >= broker_.options.queues) return Error{Errc::too_many, "too many queues"};
  auto made = std::make_unique<stomp::Queue>(broker_.queue_limits);
  return queues_.emplace(name, std::move(made)).first->second.get();
}

void StompLoop::run_publish(Publish& what) {
  const auto found = queue(what.queue, what.existing);
  if (!found) return reply(what.reply, found.error());
  stomp::Queue::Output out;
  const auto outcome = (*found)->publish(std::move(what.message), out);
  reply(what.reply, outcome);
  distribute(what.queue, out);
}

// The RECEIPT goes out before the first message.
void StompLoop::run_subscribe(Subscribe& what) {
  const auto found = queue(what.queue, what.existing);
  if (!found) return reply(what.reply, found.error());
  reply(what.reply, {});
  stomp::Queue::Output out;
  (*found)->subscribe(what.consumer, what.prefetch, std::move(what.selector), out);
  distribute(what.queue, out);
}

void StompLoop::run_settle(Settle& what) {
  stomp::Queue::Output out;
  if (const auto found = queues_.find(what.queue); found != queues_.end()) {
    using Return = stomp::Queue::Return;
    const Return back = what.how == Settle::How::requeue ? Return::requeue : Return::discard;
    for (const stomp::Queue::Tag tag : what.tags) {
      if (what.how == Settle::How::accept) {
        found->second->accept(what.consumer, tag, out);
      } else {
        found->second->reject(what.consumer, tag, back, out);
      }
    }
  }
  reply(what.reply, {});
  distribute(what.queue, out);
}

void StompLoop::run_leave(Leave& what) {
  stomp::Queue::Output out;
  if (const auto found = queues_.find(what.queue); found != queues_.end()) {
    if (what.lost) {
      found->second->fail(what.consumer, out);
    } else {
      found->second->unsubscribe(what.consumer, out);
    }
  }
  reply(what.reply, {});
  distribute(what.queue, out);
}

void StompLoop::reply(const StompReply& to, const Result<void>& outcome) {
  if (to.session == 0 || (outcome && to.frame == 0)) return;
  const auto tell = [to, outcome](StompLoop& there) {
    if (StompSession* session = there.find(to.session)) session->on_reply(to.frame, outcome);
  };
  StompLoop& there = broker_.on_loop(to.loop);
  if (&there == this) return tell(there);
  there.worker_.loop.post([&there, tell] { tell(there); });
}

// Does what a queue asks for, until it asks for nothing: what is accepted at once makes room for
// more.
void StompLoop::distribute(std::string_view name, stomp::Queue::Output& out) {
  const auto found = queues_.find(name);
  if (found == queues_.end()) return;
  stomp::Queue& queue = *found->second;
  std::map<unsigned, Deliveries> elsewhere;
  while (!out.deliveries.empty()) {
    for (stomp::Queue::Delivery& each : std::exchange(out.deliveries, {})) {
      if (each.consumer.loop != worker_.index()) {
        elsewhere[each.consumer.loop].push_back(std::move(each));
      } else if (deliver(name, each)) {
        queue.accept(each.consumer, each.tag, out);
      }
    }
  }
  for (auto& [loop, deliveries] : elsewhere) {
    StompLoop& there = broker_.on_loop(loop);
    there.worker_.loop.post([&there, name = std::string(name), moved = std::move(deliveries)] {
      there.deliver_from(name, moved);
    });
  }
  const std::vector<stomp::Queue::Dead> dead = std::move(out.dead);
  if (queue.idle()) queues_.erase(found);
  if (!dead.empty()) bury(name, dead);
}

// From a queue whose home is another loop.
void StompLoop::deliver_from(std::string_view name, const Deliveries& deliveries) {
  std::map<stomp::ConsumerId, std::vector<stomp::Queue::Tag>> accepted;
  for (const stomp::Queue::Delivery& each : deliveries) {
    if (deliver(name, each)) accepted[each.consumer].push_back(each.tag);
  }
  for (auto& [consumer, tags] : accepted) {
    settle({.queue = std::string(name), .consumer = consumer, .tags = std::move(tags)});
  }
}

// Whether it counts as accepted: it is with the peer, and no ACK will come. A session that has gone
// has said so to the queue; that is on its way.
bool StompLoop::deliver(std::string_view name, const stomp::Queue::Delivery& delivery) {
  StompSession* session = find(delivery.consumer.session);
  return session != nullptr && session->deliver(name, delivery);
}

void StompLoop::bury(std::string_view name, std::vector<stomp::Queue::Dead> dead) {
  worker_.counters.dropped.add(dead.size());
  const std::string& grave = broker_.grave;
  if (grave.empty() || name == grave) return;
  for (const stomp::Queue::Dead& each : dead) {
    auto copy = std::make_shared<stomp::Message>(*each.message);
    copy->headers.emplace_back("x-first-death-queue", name);
    copy->headers.emplace_back("x-first-death-reason", to_text(each.death));
    publish({.queue = grave, .message = std::move(copy)});
  }
}

}  // namespace naru::server
