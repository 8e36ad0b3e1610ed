#pragma once

#include "hub/hub.hpp"
#include "naru/websocket.hpp"
#include "transport/backlog.hpp"

#include <string>
#include <string_view>

namespace naru::server {

class PlainWebSocket;
struct State;

// A message for every subscriber of a topic. Its wire formats are the wire classes of
// WebSocketTransport: 0 as it is, others compressed.
class MessagePublication final : public hub::Publication {
 public:
  MessagePublication(std::string_view topic, Message message, const PublishOptions& options);

  // On a loop's thread: with its compressor.
  SharedBytes encode(hub::WireFormat format) const override;

  const std::string& topic() const { return topic_; }
  std::string_view plain() const { return plain_; }
  bool compressible() const { return compress_; }
  bool compressed(const SharedBytes& bytes) const { return bytes != frame_; }
  // It, in the encoding `bytes`, for later.
  enum class Key { none, kept };
  transport::HeldMessage hold(const SharedBytes& bytes, Key key) const;

 private:
  std::string topic_;
  std::string key_;  // empty: the topic's name
  bool binary_;
  bool compress_;
  SharedBytes frame_;
  std::string_view plain_;  // in frame_
};

// Publishes on this loop at once, if it is one of the server's, and on the others by their
// mailboxes; to all but `except`, which is on this loop. Any thread.
void publish(State& state, std::string_view topic, Message message, const PublishOptions& options,
             const PlainWebSocket* except);

}  // namespace naru::server
