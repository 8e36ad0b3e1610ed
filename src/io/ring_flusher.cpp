#include "io/ring_flusher.hpp"

#include "io/tcp_stream.hpp"

namespace naru::io {

Result<void> RingFlusher::probe() {
  const auto ring = SendRing::open();
  if (!ring) return ring.error();
  return {};
}

void RingFlusher::flush(std::span<Stream* const> touched) {
  bare_.clear();
  for (Stream* stream : touched) {
    TcpStream* const bare = stream->bare();
    if (bare == nullptr) {
      stream->flush();
    } else if (!bare->closed() && !bare->out().empty()) {
      bare_.push_back(bare);
    }
  }
  // Nothing that is called here reaches a handler, so none of them closes because of another.
  std::size_t next = 0;
  while (next < bare_.size() && bare_.size() - next >= ring_from_ && ready()) {
    const std::size_t count = fill(next);
    send(next);
    next += count;
  }
  for (; next < bare_.size(); ++next) bare_[next]->flush();
}

bool RingFlusher::ready() {
  if (refused_) return false;
  if (ring_ == nullptr) {
    auto opened = SendRing::open();
    refused_ = !opened;
    if (refused_) return false;
    ring_ = *std::move(opened);
  }
  return ring_->mine();  // a loop may be taken down on another thread
}

std::size_t RingFlusher::fill(std::size_t first) {
  wanted_.clear();
  for (std::size_t i = first; i < bare_.size() && !ring_->full(); ++i) {
    const std::span pieces(pieces_.data(), bare_[i]->out().peek(pieces_));
    std::size_t size = 0;
    for (const std::string_view piece : pieces) size += piece.size();
    ring_->add(bare_[i]->fd(), pieces);
    wanted_.push_back(size);
  }
  return wanted_.size();
}

void RingFlusher::send(std::size_t first) {
  const auto results = ring_->submit();
  if (!results.empty()) ++batches_;
  for (std::size_t i = 0; i < results.size(); ++i) {
    bare_[first + i]->flushed(results[i], wanted_[i]);
  }
  if (results.size() == wanted_.size()) return;
  for (std::size_t i = results.size(); i < wanted_.size(); ++i) bare_[first + i]->flush();
  ring_.reset();
  refused_ = true;
}

}  // namespace naru::io
