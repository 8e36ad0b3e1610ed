#include "server/stomp_subscription.hpp"

#include "server/message_publication.hpp"
#include "server/stomp_formats.hpp"
#include "server/stomp_session.hpp"

namespace naru::server {

// The hub knows topics and beginnings; of a pattern the rest is looked at here.
void StompSubscription::listen(hub::Hub& topics, std::string_view key,
                               stomp::Destination::Kind kind) {
  topics.add(*this);
  stomp::Pattern pattern(key);
  if (kind == stomp::Destination::Kind::user || pattern.literal()) {
    topics.join(*this, key);
    return;
  }
  topics.join_prefix(*this, pattern.prefix());
  pattern_ = std::move(pattern);
}

bool StompSubscription::wants(const hub::Publication& publication) const {
  if (!pattern_ && !selector_) return true;
  const auto& message = static_cast<const MessagePublication&>(publication);
  // No wildcard stands for the topics of users.
  if (pattern_ && (message.topic().starts_with('$') || !pattern_->matches(message.topic()))) {
    return false;
  }
  return !selector_ ||
         selector_->matches([&](std::string_view name) { return stomp_header(message, name); });
}

hub::WireFormat StompSubscription::wire_format(const hub::Publication& publication) const {
  if (!wants(publication)) return wire::stomp_unwanted;
  const bool binary = static_cast<const MessagePublication&>(publication).message().binary;
  return binary && session_.text_only() ? wire::stomp_text_of(session_.version())
                                        : wire::stomp_of(session_.version());
}

hub::Delivered StompSubscription::deliver(const SharedBytes& bytes,
                                          const hub::Publication& publication,
                                          hub::Delivery delivery) {
  return session_.deliver(*subscription_, bytes,
                          static_cast<const MessagePublication&>(publication), delivery);
}

}  // namespace naru::server
