#include "hub/hub.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace naru::hub {

// The encodings of one publication, made when the first subscriber of their format is met.
class Hub::Encodings {
 public:
  const SharedBytes& of(WireFormat format, const Publication& publication) {
    SharedBytes& bytes = encoded_[format];
    if (!bytes) bytes = publication.encode(format);
    return bytes;
  }

 private:
  std::array<SharedBytes, kWireFormats> encoded_;
};

Subscriber::~Subscriber() {
  if (hub_ != nullptr) hub_->remove(*this);
}

Hub::~Hub() {
  while (!everybody_.empty()) remove(*everybody_.back());
}

void Hub::add(Subscriber& subscriber, std::string id) {
  NARU_ASSERT(subscriber.hub_ == nullptr);
  subscriber.hub_ = this;
  subscriber.index_ = static_cast<std::uint32_t>(everybody_.size());
  everybody_.push_back(&subscriber);
  if (!id.empty()) by_id_.insert_or_assign(id, &subscriber);
  subscriber.id_ = std::move(id);
}

void Hub::remove(Subscriber& subscriber) {
  if (subscriber.hub_ != this) return;
  leave_all(subscriber);
  Subscriber* last = everybody_.back();
  everybody_[subscriber.index_] = last;
  last->index_ = subscriber.index_;
  everybody_.pop_back();
  if (!subscriber.id_.empty()) by_id_.erase(subscriber.id_);
  subscriber.hub_ = nullptr;
}

Subscriber* Hub::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void Hub::join(Subscriber& subscriber, std::string_view topic) {
  if (subscriber.hub_ != this || topic == subscriber.id_) return;
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    found = topics_.emplace(std::string(topic), std::make_unique<Topic>()).first;
    found->second->name = topic;
  }
  Topic* joined = found->second.get();
  const auto is_member = [&](const Subscriber::Membership& m) { return m.topic == joined; };
  if (std::any_of(subscriber.topics_.begin(), subscriber.topics_.end(), is_member)) return;
  subscriber.topics_.push_back({joined, static_cast<std::uint32_t>(joined->members.size())});
  joined->members.push_back(&subscriber);
}

void Hub::leave(Subscriber& subscriber, std::string_view topic) {
  for (std::size_t i = 0; i < subscriber.topics_.size(); ++i) {
    if (subscriber.topics_[i].topic->name == topic) return drop(subscriber, i);
  }
}

void Hub::leave_all(Subscriber& subscriber) {
  while (!subscriber.topics_.empty()) drop(subscriber, subscriber.topics_.size() - 1);
}

// Ends one membership: the last member of the topic takes the vacant place.
void Hub::drop(Subscriber& subscriber, std::size_t membership) {
  const auto [topic, index] = subscriber.topics_[membership];
  Subscriber* last = topic->members.back();
  const auto old_index = static_cast<std::uint32_t>(topic->members.size() - 1);
  topic->members[index] = last;
  topic->members.pop_back();
  for (Subscriber::Membership& other : last->topics_) {
    if (other.topic == topic && other.index == old_index) other.index = index;
  }
  subscriber.topics_[membership] = subscriber.topics_.back();
  subscriber.topics_.pop_back();
  if (topic->members.empty()) topics_.erase(topics_.find(topic->name));
}

std::vector<std::string> Hub::topics_of(const Subscriber& subscriber) const {
  std::vector<std::string> names;
  names.reserve(subscriber.topics_.size());
  for (const auto& membership : subscriber.topics_) names.push_back(membership.topic->name);
  return names;
}

std::size_t Hub::size_of(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second->members.size();
}

std::size_t Hub::publish(const Publication& publication, const Audience& audience) {
  ++publications_;
  except(audience);
  Encodings encodings;
  std::size_t reached = 0;
  const auto reach_each = [&](const std::vector<Subscriber*>& members) {
    for (Subscriber* member : members) {
      reach(*member, publication, audience.delivery, encodings, reached);
    }
  };
  if (audience.topics.empty()) reach_each(everybody_);
  for (const std::string& topic : audience.topics) {
    if (const auto found = topics_.find(topic); found != topics_.end()) {
      reach_each(found->second->members);
    }
    if (Subscriber* single = find(topic)) {
      reach(*single, publication, audience.delivery, encodings, reached);
    }
  }
  return reached;
}

// Marks the excepted as reached, so that the publication passes them by.
void Hub::except(const Audience& audience) {
  for (const std::string& topic : audience.except) {
    if (const auto found = topics_.find(topic); found != topics_.end()) {
      for (Subscriber* member : found->second->members) member->reached_ = publications_;
    }
    if (Subscriber* single = find(topic)) single->reached_ = publications_;
  }
}

void Hub::reach(Subscriber& subscriber, const Publication& publication, Delivery delivery,
                Encodings& encodings, std::size_t& reached) {
  if (subscriber.reached_ == publications_) return;
  subscriber.reached_ = publications_;
  const SharedBytes& bytes = encodings.of(subscriber.wire_format(), publication);
  if (!bytes) return;  // this protocol cannot say it
  subscriber.deliver(bytes, delivery);
  ++reached;
}

}  // namespace naru::hub
