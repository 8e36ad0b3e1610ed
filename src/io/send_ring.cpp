#include "io/send_ring.hpp"

#include "base/assert.hpp"
#include "io/last_error.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <linux/io_uring.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace naru::io {
namespace {

constexpr std::size_t kSendAtMost = std::size_t{1} << 30U;  // of one piece: its length has 32 bits

Error refused(const char* what) {
  set_last_error("io_uring cannot be used: " + std::string(what) + ": " +
                 std::generic_category().message(errno));
  return Error{Errc::io, "no io_uring"};
}

void* map_of(int fd, std::size_t size, std::uint64_t what) {
  void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
                          static_cast<off_t>(what));
  return at == MAP_FAILED ? nullptr : at;
}

std::uint32_t acquire(std::uint32_t& shared) {
  return std::atomic_ref(shared).load(std::memory_order_acquire);
}
void release(std::uint32_t& shared, std::uint32_t value) {
  std::atomic_ref(shared).store(value, std::memory_order_release);
}

}  // namespace

Result<std::unique_ptr<SendRing>> SendRing::open() {
  io_uring_params params{};
  // One thread enters it, and asks for results when it does: the kernel needs neither locks for the
  // results nor to interrupt us. One send that fails does not hold up the rest.
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;
  const auto fd = static_cast<int>(::syscall(SYS_io_uring_setup, kSends, &params));
  if (fd < 0) return refused("io_uring_setup");
  std::unique_ptr<SendRing> ring(new SendRing(fd));
  if (!ring->map(params)) return refused("mmap of an io_uring");
  ring->register_self();
  return ring;
}

bool SendRing::map(const io_uring_params& params) {
  NARU_ASSERT((params.features & IORING_FEAT_SINGLE_MMAP) != 0);  // since Linux 5.4
  rings_bytes_ = params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe);
  rings_ = map_of(fd_, rings_bytes_, IORING_OFF_SQ_RING);
  entries_bytes_ = params.sq_entries * sizeof(io_uring_sqe);
  entries_ = static_cast<io_uring_sqe*>(map_of(fd_, entries_bytes_, IORING_OFF_SQES));
  if (rings_ == nullptr || entries_ == nullptr) return false;
  const auto at = [this](std::uint32_t offset) {
    return reinterpret_cast<std::uint32_t*>(static_cast<char*>(rings_) + offset);
  };
  entry_mask_ = *at(params.sq_off.ring_mask);
  entries_tail_ = at(params.sq_off.tail);
  completion_mask_ = *at(params.cq_off.ring_mask);
  completions_head_ = at(params.cq_off.head);
  completions_tail_ = at(params.cq_off.tail);
  completions_ = reinterpret_cast<io_uring_cqe*>(at(params.cq_off.cqes));
  // The kernel takes entries by way of an array of their numbers: ours go in order.
  std::uint32_t* const order = at(params.sq_off.array);
  for (std::uint32_t i = 0; i < params.sq_entries; ++i) order[i] = i;
  return true;
}

// Saves the kernel the look-up of the descriptor in each call. A thread has 16 such places; without
// one it works as well.
void SendRing::register_self() {
  io_uring_rsrc_update update{};
  update.offset = ~std::uint32_t{0};  // any place
  update.data = static_cast<std::uint64_t>(fd_);
  if (::syscall(SYS_io_uring_register, fd_, IORING_REGISTER_RING_FDS, &update, 1) != 1) return;
  entered_fd_ = static_cast<int>(update.offset);
  enter_flags_ = IORING_ENTER_REGISTERED_RING;
}

SendRing::~SendRing() {
  // Of another thread's places we know nothing; its own end frees them.
  if (enter_flags_ != 0 && mine()) {
    io_uring_rsrc_update update{};
    update.offset = static_cast<std::uint32_t>(entered_fd_);
    ::syscall(SYS_io_uring_register, fd_, IORING_UNREGISTER_RING_FDS, &update, 1);
  }
  if (entries_ != nullptr) ::munmap(entries_, entries_bytes_);
  if (rings_ != nullptr) ::munmap(rings_, rings_bytes_);
  ::close(fd_);
}

void SendRing::add(int fd, std::span<const std::string_view> pieces) {
  NARU_DCHECK(!full() && !pieces.empty() && pieces.size() <= kPieces);
  const std::size_t index = count_++;
  // The kernel has taken all of the batch before, so its place is free.
  io_uring_sqe& entry = entries_[(*entries_tail_ + index) & entry_mask_];
  entry = {};
  entry.fd = fd;
  entry.user_data = index;
  entry.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (pieces.size() == 1) {
    entry.opcode = IORING_OP_SEND;
    entry.addr = reinterpret_cast<std::uintptr_t>(pieces[0].data());
    entry.len = static_cast<std::uint32_t>(std::min(pieces[0].size(), kSendAtMost));
    return;
  }
  iovec* const parts = pieces_.data() + pieces_used_;
  for (const std::string_view piece : pieces) {
    pieces_[pieces_used_++] = {const_cast<char*>(piece.data()), piece.size()};
  }
  messages_[index].msg_iov = parts;
  messages_[index].msg_iovlen = pieces.size();
  entry.opcode = IORING_OP_SENDMSG;
  entry.addr = reinterpret_cast<std::uintptr_t>(&messages_[index]);
  entry.len = 1;
}

long SendRing::enter(std::size_t sends, std::size_t results) const {
  return ::syscall(SYS_io_uring_enter, entered_fd_, sends, results,
                   IORING_ENTER_GETEVENTS | enter_flags_, nullptr, 0);
}

std::uint32_t SendRing::results_ready() const {
  return acquire(*completions_tail_) - *completions_head_;
}

std::span<const std::int32_t> SendRing::submit() {
  NARU_ASSERT(mine());
  const std::size_t count = std::exchange(count_, 0);
  pieces_used_ = 0;
  release(*entries_tail_, *entries_tail_ + static_cast<std::uint32_t>(count));
  std::size_t taken = 0;
  // Once round. Should a kernel ever finish a send later, this waits for it.
  while (results_ready() < count) {
    const long more = enter(count - taken, count);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0 || (more == 0 && taken < count)) break;
    taken += static_cast<std::size_t>(more);
  }
  // A send between the two would go on reading bytes that we are about to free.
  NARU_ASSERT(results_ready() == taken);
  const std::uint32_t head = *completions_head_;
  for (std::uint32_t i = 0; i < taken; ++i) {
    const io_uring_cqe& completion = completions_[(head + i) & completion_mask_];
    results_[completion.user_data] = completion.res;
  }
  release(*completions_head_, head + static_cast<std::uint32_t>(taken));
  return std::span(results_).first(taken);
}

}  // namespace naru::io
