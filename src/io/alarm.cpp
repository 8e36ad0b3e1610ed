#include "io/alarm.hpp"

#include <cerrno>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>

namespace naru::io {
namespace {

// steady_clock is CLOCK_MONOTONIC. A time that has passed rings at once; zero would never.
itimerspec at(Instant due) {
  using namespace std::chrono;
  itimerspec out{};
  if (due == kNever) return out;
  const auto whole = duration_cast<seconds>(due.time_since_epoch());
  out.it_value.tv_sec = static_cast<time_t>(whole.count());
  out.it_value.tv_nsec =
      static_cast<long>(duration_cast<nanoseconds>(due.time_since_epoch() - whole).count());
  return out;
}

}  // namespace

Alarm::Alarm(Loop& loop)
    : loop_(loop), fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "timerfd_create");
  due_ = loop_.now();
  const itimerspec when = at(due_);
  ::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &when, nullptr);
  if (!loop_.watch(fd_, EPOLLIN, *this)) {
    ::close(fd_);
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

Alarm::~Alarm() {
  loop_.unwatch(fd_, *this);
  ::close(fd_);
}

void Alarm::set() {
  const Instant due = loop_.due();
  if (due == due_) return;
  due_ = due;
  const itimerspec when = at(due);
  ::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &when, nullptr);
}

// It has rung. The next one has to be set, though it were for the same moment.
void Alarm::on_ready(std::uint32_t) {
  std::uint64_t times = 0;
  [[maybe_unused]] const auto read = ::read(fd_, &times, sizeof(times));
  due_ = kNever;
}

}  // namespace naru::io
