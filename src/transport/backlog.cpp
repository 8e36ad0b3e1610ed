#include "transport/backlog.hpp"

#include "base/assert.hpp"

#include <memory>
#include <utility>

namespace naru::transport {

HeldMessage hold(std::string_view data, bool binary, bool compress, std::string_view key) {
  HeldMessage held{.binary = binary, .compress = compress, .key = std::string(key)};
  held.owner = std::make_shared<const std::string>(data);
  held.data = *held.owner;
  return held;
}

Backlog::Taken Backlog::push(HeldMessage&& message, std::size_t room, Full full,
                             std::vector<HeldMessage>& gone) {
  const std::size_t bytes = message.bytes();
  if (bytes > room) return Taken::no;
  if (full != Full::keep_latest) message.key.clear();
  const auto same = by_key_.find(message.key);
  if (same != by_key_.end()) {
    replace(same->second, std::move(message), room, gone);
    return Taken::replaced;
  }
  if (full == Full::drop_newest && bytes_ + bytes > room) return Taken::no;
  while (bytes_ + bytes > room) gone.push_back(pop());
  append(std::move(message));
  return Taken::yes;
}

void Backlog::append(HeldMessage message) {
  if (!message.key.empty()) by_key_.insert_or_assign(message.key, popped_ + messages_.size());
  bytes_ += message.bytes();
  messages_.push_back(std::move(message));
}

// Puts `message` where the one with that number is. When it has grown so much that others have to
// go for it, and its own turn comes among them, it goes to the end.
void Backlog::replace(std::uint64_t number, HeldMessage message, std::size_t room,
                      std::vector<HeldMessage>& gone) {
  HeldMessage& place = messages_[static_cast<std::size_t>(number - popped_)];
  bytes_ += message.bytes();
  bytes_ -= place.bytes();
  gone.push_back(std::exchange(place, std::move(message)));
  while (bytes_ > room) {
    const bool itself = popped_ == number;
    HeldMessage oldest = pop();
    if (itself) {
      append(std::move(oldest));
    } else {
      gone.push_back(std::move(oldest));
    }
  }
}

HeldMessage Backlog::pop() {
  NARU_ASSERT(!messages_.empty());
  HeldMessage oldest = std::move(messages_.front());
  messages_.pop_front();
  bytes_ -= oldest.bytes();
  if (const auto found = by_key_.find(oldest.key); found != by_key_.end()) {
    if (found->second == popped_) by_key_.erase(found);
  }
  ++popped_;
  return oldest;
}

}  // namespace naru::transport
