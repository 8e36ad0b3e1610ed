#pragma once

#include "hub/hub.hpp"
#include "naru/topic.hpp"
#include "transport/backlog.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

struct State;

// The canonical message of a topic, whatever protocol it came by. Every publication in
// Worker::topics is one of these, and says what it is in any of the formats of wire_formats.hpp.
// Immutable once it is published.
class MessagePublication final : public hub::Publication {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  MessagePublication(std::string_view topic, Message message, const PublishOptions& options);

  // On a loop's thread: with its compressor.
  SharedBytes encode(hub::WireFormat format) const override;

  const std::string& topic() const { return to_.topics[0]; }
  const hub::Audience& to() const { return to_; }
  const std::string& event() const { return event_; }  // "" for none
  // From STOMP, they may hold any character but NUL, line ends too: whoever writes them escapes.
  const Headers& headers() const { return headers_; }
  Message message() const { return {data_, binary_, json_}; }
  std::string_view data() const { return data_; }
  bool compressible() const { return compress_; }
  bool compressed(const SharedBytes& bytes) const { return bytes != frame_; }
  // It, in the encoding `bytes`, for later.
  enum class Key { none, kept };
  transport::HeldMessage hold(const SharedBytes& bytes, Key key) const;
  std::size_t bytes() const;  // in memory

  // Its place in the history of its topic: 1, 2, 3, and so on; 0 when the topic keeps none. Offsets
  // of different epochs have nothing to do with each other.
  std::uint64_t offset() const { return offset_; }
  const std::string& epoch() const { return epoch_; }
  void place(std::string_view epoch, std::uint64_t offset);

 private:
  SharedBytes encode_websocket(hub::WireFormat format) const;

  hub::Audience to_;  // the members of its topic
  std::string key_;   // empty: the topic's name
  std::string event_;
  Headers headers_;
  std::string epoch_;
  std::uint64_t offset_ = 0;
  bool binary_;
  bool json_;
  bool compress_;
  SharedBytes frame_;      // a WebSocket's
  std::string_view data_;  // in frame_
};

// Throws std::invalid_argument for what a user may not publish: see PublishOptions.
void check_publication(Message message, const PublishOptions& options);

// Publishes at the end of the turn on this loop, if it is one of the server's, and on the others by
// their mailboxes; to all but `except`, which is on this loop. Any thread.
void publish(State& state, std::string_view topic, Message message, const PublishOptions& options,
             const hub::Subscriber* except);
// The same with what is published made already; it has its place once `on_done` is called.
void publish(State& state, const std::shared_ptr<MessagePublication>& publication,
             std::function<void(const PublishOutcome&)> on_done, const hub::Subscriber* except);
// On the home of the topic, to all loops at once; it has its place, if any.
enum class ToRooms : std::uint8_t { no, yes };  // Socket.IO's
void publish_from_home(State& state, const std::shared_ptr<const MessagePublication>& publication,
                       ToRooms rooms);

}  // namespace naru::server
