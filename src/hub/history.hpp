#pragma once

#include "base/time.hpp"
#include "hub/hub.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::hub {

// How much a history keeps; whatever is passed first, the oldest go.
struct HistoryLimits {
  std::size_t count = 0;
  std::size_t bytes = std::size_t{1} << 20U;
  Duration age = std::chrono::minutes(5);
};

// A place in the history of one topic: behind the publication of that offset. Offsets of different
// epochs have nothing to do with each other.
struct Position {
  std::string epoch;  // "" where the topic keeps no history
  std::uint64_t offset = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// The positions of several topics, in the order of the request, as clients carry them:
// "epoch.offset", joined by '~'; at most 128 characters of [A-Za-z0-9.~-], so that they need no
// preflight in Last-Event-ID and no quoting in an ETag.
inline constexpr std::size_t kCursorBytes = 128;
std::string to_cursor(const std::vector<Position>& positions);  // "" when it would be longer
std::optional<std::vector<Position>> parse_cursor(std::string_view text);

// The publications of one topic, numbered 1, 2, 3, and so on, and kept for those who come back.
// Belongs to one loop, the topic's home, which alone numbers.
class History {
 public:
  using Item = std::shared_ptr<const Publication>;

  // `limits` outlives it. An epoch is of characters that a cursor takes, '.' and '~' aside.
  History(const HistoryLimits& limits, std::string epoch)
      : limits_(limits), epoch_(std::move(epoch)) {}

  const std::string& epoch() const { return epoch_; }
  std::uint64_t next_offset() const { return end_ + 1; }
  Position position() const { return {epoch_, end_}; }
  std::size_t size() const { return kept_.size(); }
  std::size_t bytes() const { return bytes_; }
  Instant used() const { return used_; }  // when it was last appended to

  // The one with next_offset().
  void append(Item publication, std::size_t bytes, Instant now);
  // Lets go of what is too old.
  void expire(Instant now);

  // What came behind `from`: all of it, or nothing when some of it is gone or the epoch is another
  // (recovered is false then). Of what it is, `most` at most, and `more` says that there are
  // others.
  struct Replay {
    bool recovered = false;
    bool more = false;
    std::vector<Item> missed{};
    Position position{};  // behind the last of them; the end, when not recovered
  };
  Replay since(const Position& from, Instant now, std::size_t most);
  // The newest `most`, in order.
  Replay latest(Instant now, std::size_t most);

 private:
  struct Kept {
    Item item;
    std::size_t bytes;
    Instant at;
  };
  void drop_first();

  const HistoryLimits& limits_;
  std::string epoch_;
  std::uint64_t end_ = 0;  // offset of the newest
  std::deque<Kept> kept_;  // the newest ones, none missing
  std::size_t bytes_ = 0;
  Instant used_{};
};

}  // namespace naru::hub
