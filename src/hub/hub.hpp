#pragma once

#include "base/send_queue.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru::hub {

// A key for identical bytes: all subscribers of one format are sent the same encoding. The hub
// gives it no meaning.
using WireFormat = std::uint8_t;
inline constexpr std::size_t kWireFormats = 8;  // keys are below it

class Hub;
class Subscriber;

// A topic exists while it has members.
struct Topic {
  std::string name;
  std::vector<Subscriber*> members;
};

enum class Delivery : std::uint8_t { reliable, droppable };

// What the hub delivers to. Leaves its hub by itself when destroyed.
class Subscriber {
 public:
  Subscriber() = default;
  virtual ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  virtual WireFormat wire_format() const = 0;
  virtual void deliver(const SharedBytes& bytes, Delivery delivery) = 0;

 private:
  friend class Hub;
  struct Membership {
    Topic* topic;
    std::uint32_t index;  // in the topic's list
  };
  Hub* hub_ = nullptr;
  std::uint32_t index_ = 0;  // in the hub's list
  std::string id_;
  boost::container::small_vector<Membership, 2> topics_;
  std::uint64_t reached_ = 0;  // the last publication that reached or excepted it
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
  std::size_t size() const { return everybody_.size(); }

  void join(Subscriber& subscriber, std::string_view topic);
  void leave(Subscriber& subscriber, std::string_view topic);
  void leave_all(Subscriber& subscriber);
  std::vector<std::string> topics_of(const Subscriber& subscriber) const;
  std::size_t topic_count() const { return topics_.size(); }
  std::size_t size_of(std::string_view topic) const;

  // Delivers to each receiver once, encoding once per wire format. Returns how many it reached. A
  // delivery must not change the hub: what it has to end, it ends later in the turn.
  std::size_t publish(const Publication& publication, const Audience& audience);

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class T>
  using Map = boost::unordered_flat_map<std::string, T, StringHash, std::equal_to<>>;
  class Encodings;

  void drop(Subscriber& subscriber, std::size_t membership);
  void except(const Audience& audience);
  void reach(Subscriber& subscriber, const Publication& publication, Delivery delivery,
             Encodings& encodings, std::size_t& reached);

  std::vector<Subscriber*> everybody_;
  Map<Subscriber*> by_id_;
  Map<std::unique_ptr<Topic>> topics_;
  std::uint64_t publications_ = 0;
};

}  // namespace naru::hub
