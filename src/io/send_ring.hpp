#pragma once

#include "naru/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>
#include <thread>

struct io_uring_cqe;
struct io_uring_params;
struct io_uring_sqe;

namespace naru::io {

// An io_uring that only sends, for one thread: many connections' bytes leave in one system call.
// Each send is tried at once and never waits (MSG_DONTWAIT), as send() on a socket that does not
// block: when submit() returns all are done, and the kernel keeps no buffer.
class SendRing {
 public:
  static constexpr std::size_t kSends = 256;  // in one batch
  static constexpr std::size_t kPieces = 64;  // of one send
  static constexpr std::size_t kPool = 1024;  // of all of a batch

  // For the calling thread. Errors: io, with the system's text in last_error(): the kernel is older
  // than 6.1, a seccomp profile refuses (containers'), or the administrator does.
  static Result<std::unique_ptr<SendRing>> open();
  ~SendRing();
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  // A ring belongs to the thread that opened it.
  bool mine() const { return thread_ == std::this_thread::get_id(); }
  bool full() const { return count_ == kSends || kPool - pieces_used_ < kPieces; }
  std::size_t size() const { return count_; }

  // Adds a send of `pieces`, at most kPieces, to the batch; not when it is full(). What they point
  // to stays until submit().
  void add(int fd, std::span<const std::string_view> pieces);
  // Sends the batch. The i-th result is that of the i-th add: how many bytes the socket took, or a
  // negative errno. Fewer results than sends: the kernel refuses to go on, the others have not been
  // sent, and the ring is of no more use.
  std::span<const std::int32_t> submit();

 private:
  explicit SendRing(int fd) : fd_(fd), entered_fd_(fd), thread_(std::this_thread::get_id()) {}
  bool map(const io_uring_params& params);
  void register_self();
  long enter(std::size_t sends, std::size_t results) const;
  std::uint32_t results_ready() const;

  int fd_;
  int entered_fd_;  // its number among the registered ones, or fd_
  unsigned enter_flags_ = 0;
  std::thread::id thread_;
  std::size_t count_ = 0;
  std::size_t pieces_used_ = 0;

  // Shared with the kernel.
  void* rings_ = nullptr;
  std::size_t rings_bytes_ = 0;
  io_uring_sqe* entries_ = nullptr;
  std::size_t entries_bytes_ = 0;
  std::uint32_t entry_mask_ = 0;
  std::uint32_t* entries_tail_ = nullptr;
  io_uring_cqe* completions_ = nullptr;
  std::uint32_t completion_mask_ = 0;
  std::uint32_t* completions_head_ = nullptr;
  std::uint32_t* completions_tail_ = nullptr;

  std::array<std::int32_t, kSends> results_{};
  std::array<msghdr, kSends> messages_{};
  std::array<iovec, kPool> pieces_{};
};

}  // namespace naru::io
