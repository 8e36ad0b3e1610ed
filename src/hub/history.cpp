#include "hub/history.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace naru::hub {
namespace {

constexpr std::size_t kEpochBytes = 16;

std::optional<Position> parse_position(std::string_view text) {
  if (text == "-") return Position{};
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot > kEpochBytes) return std::nullopt;
  Position position{.epoch = std::string(text.substr(0, dot))};
  const std::string_view digits = text.substr(dot + 1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, position.offset);
  if (error != std::errc() || stop != end) return std::nullopt;
  return position;
}

}  // namespace

std::string to_cursor(const std::vector<Position>& positions) {
  std::string cursor;
  for (const Position& position : positions) {
    if (&position != &positions.front()) cursor += '~';
    if (position.epoch.empty()) {
      cursor += '-';
    } else {
      cursor.append(position.epoch).append(1, '.').append(std::to_string(position.offset));
    }
  }
  return cursor.size() > kCursorBytes ? std::string() : cursor;
}

std::optional<std::vector<Position>> parse_cursor(std::string_view text) {
  if (text.empty() || text.size() > kCursorBytes) return std::nullopt;
  std::vector<Position> positions;
  for (;;) {
    const std::size_t end = text.find('~');
    const auto position = parse_position(text.substr(0, end));
    if (!position) return std::nullopt;
    positions.push_back(*position);
    if (end == std::string_view::npos) return positions;
    text.remove_prefix(end + 1);
  }
}

void History::append(Item publication, std::size_t bytes, Instant now) {
  ++end_;
  used_ = now;
  kept_.push_back({std::move(publication), bytes, now});
  bytes_ += bytes;
  while (kept_.size() > limits_.count || (bytes_ > limits_.bytes && !kept_.empty())) drop_first();
  expire(now);
}

void History::expire(Instant now) {
  while (!kept_.empty() && now - kept_.front().at > limits_.age) drop_first();
}

void History::drop_first() {
  bytes_ -= kept_.front().bytes;
  kept_.pop_front();
}

History::Replay History::since(const Position& from, Instant now, std::size_t most) {
  expire(now);
  Replay replay{.position = position()};
  const std::uint64_t before_first = end_ - kept_.size();
  if (from.epoch != epoch_ || from.offset > end_ || from.offset < before_first) return replay;
  replay.recovered = true;
  const std::size_t first = static_cast<std::size_t>(from.offset - before_first);
  const std::size_t count = std::min(kept_.size() - first, most);
  for (std::size_t i = first; i < first + count; ++i) replay.missed.push_back(kept_[i].item);
  replay.more = first + count < kept_.size();
  replay.position.offset = from.offset + count;
  return replay;
}

History::Replay History::latest(Instant now, std::size_t most) {
  expire(now);
  return since({epoch_, end_ - std::min(kept_.size(), most)}, now, most);
}

}  // namespace naru::hub
