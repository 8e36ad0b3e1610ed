#pragma once

#include <cstddef>
#include <string>

namespace naru {

// Somebody who is in a topic, as it said itself, or as a handler says that knows better.
struct Member {
  std::string client;  // names it over reconnections: 1 to 64 bytes
  std::string user{};  // at most 100 bytes; like `client`, without control characters
  std::string info{};  // JSON, at most 1024 bytes; or nothing

  std::size_t bytes() const { return client.size() + user.size() + info.size(); }
  friend bool operator==(const Member&, const Member&) = default;
};

}  // namespace naru
