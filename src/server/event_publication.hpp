#pragma once

#include "base/time.hpp"
#include "hub/adapter.hpp"
#include "hub/hub.hpp"
#include "naru/parser.hpp"
#include "naru/websocket.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

class SocketIoServer;

// An event for many: encodes itself once per wire format. Immutable once it is published.
class EventPublication final : public hub::Publication,
                               public std::enable_shared_from_this<EventPublication> {
 public:
  // `parser`: the server whose parser encodes it; nullptr: as text.
  EventPublication(std::string nsp, std::string json, std::vector<std::string> attachments,
                   const Compression& compression, const SocketIoServer* parser)
      : nsp_(std::move(nsp)),
        parser_(parser),
        event_{std::move(json), std::move(attachments)},
        threshold_(compression.threshold),
        level_(compression.level) {}
  // On a loop's thread: with its compressor.
  SharedBytes encode(hub::WireFormat format) const override;
  // Whether any frame of it is long enough to be compressed, and may be.
  bool compressible() const;
  // What the compressed ones among the frames of a wire format say: see WebSocketTransport.
  std::string said_compressed(std::string_view frames) const;
  bool has_binary() const;

  const hub::Event& event() const { return event_; }
  std::size_t bytes() const;

  bool compress = true;
  // Every receiver is asked to answer under this id, in time.
  std::optional<std::uint64_t> ack{};
  std::shared_ptr<hub::Collector> answers{};
  Duration ack_timeout{};

  // Its place in the log of its namespace, 0 without recovery; `offset` goes behind the arguments.
  void place(std::uint64_t number, std::string_view offset);
  std::uint64_t number() const { return number_; }
  bool ends_with_text() const { return event_.json.ends_with("\"]"); }

 private:
  // One Engine.IO message: `head` and `payload` in a row.
  struct Part {
    bool binary;
    std::string_view head;
    std::string_view payload;
  };
  template <class F>
  void each_part(F call) const;
  const std::vector<PacketMessage>& messages() const;  // of the parser, which is asked once

  std::string nsp_;
  const SocketIoServer* parser_;
  mutable std::once_flag encoded_;
  mutable std::vector<PacketMessage> messages_;
  hub::Event event_;
  std::size_t threshold_;
  int level_;
  std::uint64_t number_ = 0;
};

}  // namespace naru::server
