#include "stomp/queue.hpp"

#include <algorithm>
#include <utility>

namespace naru::stomp {

std::optional<std::string_view> Message::find(std::string_view header) const {
  for (const auto& [name, value] : headers) {
    if (name == header) return value;
  }
  return std::nullopt;
}

std::size_t Message::bytes() const {
  std::size_t total = sizeof(*this) + destination.size() + body.size();
  for (const auto& [name, value] : headers)
    total += sizeof(headers[0]) + name.size() + value.size();
  return total;
}

bool Queue::Consumer::wants(const Held& held) const {
  if (unacknowledged.size() >= prefetch) return false;
  if (!selector) return true;
  return selector->matches([&](std::string_view name) { return held.message->find(name); });
}

Result<void> Queue::publish(MessagePtr message, Output& out) {
  const std::size_t bytes = message->bytes();
  if (!make_room(bytes, out)) return Error{Errc::too_many, "queue is full"};
  ++messages_;
  bytes_ += bytes;
  const Tag tag = next_tag_++;
  ready_.emplace_hint(ready_.end(), tag, Held{.message = std::move(message)});
  offer(tag, out);
  return {};
}

bool Queue::make_room(std::size_t bytes, Output& out) {
  if (bytes > limits_->bytes) return false;
  while (messages_ >= limits_->messages || bytes > limits_->bytes - bytes_) {
    if (limits_->full == QueueLimits::Full::reject || ready_.empty()) return false;
    auto oldest = ready_.extract(ready_.begin());
    bury(std::move(oldest.mapped()), Death::no_room, out);
  }
  return true;
}

// To the next consumer, behind the one that was served last, that has room and wants it.
void Queue::offer(Tag tag, Output& out) {
  const auto ready = ready_.find(tag);
  auto next = consumers_.upper_bound(last_served_);
  for (std::size_t i = 0; i < consumers_.size(); ++i, ++next) {
    if (next == consumers_.end()) next = consumers_.begin();
    if (next->second.wants(ready->second)) return deliver(ready, next, out);
  }
}

// What is ready and it wants, as far as it has room.
void Queue::feed(Consumers::iterator consumer, Output& out) {
  Consumer& to = consumer->second;
  auto next = ready_.lower_bound(to.seen);
  while (next != ready_.end() && to.unacknowledged.size() < to.prefetch) {
    const auto ready = next++;
    to.seen = ready->first + 1;
    if (to.wants(ready->second)) deliver(ready, consumer, out);
  }
}

void Queue::deliver(std::map<Tag, Held>::iterator ready, Consumers::iterator consumer,
                    Output& out) {
  last_served_ = consumer->first;
  const Held& held = ready->second;
  out.deliveries.push_back({consumer->first, ready->first, held.message, held.redelivered});
  consumer->second.unacknowledged.insert(ready_.extract(ready));
}

void Queue::subscribe(const ConsumerId& consumer, std::size_t prefetch,
                      std::optional<Selector> selector, Output& out) {
  const auto [added, fresh] = consumers_.try_emplace(consumer);
  if (!fresh) return;
  added->second.prefetch = std::max<std::size_t>(prefetch, 1);
  added->second.selector = std::move(selector);
  feed(added, out);
}

void Queue::accept(const ConsumerId& consumer, Tag tag, Output& out) {
  const auto found = consumers_.find(consumer);
  if (found == consumers_.end()) return;
  const auto node = found->second.unacknowledged.extract(tag);
  if (node.empty()) return;
  forget(node.mapped());
  feed(found, out);
}

void Queue::reject(const ConsumerId& consumer, Tag tag, Return how, Output& out) {
  const auto found = consumers_.find(consumer);
  if (found == consumers_.end()) return;
  auto node = found->second.unacknowledged.extract(tag);
  if (node.empty()) return;
  if (how == Return::discard) {
    bury(std::move(node.mapped()), Death::rejected, out);
  } else {
    give_back(tag, std::move(node.mapped()), true, out);
  }
  feed(found, out);
}

void Queue::leave(const ConsumerId& consumer, bool counts, Output& out) {
  auto left = consumers_.extract(consumer);
  if (left.empty()) return;
  for (auto& [tag, held] : left.mapped().unacknowledged) {
    give_back(tag, std::move(held), counts, out);
  }
}

// Requeued, or dead.
void Queue::give_back(Tag tag, Held held, bool counts, Output& out) {
  held.redelivered = true;
  if (counts && ++held.returns > limits_->redeliveries) {
    return bury(std::move(held), Death::redelivered, out);
  }
  ready_.emplace(tag, std::move(held));
  for (auto& [id, consumer] : consumers_) consumer.seen = std::min(consumer.seen, tag);
  offer(tag, out);
}

void Queue::bury(Held held, Death death, Output& out) {
  forget(held);
  out.dead.push_back({std::move(held.message), death});
}

void Queue::forget(const Held& held) {
  --messages_;
  bytes_ -= held.message->bytes();
}

}  // namespace naru::stomp
