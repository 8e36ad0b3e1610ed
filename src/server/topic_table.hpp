#pragma once

#include "base/random.hpp"
#include "hub/history.hpp"
#include "hub/presence.hpp"
#include "naru/push.hpp"
#include "server/message_publication.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

class Worker;
struct State;

// Names one incarnation of what is numbered.
std::string make_epoch(Random& random);

// How topics behave, by the longest prefix that fits, and the histories of those that keep one. A
// topic is at home on one loop, by its hash: only there are its publications numbered and kept, and
// from there they go to all loops. So they have one order everywhere, and what a subscriber is
// given out of the history ends exactly where what its loop delivers to it begins.
class TopicTable {
 public:
  explicit TopicTable(State& state);
  ~TopicTable();

  struct Rule {
    std::string prefix;
    TopicOptions options;
    hub::HistoryLimits limits{};
    hub::PresenceLimits presence{};
  };
  // "$presence:prices" has the rule of "prices".
  const Rule& rule(std::string_view topic) const;

  // Before the start. Throws std::invalid_argument for the same prefix again.
  void add(std::string_view prefix, TopicOptions options);
  const TopicOptions& options(std::string_view topic) const { return rule(topic).options; }
  bool keeps(std::string_view topic) const;
  // Whether its publications go by its home.
  bool ordered(std::string_view topic) const;
  // Whether it can be asked who is there.
  bool keeps_presence(std::string_view topic) const { return options(topic).presence.members > 0; }
  Worker& home(std::string_view topic) const;

  // On the topic's home: numbers it and keeps it.
  void keep(Worker& home, const std::shared_ptr<MessagePublication>& publication);

  struct Query {
    std::string topic;
    std::optional<hub::Position> from{};  // none: only where the history stands
    bool latest = false;                  // the newest ones instead
    std::size_t most = SIZE_MAX;
  };
  // Asks the topic's home, and tells it on the loop of `here`, which must be the caller's: then all
  // that the answer holds has come before what a subscriber gets that joins there and then. Of a
  // topic without history, an empty answer.
  void ask(Worker& here, Query query, std::function<void(hub::History::Replay)> done);

  // Topics with a history on one loop; above it, the one that was silent for longest is forgotten.
  static constexpr std::size_t kTopics = 10'000;

 private:
  struct Shelf;  // the histories of one loop
  hub::History& history(Worker& home, const std::string& topic);

  State& state_;
  std::vector<std::unique_ptr<Rule>> rules_;     // the longest prefix first; the last fits all
  std::vector<std::unique_ptr<Shelf>> shelves_;  // by loop, which alone sees it
};

}  // namespace naru::server
