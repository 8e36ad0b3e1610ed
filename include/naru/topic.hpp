#pragma once

#include "naru/member.hpp"
#include "naru/message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru {

class Server;

namespace server {
struct State;
}

// What became of a publication, summed over its receivers.
struct PublishOutcome {
  std::size_t sent = 0;
  std::size_t blocked = 0;  // queued, but the peer reads slowly
  std::size_t dropped = 0;
  std::size_t closed = 0;  // closing, or closed just now because their limit was passed

  std::size_t receivers() const { return sent + blocked + dropped + closed; }
  PublishOutcome& operator+=(const PublishOutcome& other) {
    sent += other.sent;
    blocked += other.blocked;
    dropped += other.dropped;
    closed += other.closed;
    return *this;
  }
};

struct PublishOptions {
  bool compress = true;    // once for all receivers that agreed on the same
  bool droppable = false;  // receivers that are above their high-water mark miss it
  std::string_view key{};  // SlowConsumer::keep_latest; empty: the name of the topic
  // Called once, when every loop has delivered, after publish() has returned: on the loop that
  // called publish(), or on one of the server's when no loop did. Not once the server has stopped.
  std::function<void(const PublishOutcome&)> on_done{};

  // The name of the event, for protocols that have one. At most 200 bytes, no control characters.
  std::string_view event{};
  // For protocols that have them: at most 16, of 4096 bytes together, no control characters.
  std::vector<std::pair<std::string, std::string>> headers{};
};

// Who is in a topic that keeps presence (TopicOptions::presence).
struct PresenceReport {
  std::size_t clients = 0;
  bool listed = true;  // false: too many to be named
  std::vector<Member> members{};
};

// Keeps one connection of a client in a topic, until it is destroyed. Usable on any thread and for
// ever, by one at a time.
class Attendance {
 public:
  Attendance() = default;
  ~Attendance() { end(); }
  Attendance(Attendance&& other) noexcept { *this = std::move(other); }
  Attendance& operator=(Attendance&& other) noexcept {
    end();
    state_ = std::exchange(other.state_, {});
    topic_ = std::move(other.topic_);
    connection_ = other.connection_;
    return *this;
  }
  void end();

 private:
  friend class Topic;
  std::weak_ptr<server::State> state_;  // none: in no topic
  std::string topic_;
  std::uint64_t connection_ = 0;
};

// A name that publications reach subscribers by, whatever protocol they speak. Copyable; usable on
// any thread and for ever: once the server has gone, nothing happens.
class Topic {
 public:
  // Sends to every subscriber on every loop; copies the message once. Throws std::invalid_argument
  // for an event or headers that PublishOptions does not allow.
  void publish(Message message, const PublishOptions& options = {}) const;

  // Says that somebody is here, by whatever protocol; nothing where the topic keeps no presence.
  // What becomes of it is published in the topic "$presence:<name>", see docs/guide/push.md. Throws
  // std::invalid_argument for what Member does not allow.
  [[nodiscard]] Attendance enter(Member member) const;
  // Calls back once with who is here: on the loop that asks, or on one of the server's when no loop
  // does. Not once the server has stopped.
  void presence(std::function<void(const PresenceReport&)> done) const;

 private:
  friend class Server;
  friend struct server::State;
  Topic(const std::weak_ptr<server::State>& state, std::string name)
      : state_(state), name_(std::move(name)) {}
  std::weak_ptr<server::State> state_;  // a handler may hold the topic, and the server the handler
  std::string name_;
};

}  // namespace naru
