#include "client/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

namespace naru::client {

Signals::Signals(io::Loop& loop, UniqueFunction<void()> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  fd_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd_ >= 0) loop_.watch(fd_, EPOLLIN, *this);
}

Signals::~Signals() {
  stop();
}

void Signals::on_ready(std::uint32_t) {
  signalfd_siginfo caught{};
  if (::read(fd_, &caught, sizeof(caught)) != sizeof(caught)) return;
  stop();
  on_signal_();
}

// From here on signals do what they did before.
void Signals::stop() {
  if (fd_ < 0) return;
  loop_.unwatch(fd_, *this);
  ::close(std::exchange(fd_, -1));
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace naru::client
