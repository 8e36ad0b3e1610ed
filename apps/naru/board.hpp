#pragma once

#include "naru/bytes.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace naru::app {

struct BoardLimits {
  std::size_t strokes = 2'000;
  std::size_t bytes = std::size_t{1} << 20U;  // of all strokes; then the oldest go
  std::size_t stroke_points = 4'096;
  std::size_t message_points = 512;
};

// What is drawn on one board. Every change has the next offset; a stroke is known by the offset of
// its beginning, its `order`, which is its place in the pile too. All strokes below `floor` are
// gone: by clearing, or because the board holds no more. So a change tells its offset and the
// floor, and whoever was away asks for what changed since the last offset it has seen.
//
// On the wire (little endian), a part of a stroke: u32 number (the author's), u8 colour, u8 width,
// u16 index of its first point; then points of 5 bytes: u16 x, u16 y, u8 pressure.
class Board {
 public:
  explicit Board(const BoardLimits& limits) : limits_(limits) {}

  struct Change {
    std::uint32_t offset = 0;
    std::uint32_t floor = 0;
    std::uint32_t order = 0;  // the stroke
  };

  // Adds to the stroke the points that it does not have yet, so a part may come again after a
  // connection broke. Nullopt: nothing new, or the stroke has been taken away meanwhile.
  // Errors: bad_packet when it is none of a stroke's parts, or points between are missing.
  Result<std::optional<Change>> draw(std::uint32_t author, BytesView part);
  std::optional<Change> undo(std::uint32_t author, std::uint32_t number);
  Change clear();

  std::uint32_t offset() const { return offset_; }
  std::uint32_t floor() const { return floor_; }
  bool empty() const { return strokes_.empty(); }
  // The orders of all strokes, u32 each.
  Bytes orders() const;
  // Those that changed after `since`, each as u32 order, u32 author, u32 size of the part, part.
  Bytes changed_since(std::uint32_t since) const;

 private:
  struct Stroke {
    std::uint32_t order = 0;
    std::uint32_t author = 0;
    std::uint32_t number = 0;
    std::uint32_t changed = 0;
    Bytes part;  // all of it
  };

  Stroke* find(std::uint32_t author, std::uint32_t number);
  void drop_oldest();

  BoardLimits limits_;
  std::deque<Stroke> strokes_;  // by order
  std::size_t bytes_ = 0;
  std::uint32_t offset_ = 0;
  std::uint32_t floor_ = 1;
};

void append_u32(Bytes& out, std::uint32_t value);

}  // namespace naru::app
