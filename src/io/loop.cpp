#include "io/loop.hpp"

#include "base/assert.hpp"
#include "io/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace naru::io {
namespace {

// How often the end of a turn starts over when its callbacks cause more work. What then is left
// waits for the next turn, which does not sleep: sockets get their chance in between.
constexpr int kRounds = 8;

// Streams that are flushed, then settled, while the processor has them at hand.
constexpr std::size_t kSlice = 256;

// Of what queues held in this turn, for the next ones. Given back, malloc would return it to the
// system, and each page of it would be faulted in and cleared again.
constexpr std::size_t kChunksKept = std::size_t{4} << 20U;

class StreamFlusher final : public Flusher {
 public:
  void flush(std::span<Stream* const> touched) override {
    for (Stream* stream : touched) stream->flush();
  }
};

}  // namespace

Loop::Loop()
    : now_(std::chrono::steady_clock::now()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(std::make_unique<char[]>(kReceiveBytes)),
      flusher_(std::make_unique<StreamFlusher>()),
      thread_(std::this_thread::get_id()),
      wheel_(now_),
      chunks_(kChunksKept) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  watch(mailbox_.fd(), EPOLLIN, mailbox_);
}

Loop::~Loop() {
  thread_ = std::this_thread::get_id();
  while (!streams_.empty()) {
    for (std::size_t i = 0; i < streams_.size(); ++i) streams_[i]->abort();
    end_turn();
  }
  ::close(epoll_);
}

void Loop::run() {
  while (!stopping_) poll(Duration::max());
  stopping_ = false;
}

void Loop::stop() {
  post([this] { stopping_ = true; });
}

void Loop::poll(Duration wait) {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  const int count = wait_for_events(wait);
  now_ = std::chrono::steady_clock::now();
  batch_size_ = std::max(count, 0);  // EINTR: a turn without events
  for (batch_at_ = 0; batch_at_ < batch_size_;) {
    const epoll_event& event = batch_[static_cast<std::size_t>(batch_at_++)];
    if (event.data.ptr != nullptr) static_cast<Pollable*>(event.data.ptr)->on_ready(event.events);
  }
  batch_size_ = 0;
  wheel_.advance(now_);
  if (mailbox_.woken()) mailbox_.drain();
  end_turn();
}

int Loop::wait_for_events(Duration wait) {
  const auto size = static_cast<int>(batch_.size());
  const int timeout = timeout_ms(wait);
  if (spin_ > Duration::zero() && timeout != 0) {
    Duration left = spin_;
    if (timeout > 0) left = std::min<Duration>(left, std::chrono::milliseconds(timeout));
    const Instant until = std::chrono::steady_clock::now() + left;
    do {
      const int count = ::epoll_wait(epoll_, batch_.data(), size, 0);
      if (count != 0) return count;
    } while (std::chrono::steady_clock::now() < until);
  }
  return ::epoll_wait(epoll_, batch_.data(), size, timeout);
}

int Loop::timeout_ms(Duration wait) const {
  if (wait <= Duration::zero() || turn_pending()) return 0;
  const Instant next = wheel_.next();
  if (next != kNever) wait = std::min(wait, std::max(next - now_, Duration::zero()));
  if (wait == Duration::max()) return -1;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
}

void Loop::defer(Task task) {
  NARU_DCHECK(in_loop_thread());
  deferred_.push_back(std::move(task));
}

void Loop::set_flusher(std::unique_ptr<Flusher> flusher) {
  flusher_ = std::move(flusher);
}

bool Loop::turn_pending() const {
  return !touched_.empty() || !deferred_.empty() || buried_.size() != told_;
}

void Loop::end_turn() {
  for (int round = 0; round < kRounds && turn_pending(); ++round) {
    run_deferred();
    tell_buried();
    flush_touched();
  }
  free_buried();
  if (!buried_handlers_.empty()) {
    const auto dead = std::exchange(buried_handlers_, {});  // their destructors may bury others
  }
}

void Loop::run_deferred() {
  if (deferred_.empty()) return;
  running_.swap(deferred_);
  for (Task& task : running_) task();
  running_.clear();
}

void Loop::tell_buried() {
  while (told_ < buried_.size()) buried_[told_++]->tell_closed();
}

void Loop::flush_touched() {
  if (touched_.empty()) return;
  flushing_.swap(touched_);
  flushed_early_ = 0;
  for (Stream* stream : flushing_) stream->touched_ = false;
  for (std::size_t from = 0; from < flushing_.size(); from += kSlice) {
    const auto slice =
        std::span(flushing_).subspan(from, std::min(kSlice, flushing_.size() - from));
    flusher_->flush(slice);
    for (Stream* stream : slice) stream->settle();
  }
  flushing_.clear();
}

// What has more to come of it stays touched, and is looked at once more at the end of the turn.
void Loop::flush_early() {
  NARU_DCHECK(flushing_.empty());
  const auto fresh = touched_.begin() + static_cast<std::ptrdiff_t>(flushed_early_);
  flushing_.assign(fresh, touched_.end());
  touched_.erase(fresh, touched_.end());
  flusher_->flush(flushing_);
  for (Stream* stream : flushing_) {
    stream->touched_ = !stream->settled();
    if (stream->touched_) touched_.push_back(stream);
  }
  flushing_.clear();
  flushed_early_ = touched_.size();
}

// Those that learnt of it; a stream that closed in the very last round waits for the next turn.
void Loop::free_buried() {
  if (told_ == 0) return;
  std::erase_if(touched_, [](const Stream* stream) { return stream->closed(); });
  const std::size_t count = std::exchange(told_, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = buried_[i]->index_;
    std::unique_ptr<Stream> dead = std::move(streams_[index]);
    if (index + 1 != streams_.size()) {
      streams_[index] = std::move(streams_.back());
      streams_[index]->index_ = static_cast<std::uint32_t>(index);
    }
    streams_.pop_back();
  }
  buried_.erase(buried_.begin(), buried_.begin() + static_cast<std::ptrdiff_t>(count));
}

bool Loop::watch(int fd, std::uint32_t epoll_events, Pollable& pollable) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &pollable;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Loop::change(int fd, std::uint32_t epoll_events, Pollable& pollable) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &pollable;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Loop::unwatch(int fd, Pollable& pollable) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  for (int i = batch_at_; i < batch_size_; ++i) {
    epoll_event& event = batch_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &pollable) event.data.ptr = nullptr;
  }
}

Stream& Loop::own(std::unique_ptr<Stream> stream) {
  stream->index_ = static_cast<std::uint32_t>(streams_.size());
  streams_.push_back(std::move(stream));
  return *streams_.back();
}

void Loop::touch(Stream& stream) {
  if (stream.touched_ || stream.closed_) return;
  stream.touched_ = true;
  touched_.push_back(&stream);
}

void Loop::bury(Stream& stream) {
  buried_.push_back(&stream);
}

void Loop::bury(std::unique_ptr<StreamHandler> handler) {
  buried_handlers_.push_back(std::move(handler));
}

}  // namespace naru::io
