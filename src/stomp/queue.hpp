#pragma once

#include "naru/result.hpp"
#include "stomp/frame.hpp"
#include "stomp/selector.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp {

// A message in a queue. Immutable, so that loops share it.
struct Message {
  std::string destination{};
  Headers headers{};
  std::string body{};

  std::optional<std::string_view> find(std::string_view header) const;
  std::size_t bytes() const;  // in memory
};
using MessagePtr = std::shared_ptr<const Message>;

struct QueueLimits {
  std::size_t messages = 100'000;
  std::size_t bytes = std::size_t{64} << 20U;
  // What gives way when a message does not fit: it, with an error, or the oldest ready one.
  enum class Full : std::uint8_t { reject, drop_oldest };
  Full full = Full::reject;
  std::size_t redeliveries = 20;  // then a message is dead
};

// Whom a queue delivers to: a subscription of a session of a loop.
struct ConsumerId {
  unsigned loop = 0;
  std::uint64_t session = 0;
  std::uint32_t subscription = 0;
  auto operator<=>(const ConsumerId&) const = default;
};

// One queue: each message goes to one of the consumers. The life of a message:
//
//    publish()                          accept()
//   -----------> ready -----> unacknowledged -----> gone
//                  ^                | return: reject(), fail(), unsubscribe()
//                  +--- requeued <--+
//                                   +-----> dead: rejected for good, too many redeliveries, no room
//
// A requeued message is ready again, at its old place. Messages that are ready are ordered by age.
// Pure: what is to be sent is in an Output.
class Queue {
 public:
  using Tag = std::uint64_t;  // a message within its queue, ascending

  struct Delivery {
    ConsumerId consumer;
    Tag tag;
    MessagePtr message;
    bool redelivered;
  };
  enum class Death : std::uint8_t { rejected, redelivered, no_room };
  struct Dead {
    MessagePtr message;
    Death death;
  };
  struct Output {
    std::vector<Delivery> deliveries{};
    std::vector<Dead> dead{};
  };

  explicit Queue(const QueueLimits& limits) : limits_(&limits) {}

  // Errors: too_many (the queue is full).
  Result<void> publish(MessagePtr message, Output& out);

  // `prefetch`: so many may be unacknowledged.
  void subscribe(const ConsumerId& consumer, std::size_t prefetch, std::optional<Selector> selector,
                 Output& out);
  // In order: what it has goes back, and this is no redelivery that counts.
  void unsubscribe(const ConsumerId& consumer, Output& out) { leave(consumer, false, out); }
  // It was lost: as if it had rejected all that it has.
  void fail(const ConsumerId& consumer, Output& out) { leave(consumer, true, out); }

  // A consumer or a tag that is not known any more is passed over: it crossed with something.
  void accept(const ConsumerId& consumer, Tag tag, Output& out);
  enum class Return : std::uint8_t { requeue, discard };
  void reject(const ConsumerId& consumer, Tag tag, Return how, Output& out);

  // Nothing would be lost with it.
  bool idle() const { return messages_ == 0 && consumers_.empty(); }
  std::size_t messages() const { return messages_; }
  std::size_t ready() const { return ready_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t consumers() const { return consumers_.size(); }

 private:
  struct Held {
    MessagePtr message;
    std::size_t returns = 0;  // that count
    bool redelivered = false;
  };
  struct Consumer {
    std::size_t prefetch = 1;
    std::optional<Selector> selector{};
    Tag seen = 0;  // what is ready and older does not fit its selector
    std::map<Tag, Held> unacknowledged{};

    bool wants(const Held& held) const;
  };
  using Consumers = std::map<ConsumerId, Consumer>;

  bool make_room(std::size_t bytes, Output& out);
  void offer(Tag tag, Output& out);
  void feed(Consumers::iterator consumer, Output& out);
  void deliver(std::map<Tag, Held>::iterator ready, Consumers::iterator consumer, Output& out);
  void give_back(Tag tag, Held held, bool counts, Output& out);
  void bury(Held held, Death death, Output& out);
  void forget(const Held& held);
  void leave(const ConsumerId& consumer, bool counts, Output& out);

  const QueueLimits* limits_;
  Tag next_tag_ = 1;
  std::size_t messages_ = 0;  // ready and unacknowledged
  std::size_t bytes_ = 0;
  std::map<Tag, Held> ready_;
  Consumers consumers_;
  ConsumerId last_served_{};
};

}  // namespace naru::stomp
