#include "hub/hub.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace naru::hub {
namespace {

// More than this does not wait: its joined encodings are copies.
constexpr std::size_t kPostedAtMost = 64;
constexpr std::size_t kPostedBytes = 65536;
constexpr std::size_t kSlice = 256;  // receivers between two pauses

}  // namespace

void Outcome::add(Delivered what) {
  switch (what) {
    case Delivered::sent:
      ++sent;
      return;
    case Delivered::blocked:
      ++blocked;
      return;
    case Delivered::dropped:
      ++dropped;
      return;
    case Delivered::closed:
      ++closed;
      return;
  }
}

Burst::Encodings& Burst::in(WireFormat format) {
  const auto found =
      std::find_if(formats_.begin(), formats_.end(),
                   [format](const Encodings& known) { return known.format == format; });
  if (found != formats_.end()) return *found;
  return formats_.emplace_back(Encodings{.format = format, .each{size(), SharedBytes()}});
}

const SharedBytes& Burst::encoded(std::size_t i, WireFormat format) {
  SharedBytes& bytes = in(format).each[i];
  if (!bytes) bytes = (*this)[i].encode(format);
  return bytes;
}

const SharedBytes& Burst::joined(WireFormat format) {
  if (size() == 1) return encoded(0, format);
  SharedBytes& joined = in(format).joined;
  if (joined) return joined;
  std::string all;
  for (std::size_t i = 0; i < size(); ++i) {
    const SharedBytes& one = encoded(i, format);
    if (!one) return joined;
    all += *one;
  }
  joined = std::make_shared<const std::string>(std::move(all));
  return joined;
}

void Subscriber::deliver_all(Burst& burst) {
  for (std::size_t i = 0; i < burst.size(); ++i) {
    const SharedBytes& bytes = burst.encoded(i, wire_format(burst[i]));
    if (bytes) burst.took(i, deliver(bytes, burst[i], burst.delivery()));
  }
}

// One burst on its way to its receivers, each of whom it reaches once.
class Hub::Round {
 public:
  using Pause = std::function<void()>;
  Round(Burst& burst, std::uint64_t number, const Pause* pause = nullptr)
      : burst_(burst), number_(number), pause_(pause) {}

  void reach(Subscriber& subscriber) {
    if (std::exchange(subscriber.entry_->reached, number_) != number_) deliver(subscriber);
  }
  void reach(const std::vector<Subscriber*>& members) {
    for (Subscriber* member : members) reach(*member);
  }
  void deliver(Subscriber& subscriber) {
    subscriber.deliver_all(burst_);
    if (++receivers_ % kSlice == 0 && pause_ != nullptr) (*pause_)();
  }

 private:
  Burst& burst_;
  std::uint64_t number_;
  const Pause* pause_;
  std::size_t receivers_ = 0;
};

Subscriber::Subscriber() = default;

Subscriber::~Subscriber() {
  if (entry_) entry_->hub->remove(*this);
}

Hub::~Hub() {
  while (!everybody_.empty()) remove(*everybody_.back());
}

void Hub::add(Subscriber& subscriber, std::string id) {
  NARU_ASSERT(!subscriber.entry_);
  deliver();
  subscriber.entry_ = std::make_unique<Subscriber::Entry>(
      Subscriber::Entry{.hub = this,
                        .index = static_cast<std::uint32_t>(everybody_.size()),
                        .number = ++numbers_,
                        .id = std::move(id),
                        .topics = {}});
  everybody_.push_back(&subscriber);
  const std::string_view kept = subscriber.entry_->id;
  if (!kept.empty()) {
    by_id_.erase(kept);  // its key was another's
    by_id_.emplace(kept, &subscriber);
  }
}

// It may be half destroyed: what has been posted does not reach it any more.
std::uint64_t Hub::number_of(const Subscriber& subscriber) const {
  return has(subscriber) ? subscriber.entry_->number : 0;
}

Subscriber* Hub::find_number(std::uint64_t number) const {
  for (Subscriber* each : everybody_) {
    if (each->entry_->number == number) return each;
  }
  return nullptr;
}

void Hub::remove(Subscriber& subscriber) {
  if (!has(subscriber)) return;
  for (Posted& posted : posted_) {
    if (posted.except == &subscriber) posted.except = nullptr;
  }
  drop_all(subscriber);
  const std::unique_ptr<Subscriber::Entry> entry = std::move(subscriber.entry_);
  Subscriber* last = everybody_.back();
  everybody_[entry->index] = last;
  if (last != &subscriber) last->entry_->index = entry->index;
  everybody_.pop_back();
  if (!entry->id.empty()) by_id_.erase(entry->id);
}

Subscriber* Hub::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

bool Hub::has(const Subscriber& subscriber) const {
  return subscriber.entry_ && subscriber.entry_->hub == this;
}

bool Hub::join(Subscriber& subscriber, std::string_view topic) {
  if (!has(subscriber) || topic == subscriber.entry_->id) return false;
  return join(topics_, subscriber, topic, false);
}

void Hub::join_prefix(Subscriber& subscriber, std::string_view prefix) {
  if (has(subscriber)) join(prefixes_, subscriber, prefix, true);
}

bool Hub::join(Topics& topics, Subscriber& subscriber, std::string_view name, bool prefix) {
  deliver();
  auto found = topics.find(name);
  if (found == topics.end()) {
    auto made = std::make_unique<Topic>(Topic{std::string(name), prefix, {}});
    found = topics.emplace(std::string(name), std::move(made)).first;
    if (prefix) count_prefix(name.size());
  }
  Topic* joined = found->second.get();
  auto& memberships = subscriber.entry_->topics;
  const auto is_member = [&](const Subscriber::Membership& m) { return m.topic == joined; };
  if (std::any_of(memberships.begin(), memberships.end(), is_member)) return false;
  memberships.push_back({joined, static_cast<std::uint32_t>(joined->members.size())});
  joined->members.push_back(&subscriber);
  return true;
}

bool Hub::leave(Subscriber& subscriber, std::string_view topic) {
  return leave(subscriber, topic, false);
}

void Hub::leave_prefix(Subscriber& subscriber, std::string_view prefix) {
  leave(subscriber, prefix, true);
}

bool Hub::leave(Subscriber& subscriber, std::string_view name, bool prefix) {
  if (!has(subscriber)) return false;
  deliver();
  const auto& memberships = subscriber.entry_->topics;
  for (std::size_t i = 0; i < memberships.size(); ++i) {
    const Topic& topic = *memberships[i].topic;
    if (topic.prefix != prefix || topic.name != name) continue;
    drop(subscriber, i);
    return true;
  }
  return false;
}

void Hub::leave_all(Subscriber& subscriber) {
  if (!has(subscriber)) return;
  deliver();
  drop_all(subscriber);
}

void Hub::drop_all(Subscriber& subscriber) {
  const auto& memberships = subscriber.entry_->topics;
  while (!memberships.empty()) drop(subscriber, memberships.size() - 1);
}

// Ends one membership: the last member of the topic takes the vacant place.
void Hub::drop(Subscriber& subscriber, std::size_t membership) {
  auto& memberships = subscriber.entry_->topics;
  const auto [topic, index] = memberships[membership];
  Subscriber* last = topic->members.back();
  const auto old_index = static_cast<std::uint32_t>(topic->members.size() - 1);
  topic->members[index] = last;
  topic->members.pop_back();
  for (Subscriber::Membership& other : last->entry_->topics) {
    if (other.topic == topic && other.index == old_index) other.index = index;
  }
  memberships[membership] = memberships.back();
  memberships.pop_back();
  if (!topic->members.empty()) return;
  if (topic->prefix) forget_prefix(topic->name.size());
  Topics& topics = topic->prefix ? prefixes_ : topics_;
  topics.erase(topics.find(topic->name));
}

void Hub::count_prefix(std::size_t bytes) {
  const auto at = std::lower_bound(prefix_lengths_.begin(), prefix_lengths_.end(), bytes,
                                   [](const Length& l, std::size_t b) { return l.bytes < b; });
  if (at != prefix_lengths_.end() && at->bytes == bytes) {
    ++at->prefixes;
  } else {
    prefix_lengths_.insert(at, {bytes, 1});
  }
}

void Hub::forget_prefix(std::size_t bytes) {
  const auto at = std::find_if(prefix_lengths_.begin(), prefix_lengths_.end(),
                               [&](const Length& length) { return length.bytes == bytes; });
  if (--at->prefixes == 0) prefix_lengths_.erase(at);
}

std::vector<std::string> Hub::topics_of(const Subscriber& subscriber) const {
  std::vector<std::string> names;
  if (!has(subscriber)) return names;
  names.reserve(subscriber.entry_->topics.size());
  for (const auto& membership : subscriber.entry_->topics) {
    if (!membership.topic->prefix) names.push_back(membership.topic->name);
  }
  return names;
}

std::size_t Hub::size_of(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : found->second->members.size();
}

std::vector<std::pair<std::string, std::size_t>> Hub::topics() const {
  std::vector<std::pair<std::string, std::size_t>> all;
  all.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) all.emplace_back(name, topic->members.size());
  return all;
}

std::vector<Subscriber*> Hub::select(const Audience& audience) {
  ++publications_;
  except(audience);
  std::vector<Subscriber*> selected;
  const auto take = [&](Subscriber* subscriber) {
    if (std::exchange(subscriber->entry_->reached, publications_) != publications_) {
      selected.push_back(subscriber);
    }
  };
  if (audience.topics.empty()) {
    for (Subscriber* each : everybody_) take(each);
  }
  for (const std::string& topic : audience.topics) {
    if (const auto found = topics_.find(topic); found != topics_.end()) {
      for (Subscriber* member : found->second->members) take(member);
    }
    if (Subscriber* single = find(topic)) take(single);
  }
  return selected;
}

Outcome Hub::publish(const Publication& publication, const Audience& audience) {
  deliver();
  const std::shared_ptr<void> no_owner;
  const Posted alone{.publication = {no_owner, &publication}, .to = {no_owner, &audience}};
  Burst burst({&alone, 1});
  deliver(burst, alone);
  return burst.outcome(0);
}

void Hub::post(Posted posted) {
  posted_bytes_ += posted.bytes;
  posted_.push_back(std::move(posted));
  if (posted_.size() == kPostedAtMost || posted_bytes_ >= kPostedBytes) deliver();
}

void Hub::deliver(const std::function<void()>& pause) {
  if (posted_.empty()) return;
  std::vector<Posted> all = std::exchange(delivering_, {});
  all.swap(posted_);
  posted_bytes_ = 0;
  for (std::size_t from = 0, to = 0; from < all.size(); from = to) {
    const Posted& first = all[from];
    const auto same = [&first](const Posted& other) {
      return other.except == first.except && (other.to == first.to || *other.to == *first.to);
    };
    for (to = from + 1; to < all.size() && same(all[to]);) ++to;
    Burst burst({&all[from], to - from});
    deliver(burst, first, pause);
    for (std::size_t i = from; i < to; ++i) {
      if (all[i].on_outcome) all[i].on_outcome(burst.outcome(i - from));
    }
  }
  all.clear();
  delivering_ = std::move(all);
}

// To whom all of it goes, `first` says.
void Hub::deliver(Burst& burst, const Posted& first, const std::function<void()>& pause) {
  const Audience& to = *first.to;
  Round round(burst, ++publications_, pause ? &pause : nullptr);
  // Where nobody can be met twice, the marks are left alone.
  if (to.topics.size() == 1 && to.except.empty() && prefixes_.empty() && by_id_.empty()) {
    if (const auto found = topics_.find(to.topics[0]); found != topics_.end()) {
      for (Subscriber* member : found->second->members) {
        if (member != first.except) round.deliver(*member);
      }
    }
    return;
  }
  except(to, first.except);
  if (to.topics.empty()) round.reach(everybody_);
  for (const std::string& topic : to.topics) reach_topic(topic, round);
}

void Hub::reach_topic(std::string_view topic, Round& round) const {
  if (const auto found = topics_.find(topic); found != topics_.end()) {
    round.reach(found->second->members);
  }
  for (const Length& length : prefix_lengths_) {
    if (length.bytes > topic.size()) break;
    const auto found = prefixes_.find(topic.substr(0, length.bytes));
    if (found != prefixes_.end()) round.reach(found->second->members);
  }
  if (Subscriber* single = find(topic)) round.reach(*single);
}

// Marks the excepted as reached, so that the publication passes them by.
void Hub::except(const Audience& audience, const Subscriber* besides) {
  if (besides != nullptr && has(*besides)) besides->entry_->reached = publications_;
  for (const std::string& topic : audience.except) {
    if (const auto found = topics_.find(topic); found != topics_.end()) {
      for (Subscriber* member : found->second->members) member->entry_->reached = publications_;
    }
    if (Subscriber* single = find(topic)) single->entry_->reached = publications_;
  }
}

}  // namespace naru::hub
