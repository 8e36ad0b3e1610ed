#include "hub/idempotency.hpp"

namespace naru::hub {

Idempotency::Claim Idempotency::claim(std::string_view key, std::string_view digest, Instant now) {
  while (!order_.empty() && now - order_.front().first > limits_.age) {
    entries_.erase(order_.front().second);
    order_.pop_front();
  }
  const std::string name(key);
  if (const auto found = entries_.find(name); found != entries_.end()) {
    const Entry& entry = found->second;
    if (entry.digest != digest) return {Verdict::other};
    if (!entry.done) return {Verdict::running};
    return {Verdict::done, entry.answer};
  }
  if (limits_.keys == 0) return {Verdict::fresh};
  if (entries_.size() == limits_.keys) {
    entries_.erase(order_.front().second);
    order_.pop_front();
  }
  entries_.emplace(name, Entry{.digest = std::string(digest), .answer = {}});
  order_.emplace_back(now, name);
  return {Verdict::fresh};
}

void Idempotency::finish(std::string_view key, std::string answer) {
  const auto found = entries_.find(std::string(key));
  if (found == entries_.end()) return;  // forgotten meanwhile
  found->second.answer = std::move(answer);
  found->second.done = true;
}

}  // namespace naru::hub
