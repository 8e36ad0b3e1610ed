#pragma once

#include "base/time.hpp"
#include "hub/adapter.hpp"
#include "hub/hub.hpp"
#include "naru/websocket.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

// An event for many: encodes itself once per wire format. Immutable once it is published.
class EventPublication final : public hub::Publication,
                               public std::enable_shared_from_this<EventPublication> {
 public:
  EventPublication(std::string nsp, std::string json, std::vector<std::string> attachments,
                   const Compression& compression)
      : nsp_(std::move(nsp)),
        event_{std::move(json), std::move(attachments)},
        threshold_(compression.threshold),
        level_(compression.level) {}
  // On a loop's thread: with its compressor.
  SharedBytes encode(hub::WireFormat format) const override;
  // Whether any frame of it is long enough to be compressed, and may be.
  bool compressible() const;
  // What the compressed ones among the frames of a wire format say: see WebSocketTransport.
  std::string said_compressed(std::string_view frames) const;
  bool has_attachments() const { return !event_.attachments.empty(); }

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
  std::string head() const;  // what comes before the JSON

  std::string nsp_;
  hub::Event event_;
  std::size_t threshold_;
  int level_;
  std::uint64_t number_ = 0;
};

}  // namespace naru::server
