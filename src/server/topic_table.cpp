#include "server/topic_table.hpp"

#include "server/presence_table.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace naru::server {
namespace {

constexpr Duration kSweep = std::chrono::seconds(10);

}  // namespace

std::string make_epoch(Random& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz012345";
  std::array<unsigned char, 6> bytes;
  random.fill(bytes);
  std::string epoch;
  for (const unsigned char byte : bytes) epoch += kLetters[byte % kLetters.size()];
  return epoch;
}

struct TopicTable::Shelf {
  boost::unordered_flat_map<std::string, std::unique_ptr<hub::History>> histories;
  Instant swept{};
};

TopicTable::TopicTable(State& state) : state_(state) {
  rules_.push_back(std::make_unique<Rule>());
  for (std::size_t i = 0; i < state.workers.size(); ++i) {
    shelves_.push_back(std::make_unique<Shelf>());
  }
}

TopicTable::~TopicTable() = default;

void TopicTable::add(std::string_view prefix, TopicOptions options) {
  const auto same = std::find_if(rules_.begin(), rules_.end(), [prefix](const auto& rule) {
    return !prefix.empty() && rule->prefix == prefix;
  });
  if (same != rules_.end()) throw std::invalid_argument("naru: topics: the same prefix again");
  const hub::HistoryLimits limits{
      .count = options.history.count, .bytes = options.history.bytes, .age = options.history.age};
  const PresenceOptions& who = options.presence;
  const hub::PresenceLimits presence{.members = who.members,
                                     .bytes = who.bytes,
                                     .connections = who.connections,
                                     .linger = who.linger,
                                     .count_interval = who.count_interval};
  if (prefix.empty()) {
    *rules_.back() = Rule{{}, std::move(options), limits, presence};
    return;
  }
  const auto behind = std::find_if(rules_.begin(), rules_.end(), [prefix](const auto& rule) {
    return rule->prefix.size() < prefix.size();
  });
  rules_.insert(behind, std::make_unique<Rule>(
                            Rule{std::string(prefix), std::move(options), limits, presence}));
}

const TopicTable::Rule& TopicTable::rule(std::string_view topic) const {
  if (const auto base = presence_of(topic); !base.empty()) topic = base;
  return **std::find_if(rules_.begin(), rules_.end(),
                        [topic](const auto& rule) { return topic.starts_with(rule->prefix); });
}

bool TopicTable::keeps(std::string_view topic) const {
  return presence_of(topic).empty() && options(topic).history.count > 0;
}

bool TopicTable::ordered(std::string_view topic) const {
  return keeps(topic) || (presence_of(topic).empty() && options(topic).socketio);
}

Worker& TopicTable::home(std::string_view topic) const {
  if (const auto base = presence_of(topic); !base.empty()) topic = base;
  return *state_.workers[std::hash<std::string_view>()(topic) % state_.workers.size()];
}

hub::History& TopicTable::history(Worker& home, const std::string& topic) {
  Shelf& shelf = *shelves_[home.index()];
  const auto found = shelf.histories.find(topic);
  if (found != shelf.histories.end()) return *found->second;
  if (shelf.histories.size() >= kTopics) {
    const auto silent = std::min_element(
        shelf.histories.begin(), shelf.histories.end(),
        [](const auto& a, const auto& b) { return a.second->used() < b.second->used(); });
    shelf.histories.erase(silent);
  }
  auto made = std::make_unique<hub::History>(rule(topic).limits, make_epoch(home.random));
  return *shelf.histories.emplace(topic, std::move(made)).first->second;
}

void TopicTable::keep(Worker& home, const std::shared_ptr<MessagePublication>& publication) {
  const Instant now = home.loop.now();
  Shelf& shelf = *shelves_[home.index()];
  if (now - shelf.swept >= kSweep) {
    shelf.swept = now;
    for (const auto& [topic, each] : shelf.histories) each->expire(now);
  }
  hub::History& log = history(home, publication->topic());
  publication->place(log.epoch(), log.next_offset());
  log.append(publication, publication->bytes(), now);
}

void TopicTable::ask(Worker& here, Query query, std::function<void(hub::History::Replay)> done) {
  const std::string present(presence_of(query.topic));
  if (!keeps(query.topic) && (present.empty() || !keeps_presence(present))) {
    return done({.recovered = true});
  }
  Worker& owner = home(query.topic);
  const auto read = [this, &owner, present, query = std::move(query)] {
    if (!present.empty()) return state_.presence_table->read(present, query.from);
    hub::History& log = history(owner, query.topic);
    const Instant now = owner.loop.now();
    if (query.latest) return log.latest(now, query.most);
    return log.since(query.from.value_or(log.position()), now, query.most);
  };
  if (&owner == &here) return done(read());
  owner.loop.post([read, &here, done = std::move(done)] {
    here.loop.post([done, replay = read()]() mutable { done(std::move(replay)); });
  });
}

}  // namespace naru::server
