#include "board.hpp"

#include <algorithm>

namespace naru::app {
namespace {

constexpr std::size_t kHeadBytes = 8;
constexpr std::size_t kPointBytes = 5;
constexpr std::uint32_t kWidth = 8192;  // the board's own units
constexpr std::uint32_t kHeight = 6144;
constexpr std::uint32_t kColours = 9;  // the last one wipes
constexpr std::uint32_t kWidthAtMost = 64;

std::uint32_t u8(BytesView from, std::size_t at) {
  return std::to_integer<std::uint32_t>(from[at]);
}
std::uint32_t u16(BytesView from, std::size_t at) {
  return u8(from, at) | u8(from, at + 1) << 8U;
}
std::uint32_t u32(BytesView from, std::size_t at) {
  return u16(from, at) | u16(from, at + 2) << 16U;
}

std::size_t points(BytesView part) {
  return (part.size() - kHeadBytes) / kPointBytes;
}

bool is_part(BytesView part, std::size_t points_at_most) {
  if (part.size() < kHeadBytes + kPointBytes || (part.size() - kHeadBytes) % kPointBytes != 0) {
    return false;
  }
  if (points(part) > points_at_most) return false;
  if (u8(part, 4) >= kColours || u8(part, 5) == 0 || u8(part, 5) > kWidthAtMost) return false;
  for (std::size_t at = kHeadBytes; at < part.size(); at += kPointBytes) {
    if (u16(part, at) >= kWidth || u16(part, at + 2) >= kHeight) return false;
  }
  return true;
}

}  // namespace

void append_u32(Bytes& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<std::byte>(value >> shift & 0xffU));
  }
}

Result<std::optional<Board::Change>> Board::draw(std::uint32_t author, BytesView part) {
  if (!is_part(part, limits_.message_points)) {
    return Error{Errc::bad_packet, "not a part of a stroke"};
  }
  const std::uint32_t number = u32(part, 0);
  const std::size_t from = u16(part, 6);
  Stroke* stroke = find(author, number);
  if (stroke == nullptr && from > 0) return std::optional<Change>();
  const std::size_t had = stroke == nullptr ? 0 : points(stroke->part);
  if (from > had) return Error{Errc::bad_packet, "points are missing"};
  if (from + points(part) > limits_.stroke_points) {
    return Error{Errc::bad_packet, "the stroke is too long"};
  }
  const std::size_t known = had - from;
  if (known >= points(part)) return std::optional<Change>();

  ++offset_;
  const BytesView fresh = part.subspan(kHeadBytes + known * kPointBytes);
  if (stroke == nullptr) {
    stroke = &strokes_.emplace_back(Stroke{offset_, author, number, offset_, {}});
    stroke->part.assign(part.begin(), part.begin() + kHeadBytes);
    bytes_ += kHeadBytes;
  }
  stroke->part.insert(stroke->part.end(), fresh.begin(), fresh.end());
  stroke->changed = offset_;
  bytes_ += fresh.size();
  const std::uint32_t order = stroke->order;
  while (strokes_.size() > limits_.strokes || bytes_ > limits_.bytes) drop_oldest();
  return std::optional(Change{offset_, floor_, order});
}

std::optional<Board::Change> Board::undo(std::uint32_t author, std::uint32_t number) {
  Stroke* stroke = find(author, number);
  if (stroke == nullptr) return std::nullopt;
  const std::uint32_t order = stroke->order;
  bytes_ -= stroke->part.size();
  std::erase_if(strokes_, [&](const Stroke& each) { return each.order == order; });
  return Change{++offset_, floor_, order};
}

Board::Change Board::clear() {
  strokes_.clear();
  bytes_ = 0;
  floor_ = ++offset_;
  return {offset_, floor_, 0};
}

// The newest are the ones that grow.
Board::Stroke* Board::find(std::uint32_t author, std::uint32_t number) {
  const auto found = std::find_if(strokes_.rbegin(), strokes_.rend(), [&](const Stroke& each) {
    return each.author == author && each.number == number;
  });
  return found == strokes_.rend() ? nullptr : &*found;
}

void Board::drop_oldest() {
  bytes_ -= strokes_.front().part.size();
  floor_ = strokes_.front().order + 1;
  strokes_.pop_front();
}

Bytes Board::orders() const {
  Bytes out;
  for (const Stroke& each : strokes_) append_u32(out, each.order);
  return out;
}

Bytes Board::changed_since(std::uint32_t since) const {
  Bytes out;
  for (const Stroke& each : strokes_) {
    if (each.changed <= since) continue;
    append_u32(out, each.order);
    append_u32(out, each.author);
    append_u32(out, static_cast<std::uint32_t>(each.part.size()));
    out.insert(out.end(), each.part.begin(), each.part.end());
  }
  return out;
}

}  // namespace naru::app
