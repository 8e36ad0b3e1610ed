#include "server/presence_table.hpp"

#include "base/utf8.hpp"
#include "json/split.hpp"
#include "server/message_publication.hpp"
#include "server/state.hpp"
#include "server/topic_table.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace naru {

void Attendance::end() {
  const auto state = std::exchange(state_, {}).lock();
  if (state) state->presence_table->leave(topic_, connection_);
}

Attendance Topic::enter(Member member) const {
  if (const auto checked = server::check_member(member); !checked) {
    throw std::invalid_argument("naru: " + std::string(checked.error().text));
  }
  Attendance attendance;
  const auto state = state_.lock();
  if (!state) return attendance;
  attendance.connection_ = state->presence_table->enter(name_, std::move(member));
  if (attendance.connection_ == 0) return attendance;
  attendance.state_ = state_;
  attendance.topic_ = name_;
  return attendance;
}

void Topic::presence(std::function<void(const PresenceReport&)> done) const {
  const auto state = state_.lock();
  if (!state) return;
  server::Worker* here = server::Worker::current();
  if (here != nullptr && &here->state() != state.get()) here = nullptr;
  state->presence_table->report(
      name_, here, [state = state_, done = std::move(done)](const PresenceReport& report) {
        const auto alive = state.lock();
        if (alive) server::run_user_code(*alive, "protocol=presence", [&] { done(report); });
      });
}

namespace server {
namespace {

constexpr std::size_t kClientBytes = 64;
constexpr std::size_t kUserBytes = 100;
constexpr std::size_t kInfoBytes = 1024;
// What it takes to remember a topic, and a connection of a client.
constexpr std::size_t kEach = 256;

void append_member(std::string_view name, std::string_view text, std::string& out) {
  out.append(",\"").append(name).append("\":");
  json::append_string(text, out);
}

// Without the braces around it.
void append_member(const Member& member, std::string& out) {
  out += "\"client\":";
  json::append_string(member.client, out);
  if (!member.user.empty()) append_member("user", member.user, out);
  if (!member.info.empty()) out.append(",\"info\":").append(member.info);
}

std::string change_json(std::string_view what, std::size_t clients) {
  std::string out = "{\"change\":\"";
  return out.append(what).append("\",\"clients\":").append(std::to_string(clients));
}

}  // namespace

std::string_view presence_of(std::string_view topic) {
  return topic.starts_with(kPresencePrefix) ? topic.substr(kPresencePrefix.size())
                                            : std::string_view();
}

Result<void> check_member(const Member& member) {
  const auto is_name = [](std::string_view text, std::size_t limit) {
    return text.size() <= limit && is_utf8(text) &&
           std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  };
  if (member.client.empty() || !is_name(member.client, kClientBytes)) {
    return Error{Errc::invalid_argument, "'client' is no name of a client"};
  }
  if (!is_name(member.user, kUserBytes)) {
    return Error{Errc::invalid_argument, "'user' is no name of a user"};
  }
  if (member.info.empty()) return {};
  if (member.info.size() > kInfoBytes) return Error{Errc::invalid_argument, "'info' is too long"};
  if (!is_utf8(member.info) || !json::validate(member.info, {})) {
    return Error{Errc::invalid_argument, "'info' is no JSON"};
  }
  return {};
}

std::string members_json(const PresenceReport& report) {
  std::string out = ",\"members\":[";
  for (const Member& member : report.members) {
    out += out.back() == '[' ? "{" : ",{";
    append_member(member, out);
    out += '}';
  }
  return out += ']';
}

// One loop's. Positions are numbered over all of its topics, so that a topic that was empty for a
// while does not come back to one that it has had.
struct PresenceTable::Shelf {
  explicit Shelf(Worker& its_worker) : worker(its_worker), epoch(make_epoch(its_worker.random)) {}

  Worker& worker;
  std::string epoch;
  std::uint64_t changes = 0;
  std::size_t bytes = 0;
  boost::unordered_flat_map<std::string, std::unique_ptr<Room>> rooms;  // in which somebody is
};

// One topic: tells what happens to its presence, and ends with it.
class PresenceTable::Room final : public io::Timer {
 public:
  Room(State& state, Shelf& shelf, std::string topic, const TopicTable::Rule& rule)
      : state_(state),
        shelf_(shelf),
        topic_(std::move(topic)),
        to_rooms_(rule.options.socketio),
        presence_(rule.presence) {}
  ~Room() override { shelf_.bytes -= counted_; }

  void enter(hub::Presence::Connection connection, Member member) {
    const auto change = presence_.enter(connection, std::move(member), shelf_.worker.loop.now());
    if (change) tell(*change);
    settle();
  }
  void leave(hub::Presence::Connection connection) {
    presence_.leave(connection, shelf_.worker.loop.now());
    settle();
  }
  PresenceReport report() const {
    return {.clients = presence_.clients(),
            .listed = presence_.listed(),
            .members = presence_.members()};
  }
  bool empty() const { return presence_.empty(); }
  hub::Position position() const { return {shelf_.epoch, offset_}; }

  // How things stand, as if it had just come about.
  std::shared_ptr<MessagePublication> state() const {
    const bool listed = presence_.listed();
    std::string data = change_json(listed ? "list" : "count", presence_.clients());
    if (listed) data += members_json(report());
    return publication(data + '}');
  }

 private:
  void on_timer(Instant now) override {
    for (const hub::Presence::Change& change : presence_.on_deadline(now)) tell(change);
    if (!presence_.empty()) return settle();
    // Ends this.
    shelf_.rooms.erase(shelf_.rooms.find(topic_));
  }
  void settle() {
    const std::size_t bytes = presence_.bytes() + topic_.size() + kEach +
                              (presence_.clients() + presence_.connections()) * kEach;
    shelf_.bytes += bytes - counted_;
    counted_ = bytes;
    arm(shelf_.worker.loop.timers(), presence_.deadline());
  }
  void tell(const hub::Presence::Change& change) {
    offset_ = ++shelf_.changes;
    if (change.kind == hub::Presence::Kind::list) return publish(state());
    if (change.kind == hub::Presence::Kind::count) {
      return publish(publication(change_json("count", change.clients) + '}'));
    }
    const bool joins = change.kind == hub::Presence::Kind::join;
    std::string data = change_json(joins ? "join" : "leave", change.clients) + ',';
    append_member(change.member, data);
    publish(publication(data + '}'));
  }
  std::shared_ptr<MessagePublication> publication(const std::string& data) const {
    auto made = std::make_shared<MessagePublication>(std::string(kPresencePrefix) + topic_,
                                                     Message{.data = data, .json = true},
                                                     PublishOptions{.event = "presence"});
    made->place(shelf_.epoch, offset_);
    return made;
  }
  void publish(const std::shared_ptr<MessagePublication>& what) const {
    publish_from_home(state_, what, to_rooms_ ? ToRooms::yes : ToRooms::no);
  }

  State& state_;
  Shelf& shelf_;
  std::string topic_;
  bool to_rooms_;
  hub::Presence presence_;
  std::uint64_t offset_ = 0;
  std::size_t counted_ = 0;  // in shelf_.bytes
};

PresenceTable::PresenceTable(State& state, const TopicTable& topics)
    : state_(state), topics_(topics) {
  for (const auto& worker : state.workers) shelves_.push_back(std::make_unique<Shelf>(*worker));
}

PresenceTable::~PresenceTable() = default;

PresenceTable::Shelf& PresenceTable::shelf_of(const std::string& topic) const {
  return *shelves_[topics_.home(topic).index()];
}

hub::Presence::Connection PresenceTable::enter(const std::string& topic, Member member) {
  if (!topics_.keeps_presence(topic)) return 0;
  const auto connection = last_connection_.fetch_add(1, std::memory_order_relaxed) + 1;
  run_at_home(topic, [this, topic, connection, member = std::move(member)]() mutable {
    enter_at_home(topic, connection, std::move(member));
  });
  return connection;
}

void PresenceTable::leave(const std::string& topic, hub::Presence::Connection connection) {
  run_at_home(topic, [this, topic, connection] {
    const Shelf& shelf = shelf_of(topic);
    const auto found = shelf.rooms.find(topic);
    if (found != shelf.rooms.end()) found->second->leave(connection);
  });
}

template <class Task>
void PresenceTable::run_at_home(const std::string& topic, Task task) {
  Worker& home = topics_.home(topic);
  if (&home == Worker::current()) return task();
  home.loop.post(std::move(task));
}

void PresenceTable::enter_at_home(const std::string& topic, hub::Presence::Connection connection,
                                  Member member) {
  Shelf& shelf = shelf_of(topic);
  if (shelf.bytes + member.bytes() + topic.size() + 3 * kEach > kBytes) return;
  std::unique_ptr<Room>& room = shelf.rooms[topic];
  if (room == nullptr) room = std::make_unique<Room>(state_, shelf, topic, topics_.rule(topic));
  room->enter(connection, std::move(member));
  if (room->empty()) shelf.rooms.erase(topic);  // not seen
}

void PresenceTable::report(const std::string& topic, Worker* here,
                           std::function<void(const PresenceReport&)> done) {
  run_at_home(topic, [this, topic, here, done = std::move(done)] {
    const Shelf& shelf = shelf_of(topic);
    const auto found = shelf.rooms.find(topic);
    auto report = found == shelf.rooms.end() ? PresenceReport{} : found->second->report();
    if (here == nullptr) return done(report);
    here->loop.post([done, report = std::move(report)] { done(report); });
  });
}

hub::History::Replay PresenceTable::read(const std::string& topic,
                                         const std::optional<hub::Position>& from) const {
  const Shelf& shelf = shelf_of(topic);
  const auto found = shelf.rooms.find(topic);
  // While nobody is there, the offset is 0.
  const hub::Position position =
      found == shelf.rooms.end() ? hub::Position{shelf.epoch, 0} : found->second->position();
  hub::History::Replay replay{.recovered = true, .position = position};
  if (from == position) return replay;
  if (found != shelf.rooms.end()) {
    replay.missed.push_back(found->second->state());
  } else {
    const std::string nobody = change_json("list", 0) + ",\"members\":[]}";
    replay.missed.push_back(std::make_shared<MessagePublication>(
        std::string(kPresencePrefix) + topic, Message{.data = nobody, .json = true},
        PublishOptions{.event = "presence"}));
  }
  return replay;
}

}  // namespace server
}  // namespace naru
