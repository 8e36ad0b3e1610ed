#pragma once

#include "hub/history.hpp"
#include "hub/presence.hpp"
#include "naru/result.hpp"
#include "naru/topic.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class TopicTable;
class Worker;
struct State;

// What happens to the presence of "prices" is published in the topic "$presence:prices", which is
// like any other: whoever may read the one may read the other, by every protocol.
inline constexpr std::string_view kPresencePrefix = "$presence:";
// The topic whose presence that is, or "".
std::string_view presence_of(std::string_view topic);
// ,"members":[{"client":...,"user":...,"info":...}]
std::string members_json(const PresenceReport& report);
// Errors: invalid_argument, for what Member does not allow.
Result<void> check_member(const Member& member);

// Who is in the topics that keep presence: each on the topic's home loop, like its history.
class PresenceTable {
 public:
  PresenceTable(State& state, const TopicTable& topics);
  ~PresenceTable();

  // Any thread; `member` is checked. Returns the number to leave with, 0 where the topic keeps no
  // presence.
  hub::Presence::Connection enter(const std::string& topic, Member member);
  void leave(const std::string& topic, hub::Presence::Connection connection);

  // Asks the topic's home, and tells it on the loop of `here`; nullptr: on the home itself.
  void report(const std::string& topic, Worker* here,
              std::function<void(const PresenceReport&)> done);

  // What somebody has to be told who reads "$presence:<topic>" and has come as far as `from`: how
  // things stand, if that is news. On the topic's home; see TopicTable::ask.
  hub::History::Replay read(const std::string& topic,
                            const std::optional<hub::Position>& from) const;

  // Of all that members have said on one loop, and of what it takes to remember them. Further ones
  // are not seen.
  static constexpr std::size_t kBytes = std::size_t{64} << 20U;

 private:
  class Room;
  struct Shelf;
  Shelf& shelf_of(const std::string& topic) const;
  template <class Task>
  void run_at_home(const std::string& topic, Task task);
  void enter_at_home(const std::string& topic, hub::Presence::Connection connection, Member member);

  State& state_;
  const TopicTable& topics_;
  std::atomic<hub::Presence::Connection> last_connection_{0};
  std::vector<std::unique_ptr<Shelf>> shelves_;  // by loop, which alone sees it
};

}  // namespace naru::server
