// How a SockJsSession sends: at once, later, or not at all, by the policies that plain WebSockets
// have (websocket_sending.cpp).
#include "server/message_publication.hpp"
#include "server/sockjs_session.hpp"
#include "server/state.hpp"

#include <utility>

namespace naru::server {
namespace {

using transport::Backlog;
using transport::HeldMessage;

Backlog::Full full_of(SlowConsumer policy) {
  switch (policy) {
    case SlowConsumer::drop_oldest:
      return Backlog::Full::drop_oldest;
    case SlowConsumer::keep_latest:
      return Backlog::Full::keep_latest;
    case SlowConsumer::disconnect:
    case SlowConsumer::drop_newest:
      break;
  }
  return Backlog::Full::drop_newest;
}

}  // namespace

// What was published before is to arrive before.
void SockJsSession::catch_up() const {
  worker().topics.deliver();
}

SendOutcome SockJsSession::send_message(Message message, const SendOptions& how) {
  catch_up();
  if (closing()) return SendOutcome::closed;
  if (how.droppable && is_slow()) return refuse();
  if (must_wait()) {
    HeldMessage held = transport::hold(message.data, message.binary, how.compress, how.key);
    return hold_back(held);
  }
  if (!fits(message.data.size())) return refuse();
  return write(message, how);
}

SendOutcome SockJsSession::pass(Message message) {
  if (closing()) return SendOutcome::closed;
  if (!must_wait()) return write(message, {});
  HeldMessage held = transport::hold(message.data, message.binary, true);
  return hold_back(held);
}

hub::Delivered SockJsSession::deliver(const SharedBytes& bytes, const hub::Publication& publication,
                                      hub::Delivery delivery) {
  if (closing()) return hub::Delivered::closed;
  const auto& message = static_cast<const MessagePublication&>(publication);
  using Key = MessagePublication::Key;
  const bool dropped = delivery == hub::Delivery::droppable && is_slow();
  const bool waits = !dropped && must_wait();
  if (dropped || (!waits && !fits(message.data().size()))) {
    miss(message.hold(bytes, Key::none));
    return hub::Delivered::dropped;
  }
  if (!waits) return to_delivered(write(bytes, message));
  const bool keyed = options().slow_consumer == SlowConsumer::keep_latest;
  HeldMessage held = message.hold(bytes, keyed ? Key::kept : Key::none);
  const SendOutcome outcome = hold_back(held);
  if (outcome == SendOutcome::dropped) miss(std::move(held), Counted::already);
  return to_delivered(outcome);
}

bool SockJsSession::is_slow() {
  return (!holds_everything() && has_held()) || congested();
}

bool SockJsSession::must_wait() {
  if (holds_everything() || has_held()) return true;
  const SlowConsumer policy = options().slow_consumer;
  const bool may_hold = policy == SlowConsumer::drop_oldest || policy == SlowConsumer::keep_latest;
  return may_hold && congested();
}

// Whether there is room for one more behind what waits already; drop_newest alone asks.
bool SockJsSession::fits(std::size_t bytes) {
  if (options().slow_consumer != SlowConsumer::drop_newest) return true;
  const auto room = [&] {
    const std::size_t waiting = queued();
    return waiting == 0 || (waiting <= options().limit && bytes <= options().limit - waiting);
  };
  if (room()) return true;
  static_cast<void>(congested());  // sends what the peer takes just now
  return room();
}

// Not taken: `message` is left as it is.
SendOutcome SockJsSession::hold_back(HeldMessage& message) {
  const std::size_t waiting = queued();
  const std::size_t room = options().limit > waiting ? options().limit - waiting : 0;
  if (held_ == nullptr) held_ = std::make_unique<Backlog>();
  std::vector<HeldMessage> gone;
  const Backlog::Taken taken =
      held_->push(std::move(message), room, full_of(options().slow_consumer), gone);
  if (taken == Backlog::Taken::replaced) worker().counters.replaced.add();
  for (HeldMessage& each : gone) miss(std::move(each));
  if (taken == Backlog::Taken::no) {
    if (options().slow_consumer != SlowConsumer::disconnect) return refuse();
    worker().counters.slow_closed.add();
    overflow();
    return SendOutcome::closed;
  }
  release_later();
  return holds_everything() && !congested() ? SendOutcome::sent : SendOutcome::blocked;
}

SendOutcome SockJsSession::refuse() {
  worker().counters.dropped.add();
  return SendOutcome::dropped;
}

// Has on_dropped told of it, in a turn of its own: here the hub, or a handler, is at work.
void SockJsSession::miss(HeldMessage message, Counted counted) {
  if (counted == Counted::now) worker().counters.dropped.add();
  if (!options().on_dropped) return;
  if (message.bytes() > options().limit - dropped_bytes_) return;
  dropped_bytes_ += message.bytes();
  dropped_.push_back(std::move(message));
  if (dropped_.size() > 1) return;
  ref().with([](SockJs& self) { static_cast<SockJsSession&>(self).tell_dropped(); });
}

void SockJsSession::tell_dropped() {
  dropped_bytes_ = 0;
  for (const HeldMessage& message : std::exchange(dropped_, {})) {
    if (told_open_) options().on_dropped(*this, {message.data, message.binary});
  }
}

}  // namespace naru::server
