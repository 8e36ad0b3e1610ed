#pragma once

#include "base/cursor.hpp"
#include "naru/result.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace naru::sse {

struct Limits {
  std::size_t line_bytes = std::size_t{1} << 20U;
  std::size_t event_bytes = std::size_t{4} << 20U;  // the data of one event
};

struct Event {
  std::string type;  // "message" unless the stream says otherwise
  std::string data;
  std::string last_id;  // what a reconnection sends as Last-Event-ID
};

// Reads text/event-stream (https://html.spec.whatwg.org/, "Server-sent events") as it arrives, cut
// anywhere. Bytes that are no UTF-8 stay as they are.
class Decoder {
 public:
  explicit Decoder(const Limits& limits = {}) : limits_(limits) {}

  // The next event, advancing past it; nullopt when `in` is used up. What the stream ends in,
  // without an empty line behind it, is no event. Errors: message_too_big, after which there is
  // nothing more.
  Result<std::optional<Event>> receive(Cursor& in);

  // Of what has been received. The id changes with an event, even one without data.
  const std::string& last_id() const { return last_id_; }
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  Result<void> take_field(std::string_view line);
  std::optional<Event> dispatch();

  Limits limits_;
  std::string line_;  // begun
  bool first_line_ = true;
  bool after_cr_ = false;  // an LF now ends nothing
  bool failed_ = false;
  std::string type_;
  std::string data_;
  std::string id_;
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace naru::sse
