#pragma once

#include "base/time.hpp"
#include "naru/member.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::hub {

struct PresenceLimits {
  std::size_t members = 0;  // above so many clients, or so many bytes of theirs, only a number is
  std::size_t bytes = std::size_t{1} << 18U;          // told until a tenth of them has gone
  std::size_t connections = 100'000;                  // further ones are not seen
  Duration linger = std::chrono::seconds(5);          // who comes back within it has not left
  Duration count_interval = std::chrono::seconds(1);  // between two numbers
};

// Who is in one topic. A client is there from its first connection on, until it has had none for
// `linger`: who reconnects neither leaves nor joins. Belongs to one loop, the topic's home.
class Presence {
 public:
  using Connection = std::uint64_t;
  enum class Kind : std::uint8_t {
    join,   // is there from now on, or has another user or info than before
    leave,  // has left
    count,  // too many to name: so many they are
    list,   // few enough again: all of them
  };
  struct Change {
    Kind kind;
    Member member{};
    std::size_t clients;  // afterwards
  };

  // `limits` outlives it.
  explicit Presence(const PresenceLimits& limits) : limits_(limits) {}

  // `connection` is never used twice. While another one of the same client is there, what that one
  // said stays: nobody is renamed by who only knows the client's id.
  std::optional<Change> enter(Connection connection, Member member, Instant now);
  // Nothing, for one that was not seen.
  void leave(Connection connection, Instant now);

  Instant deadline() const;
  std::vector<Change> on_deadline(Instant now);

  // Nobody is there, and nothing is to be told.
  bool empty() const { return clients_.empty() && !count_due_; }
  std::size_t clients() const { return clients_.size(); }
  std::size_t connections() const { return connections_.size(); }
  std::size_t bytes() const { return bytes_; }  // of what they said
  // Whether they are named one by one.
  bool listed() const { return listed_; }
  std::vector<Member> members() const;  // none when they are not

 private:
  struct Client;
  using Clients = std::map<std::string, Client, std::less<>>;  // ids are theirs: no hashing
  struct Away {
    Instant until;
    Clients::iterator client;
  };
  struct Client {
    std::string user;
    std::string info;
    std::size_t connections = 0;
    std::list<Away>::iterator away{};  // while it has none
  };
  static Member member_of(const Clients::value_type& client);
  std::optional<Change> tell(Kind kind, Member member, Instant now);
  bool too_many() const { return clients_.size() > limits_.members || bytes_ > limits_.bytes; }
  bool few_again() const;

  const PresenceLimits& limits_;
  Clients clients_;
  std::map<Connection, Clients::iterator> connections_;
  std::list<Away> away_;  // the first to leave in front
  std::size_t bytes_ = 0;
  bool listed_ = true;
  bool count_due_ = false;
  Instant count_at_{};  // no number before
};

}  // namespace naru::hub
