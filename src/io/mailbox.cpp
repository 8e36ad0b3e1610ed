#include "io/loop.hpp"

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace naru::io {

Mailbox::Mailbox() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Mailbox::~Mailbox() {
  ::close(fd_);
}

void Mailbox::post(Task task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  // Whoever filled an empty box wakes the loop; those after him find it awake. The counter cannot
  // overflow, so the write cannot fail.
  const std::uint64_t one = 1;
  if (wake) [[maybe_unused]]
    const auto written = ::write(fd_, &one, sizeof(one));
}

void Mailbox::drain() {
  // Read before the swap: a task posted in between finds the box full, wakes nobody, and is taken.
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_, &count, sizeof(count));
  woken_ = false;
  {
    const std::lock_guard lock(mutex_);
    running_.swap(tasks_);
  }
  for (Task& task : running_) task();
  running_.clear();
}

}  // namespace naru::io
