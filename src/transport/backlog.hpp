#pragma once

#include "base/send_queue.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::transport {

// A whole message that waits to be sent. What is waiting can still be dropped or replaced, because
// it is not yet part of what the connection sends: no compressor has seen it.
struct HeldMessage {
  bool binary = false;
  bool compress = true;
  SharedBytes owner{};      // of `data`
  std::string_view data{};  // what it says
  SharedBytes frames{};     // a publication, encoded for many; else null
  std::string key{};        // see Backlog::Full::keep_latest; empty: none

  // What it takes, nearly: a peer must not be sent a million empty messages for nothing.
  std::size_t bytes() const { return sizeof(HeldMessage) + data.size() + key.size(); }
};
HeldMessage hold(std::string_view data, bool binary, bool compress, std::string_view key = {});

// Messages for one slow consumer, in order, beyond what its stream holds already.
class Backlog {
 public:
  // What gives way when a message does not fit.
  enum class Full : std::uint8_t { drop_newest, drop_oldest, keep_latest };
  enum class Taken : std::uint8_t { no, yes, replaced };

  // Takes `message`, unless it would not fit into `room` bytes whatever else gave way: then it is
  // left as it is. What had to
  // go for it is appended to `gone`. keep_latest: a message takes the place of the one with its
  // key: at the end of the line, one that changes often would never be sent.
  Taken push(HeldMessage&& message, std::size_t room, Full full, std::vector<HeldMessage>& gone);
  HeldMessage pop();  // the oldest

  bool empty() const { return messages_.empty(); }
  std::size_t size() const { return messages_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void append(HeldMessage message);
  void replace(std::uint64_t number, HeldMessage message, std::size_t room,
               std::vector<HeldMessage>& gone);

  std::deque<HeldMessage> messages_;
  std::size_t bytes_ = 0;
  std::uint64_t popped_ = 0;  // so many have left: the number of the oldest
  // Of the messages with a key, their numbers.
  boost::unordered_flat_map<std::string, std::uint64_t, StringHash, std::equal_to<>> by_key_;
};

}  // namespace naru::transport
