#pragma once

#include "io/loop.hpp"
#include "io/send_ring.hpp"
#include "naru/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace naru::io {

class TcpStream;

// Sends a turn's batch of plain TCP streams in one system call (io_uring). Small batches, TLS, and
// everything once the kernel has refused: each stream by itself, as without it.
class RingFlusher final : public Flusher {
 public:
  // Whether a ring can be had on this system. Errors: io, the reason in last_error().
  static Result<void> probe();

  // Entering the ring costs some 200 ns more than a send(), a send inside it some 40 ns less: from
  // here on it pays (Linux 6.18, a loopback echo of 20 bytes).
  static constexpr std::size_t kRingFrom = 8;
  explicit RingFlusher(std::size_t ring_from = kRingFrom) : ring_from_(ring_from) {}

  void flush(std::span<Stream* const> touched) override;

  std::uint64_t batches() const { return batches_; }  // that left by the ring
  bool refused() const { return refused_; }

 private:
  bool ready();
  // A batch of the ring: bare_ from `first` on; how many that were. And sends it.
  std::size_t fill(std::size_t first);
  void send(std::size_t first);

  std::unique_ptr<SendRing> ring_;  // opened on the loop's thread, by the first batch
  std::size_t ring_from_;
  bool refused_ = false;
  std::uint64_t batches_ = 0;
  std::vector<TcpStream*> bare_;  // of this flush, those with something to send
  std::array<std::string_view, SendRing::kPieces> pieces_;  // of the stream at hand
  std::vector<std::size_t> wanted_;  // of the ring's batch: bytes that each would send
};

}  // namespace naru::io
