#include "bench_peer.hpp"

#include <utility>

namespace naru::app {

BenchPeer::BenchPeer(const BenchScript& script, BenchUser& user, std::size_t slots)
    : script_(script), user_(user), due_(slots) {
  for (std::size_t slot = slots; slot > 0; --slot) free_.push_back(slot - 1);
}

void BenchPeer::send(BenchInstant due) {
  const std::size_t slot = free_.back();
  free_.pop_back();
  due_[slot] = due;
  write(slot);
}

void BenchPeer::settle(std::size_t slot) {
  const BenchInstant due = std::exchange(due_[slot], BenchInstant{});
  free_.push_back(slot);
  user_.on_answer(*this, due);
}

void BenchPeer::forget(std::size_t slot) {
  due_[slot] = {};
  free_.push_back(slot);
  user_.on_room(*this);
}

void BenchPeer::become_ready() {
  if (!std::exchange(ready_, true)) user_.on_ready(*this);
}

void BenchPeer::lose(const std::string& why) {
  ready_ = false;
  if (!std::exchange(lost_, true)) user_.on_lost(why);
}

void EchoPeer::write(std::size_t slot) {
  echoes_[(first_ + under_way_++) % echoes_.size()] = slot;
  say();
}

void EchoPeer::on_text(std::string_view message) {
  if (under_way_ == 0 || message != script_.payload) return user_.on_other();
  const std::size_t slot = echoes_[first_];
  first_ = (first_ + 1) % echoes_.size();
  --under_way_;
  settle(slot);
}

std::unique_ptr<BenchPeer> BenchPeers::make() {
  switch (script_.protocol) {
    case Protocol::websocket:
      return make_websocket_peer(loop_, script_, user_);
    case Protocol::sockjs:
      return make_sockjs_peer(loop_, script_, user_);
    case Protocol::stream: {
      if (publisher_ != nullptr) return make_subscriber(loop_, script_, user_, *publisher_);
      auto publisher = make_publisher(loop_, script_, user_);
      publisher_ = publisher.get();
      return publisher;
    }
    case Protocol::stomp:
      return make_stomp_peer(loop_, script_, user_, made_++);
    case Protocol::socketio:
    case Protocol::push:
      break;
  }
  return make_socketio_peer(loop_, script_, user_);
}

}  // namespace naru::app
