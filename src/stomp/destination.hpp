#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp {

// Where a frame goes to or comes from, by RabbitMQ's names, and Spring's for users:
//
//   /topic/KEY, /exchange/amq.topic/KEY   every subscriber whose pattern fits the key
//   /queue/NAME, /amq/queue/NAME          one of the consumers; the second only if it exists
//   /temp-queue/NAME                      the session's own queue; in "reply-to" only
//   /reply-queue/NAME                     somebody's temporary queue, as a request named it
//   /user/NAME/REST, and to SUBSCRIBE /user/REST    all sessions of a user
struct Destination {
  enum class Kind : std::uint8_t { topic, queue, existing_queue, temp_queue, reply_queue, user };
  Kind kind = Kind::topic;
  std::string name;  // KEY, NAME; of a user's "/REST"
  std::string user;  // of SEND to a user's, decoded: "%2F" is a slash
};
enum class Use : std::uint8_t { send, subscribe };

inline constexpr std::size_t kDestinationBytes = 255;  // of a name, as in AMQP

// Errors: unsupported (a destination that we do not know), protocol_error (a name that none has).
Result<Destination> parse_destination(std::string_view text, Use use);

// What a user's destination is called as a topic: "$user/alice/queue/news". No destination of a
// client may name a topic that begins with '$'.
std::string user_topic(std::string_view user, std::string_view rest);
// What a topic is called as a destination: "/topic/prices", "/user/queue/news".
std::string destination_of_topic(std::string_view topic);

// The key of a subscription: words between dots, of which '*' stands for any one, and '#' for any
// number of them, also none.
class Pattern {
 public:
  explicit Pattern(std::string_view text);

  bool literal() const { return literal_; }
  // What every key that fits begins with.
  const std::string& prefix() const { return prefix_; }
  // In time and room of the product of the two lengths, at worst.
  bool matches(std::string_view key) const;

 private:
  std::vector<std::string> words_;
  std::string prefix_;
  bool literal_ = true;
};

}  // namespace naru::stomp
