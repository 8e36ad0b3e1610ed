#pragma once

#include "base/send_queue.hpp"
#include "base/unique_function.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::hub {

// A key for identical bytes: all subscribers of one format are sent the same encoding. The hub
// gives it no meaning.
using WireFormat = std::uint8_t;

class Burst;
class Hub;
class Publication;
class Subscriber;

// A topic, or all topics that begin so; exists while it has members.
struct Topic {
  std::string name;
  bool prefix = false;
  std::vector<Subscriber*> members;
};

enum class Delivery : std::uint8_t { reliable, droppable };

// What became of a delivery, and how many times each.
enum class Delivered : std::uint8_t { sent, blocked, dropped, closed };
struct Outcome {
  std::size_t sent = 0;
  std::size_t blocked = 0;
  std::size_t dropped = 0;
  std::size_t closed = 0;

  void add(Delivered what);
  std::size_t reached() const { return sent + blocked + dropped + closed; }
};

// What the hub delivers to. Leaves its hub by itself when destroyed. While it is in none, it is a
// pointer.
class Subscriber {
 public:
  Subscriber();
  virtual ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  virtual WireFormat wire_format(const Publication& publication) const = 0;
  // `bytes` is `publication` in that format.
  virtual Delivered deliver(const SharedBytes& bytes, const Publication& publication,
                            Delivery delivery) = 0;
  // Several at once, in order; says of each how it was taken. Unless overridden, one by one.
  virtual void deliver_all(Burst& burst);

 private:
  friend class Hub;
  struct Membership {
    Topic* topic;
    std::uint32_t index;  // in the topic's list
  };
  struct Entry {
    Hub* hub;
    std::uint32_t index;  // in the hub's list
    std::uint64_t number;
    std::string id;
    boost::container::small_vector<Membership, 2> topics;
    std::uint64_t reached = 0;  // the last publication that reached or excepted it
  };
  std::unique_ptr<Entry> entry_;
};

// A message on its way to many. Encodes itself for each format that it meets; immutable, so that
// loops share it.
class Publication {
 public:
  virtual ~Publication() = default;
  virtual SharedBytes encode(WireFormat format) const = 0;
};

// Who gets a publication: the members of any of `topics`, or everybody when there are none; less
// the members of any of `except`. The id of a subscriber counts as a topic of it alone.
struct Audience {
  std::vector<std::string> topics{};
  std::vector<std::string> except{};
  Delivery delivery = Delivery::reliable;

  bool operator==(const Audience&) const = default;
};

// A publication that waits for Hub::deliver.
struct Posted {
  std::shared_ptr<const Publication> publication;
  std::shared_ptr<const Audience> to;
  const Subscriber* except = nullptr;  // besides
  std::size_t bytes = 0;               // about so many, in any encoding
  UniqueFunction<void(const Outcome&)> on_outcome{};
};

// Publications on their way to the same receivers together, at least one. An encoding is made when
// the first subscriber of its format is met; a reference to it holds until the next is asked for.
class Burst {
 public:
  explicit Burst(std::span<const Posted> posted) : posted_(posted), outcomes_(posted.size()) {}

  std::size_t size() const { return posted_.size(); }
  const Publication& operator[](std::size_t i) const { return *posted_[i].publication; }
  Delivery delivery() const { return posted_.front().to->delivery; }
  // nullptr: this protocol cannot say it.
  const SharedBytes& encoded(std::size_t i, WireFormat format);
  // All of them, one behind the other; nullptr when one cannot be said.
  const SharedBytes& joined(WireFormat format);
  void took(std::size_t i, Delivered how) { outcomes_[i].add(how); }
  const Outcome& outcome(std::size_t i) const { return outcomes_[i]; }

 private:
  struct Encodings {
    WireFormat format;
    boost::container::small_vector<SharedBytes, 1> each;
    SharedBytes joined{};
  };
  Encodings& in(WireFormat format);

  std::span<const Posted> posted_;
  boost::container::small_vector<Outcome, 1> outcomes_;
  boost::container::small_vector<Encodings, 3> formats_;  // those met
};

// The subscribers of one loop, and the topics that they are in.
class Hub {
 public:
  Hub() = default;
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Takes a subscriber in under `id`, unique within the hub; an empty id is not addressable.
  void add(Subscriber& subscriber, std::string id = {});
  void remove(Subscriber& subscriber);  // and from all topics
  Subscriber* find(std::string_view id) const;
  bool has(const Subscriber& subscriber) const;
  // Of a subscriber that is in, never given again: for whoever comes back to it later. 0: it is
  // not.
  std::uint64_t number_of(const Subscriber& subscriber) const;
  // nullptr: it has left. Looks through all of them.
  Subscriber* find_number(std::uint64_t number) const;
  std::size_t size() const { return everybody_.size(); }

  // Whether it was none before, or was one.
  bool join(Subscriber& subscriber, std::string_view topic);
  bool leave(Subscriber& subscriber, std::string_view topic);
  // The same for all topics that begin with `prefix`.
  void join_prefix(Subscriber& subscriber, std::string_view prefix);
  void leave_prefix(Subscriber& subscriber, std::string_view prefix);
  void leave_all(Subscriber& subscriber);
  std::vector<std::string> topics_of(const Subscriber& subscriber) const;  // prefixes are none
  std::size_t topic_count() const { return topics_.size() + prefixes_.size(); }
  std::size_t size_of(std::string_view topic) const;  // without those who joined a prefix
  std::vector<std::pair<std::string, std::size_t>> topics() const;  // with their sizes
  // Whom a publication would reach.
  std::vector<Subscriber*> select(const Audience& audience);

  // Delivers to each receiver once, encoding once per wire format. Says how each took it. A
  // delivery must not change the hub: what it has to end, it ends later in the turn.
  Outcome publish(const Publication& publication, const Audience& audience);
  // The same, later: at deliver(), or before anything here that could tell the difference (another
  // publication, somebody who joins or leaves), or when much waits already. What comes close behind
  // each other then goes round the subscribers once. Whoever sends to a subscriber past the hub has
  // it deliver() first, to keep the order.
  void post(Posted posted);
  bool waiting() const { return !posted_.empty(); }
  // Calls `pause` now and then, if it is given: what receivers were handed may leave while the
  // processor still has it at hand.
  void deliver(const std::function<void()>& pause = {});

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class Key, class T>
  using Map = boost::unordered_flat_map<Key, T, StringHash, std::equal_to<>>;
  using Topics = Map<std::string, std::unique_ptr<Topic>>;
  struct Length {
    std::size_t bytes;
    std::size_t prefixes;  // so many are of this length
  };
  class Round;

  bool join(Topics& topics, Subscriber& subscriber, std::string_view name, bool prefix);
  bool leave(Subscriber& subscriber, std::string_view name, bool prefix);
  void drop(Subscriber& subscriber, std::size_t membership);
  void drop_all(Subscriber& subscriber);
  void count_prefix(std::size_t bytes);
  void forget_prefix(std::size_t bytes);
  void except(const Audience& audience, const Subscriber* besides = nullptr);
  void reach_topic(std::string_view topic, Round& round) const;
  void deliver(Burst& burst, const Posted& first, const std::function<void()>& pause = {});

  std::vector<Subscriber*> everybody_;
  Map<std::string_view, Subscriber*> by_id_;  // the ids in their entries
  Topics topics_;
  Topics prefixes_;
  std::vector<Length> prefix_lengths_;  // ascending: a publication asks for one prefix of each
  std::uint64_t publications_ = 0;
  std::uint64_t numbers_ = 0;
  std::vector<Posted> posted_;
  std::size_t posted_bytes_ = 0;
  std::vector<Posted> delivering_;  // empty otherwise, kept for its memory
};

}  // namespace naru::hub
