#pragma once

#include "stomp/frame.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace naru::stomp {

// A frame with its bytes: what a transaction keeps until COMMIT.
class OwnedFrame {
 public:
  explicit OwnedFrame(const Frame& frame);
  const Frame& frame() const { return frame_; }
  std::size_t bytes() const;  // in memory

 private:
  std::unique_ptr<char[]> text_;  // what frame_ points into
  std::size_t text_bytes_ = 0;
  Frame frame_;
};

using Transaction = std::vector<OwnedFrame>;

}  // namespace naru::stomp
