#pragma once

#include "naru/result.hpp"
#include "naru/websocket.hpp"
#include "stomp/frame.hpp"
#include "stomp/queue.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

struct BrokerAddress;
class StompBroker;
class StompCarrier;
class StompSession;
class StompUser;
class Worker;

// Who is told that an operation on a queue is done, or has failed: a session of any loop.
// `number` 0: nobody.
struct StompReply {
  unsigned loop = 0;
  std::uint64_t session = 0;
  // The frame whose RECEIPT waits, by the session's own count; 0: none does. An error is told in
  // any case.
  std::uint64_t frame = 0;
};

// A broker on one loop: the sessions that are connected here, and the queues whose home this is.
class StompLoop {
 public:
  StompLoop(StompBroker& broker, Worker& worker);
  ~StompLoop();
  StompLoop(const StompLoop&) = delete;
  StompLoop& operator=(const StompLoop&) = delete;

  StompBroker& broker() { return broker_; }
  Worker& worker() { return worker_; }

  // What sits on a carrier that has just opened. `request`: what the login hook may ask about.
  std::unique_ptr<StompUser> open(StompCarrier& carrier, std::unique_ptr<RequestInfo> request);

  std::uint64_t add(StompSession& session);
  void remove(std::uint64_t session) { sessions_.erase(session); }
  StompSession* find(std::uint64_t session) const;
  std::string make_id();  // that nobody guesses

  // Operations on queues, from this loop; they are done where the queue's home is.
  struct Publish {
    std::string queue;
    stomp::MessagePtr message;
    bool existing = false;  // it must be there
    StompReply reply{};
  };
  void publish(Publish what);
  struct Subscribe {
    std::string queue;
    stomp::ConsumerId consumer;
    std::size_t prefetch;
    std::optional<stomp::Selector> selector{};
    bool existing = false;
    StompReply reply{};
  };
  void subscribe(Subscribe what);
  struct Settle {
    std::string queue;
    stomp::ConsumerId consumer;
    std::vector<stomp::Queue::Tag> tags;
    enum class How : std::uint8_t { accept, requeue, discard } how = How::accept;
    StompReply reply{};
  };
  void settle(Settle what);
  struct Leave {
    std::string queue;
    stomp::ConsumerId consumer;
    bool lost = false;
    StompReply reply{};
  };
  void leave(Leave what);

  // Of a relay: where its broker is, null while it is away; and how many clients are handed over.
  std::shared_ptr<const BrokerAddress> relayed_to;
  std::size_t relayed = 0;

  stomp::Frame frame;  // for the decoders of this loop
  std::string head;    // for the length of one call
  std::string text;    // likewise: a whole frame

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  using Deliveries = std::vector<stomp::Queue::Delivery>;

  template <class What>
  void at_home(What what, void (StompLoop::*run)(What&));
  void run_publish(Publish& what);
  void run_subscribe(Subscribe& what);
  void run_settle(Settle& what);
  void run_leave(Leave& what);
  Result<stomp::Queue*> queue(std::string_view name, bool existing);
  void reply(const StompReply& to, const Result<void>& outcome);
  void distribute(std::string_view name, stomp::Queue::Output& out);
  void deliver_from(std::string_view name, const Deliveries& deliveries);
  bool deliver(std::string_view name, const stomp::Queue::Delivery& delivery);
  void bury(std::string_view name, std::vector<stomp::Queue::Dead> dead);

  StompBroker& broker_;
  Worker& worker_;
  std::uint64_t next_session_ = 1;
  boost::unordered_flat_map<std::uint64_t, StompSession*> sessions_;
  boost::unordered_flat_map<std::string, std::unique_ptr<stomp::Queue>, StringHash, std::equal_to<>>
      queues_;
};

}  // namespace naru::server
