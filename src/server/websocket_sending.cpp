// How a PlainWebSocket sends: at once, later because its peer reads slowly, or not at all.
#include "server/message_publication.hpp"
#include "server/plain_websocket.hpp"
#include "server/state.hpp"
#include "server/wire_formats.hpp"

#include <utility>

namespace naru::server {
namespace {

using transport::Backlog;
using transport::HeldMessage;
using websocket::Compress;
using websocket::Opcode;

Opcode opcode_of(bool binary) {
  return binary ? Opcode::binary : Opcode::text;
}

Compress compress_of(bool wanted) {
  return wanted ? Compress::yes : Compress::no;
}

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

void PlainWebSocket::catch_up() const {
  route_.worker.topics.deliver();
}

SendOutcome PlainWebSocket::send_message(Message message, const SendOptions& how) {
  catch_up();
  if (closing()) return SendOutcome::closed;
  if (how.droppable && is_slow()) return refuse();
  if (must_wait()) {
    HeldMessage held = transport::hold(message.data, message.binary, how.compress, how.key);
    return hold_back(held);
  }
  if (!fits(message.data.size())) return refuse();
  return route_.worker.count(
      transport_->send(opcode_of(message.binary), {}, message.data, compress_of(how.compress)));
}

hub::WireFormat PlainWebSocket::wire_format(const hub::Publication& publication) const {
  const auto& message = static_cast<const MessagePublication&>(publication);
  if (transport_ == nullptr || !message.compressible() ||
      message.data().size() < options().compression.threshold) {
    return 0;
  }
  return static_cast<hub::WireFormat>(transport_->wire_class());
}

hub::Delivered PlainWebSocket::deliver(const SharedBytes& bytes,
                                       const hub::Publication& publication,
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
  if (waits) {
    const bool keyed = options().slow_consumer == SlowConsumer::keep_latest;
    HeldMessage held = message.hold(bytes, keyed ? Key::kept : Key::none);
    const SendOutcome outcome = hold_back(held);
    if (outcome == SendOutcome::dropped) miss(std::move(held), Counted::already);
    return to_delivered(outcome);
  }
  const std::string_view plain = message.compressed(bytes) ? message.data() : std::string_view();
  return to_delivered(route_.worker.count(transport_->send_encoded(bytes, false, plain)));
}

void PlainWebSocket::deliver_all(hub::Burst& burst) {
  const SharedBytes* frames = in_one_piece(burst);
  if (frames == nullptr) return Subscriber::deliver_all(burst);
  const hub::Delivered how =
      to_delivered(route_.worker.count(transport_->send_encoded(*frames, false)));
  route_.worker.counters.messages_out.add(burst.size() - 1);
  for (std::size_t i = 0; i < burst.size(); ++i) burst.took(i, how);
}

// Several messages as one run of frames, where none of them would have to wait or be dropped, and
// no compressor has to learn them one by one.
const SharedBytes* PlainWebSocket::in_one_piece(hub::Burst& burst) {
  if (burst.size() == 1 || closing() || in_parts_ || has_backlog()) return nullptr;
  const hub::WireFormat format = wire_format(burst[0]);
  if (format != wire::websocket && transport_->compresses_with_context()) return nullptr;
  for (std::size_t i = 1; i < burst.size(); ++i) {
    if (wire_format(burst[i]) != format) return nullptr;
  }
  const SharedBytes& frames = burst.joined(format);
  const std::size_t after = transport_->buffered() + (frames ? frames->size() : 0);
  return frames && after <= options().high_watermark ? &frames : nullptr;
}

// Other messages must not come between the pieces of one (RFC 6455 section 5.4).
SendOutcome PlainWebSocket::send_piece(Message piece, Part part) {
  catch_up();
  if (closing()) return SendOutcome::closed;
  if (!in_parts_) {
    release(Release::everything);
    in_parts_ = true;
    parts_binary_ = piece.binary;
  }
  const transport::Push push =
      transport_->send_part(opcode_of(parts_binary_), piece.data,
                            part == Part::last ? websocket::Part::last : websocket::Part::more);
  const bool queued = push == transport::Push::queued || push == transport::Push::high;
  if (queued && transport_->buffered() > options().limit) return overflow();
  if (part == Part::last) {
    in_parts_ = false;
    release(Release::what_fits);
  } else if (queued) {
    return push == transport::Push::queued ? SendOutcome::sent : SendOutcome::blocked;
  }
  return route_.worker.count(push);
}

void PlainWebSocket::close_in_order(std::uint16_t code, std::string_view reason) {
  catch_up();
  if (closing()) return;
  if (!in_parts_) release(Release::everything);
  transport_->close(code, reason);
}

bool PlainWebSocket::is_slow() {
  return has_backlog() || transport_->congested();
}

bool PlainWebSocket::must_wait() {
  if (in_parts_ || has_backlog()) return true;
  const SlowConsumer policy = options().slow_consumer;
  const bool may_hold = policy == SlowConsumer::drop_oldest || policy == SlowConsumer::keep_latest;
  return may_hold && transport_->congested();
}

// Whether there is room for one more behind what waits already; drop_newest alone asks.
bool PlainWebSocket::fits(std::size_t bytes) {
  if (options().slow_consumer != SlowConsumer::drop_newest) return true;
  const auto room = [&] {
    const std::size_t waiting = transport_->buffered();
    return waiting == 0 || (waiting <= options().limit && bytes <= options().limit - waiting);
  };
  if (room()) return true;
  static_cast<void>(transport_->congested());  // sends what the peer takes just now
  return room();
}

// Not taken: `message` is left as it is.
SendOutcome PlainWebSocket::hold_back(HeldMessage& message) {
  std::unique_ptr<Backlog>& backlog = extras().backlog;
  if (backlog == nullptr) backlog = std::make_unique<Backlog>();
  const std::size_t queued = transport_->buffered();
  const std::size_t room = options().limit > queued ? options().limit - queued : 0;
  std::vector<HeldMessage> gone;
  const Backlog::Taken taken =
      backlog->push(std::move(message), room, full_of(options().slow_consumer), gone);
  if (backlog->empty()) backlog.reset();
  if (taken == Backlog::Taken::replaced) route_.worker.counters.replaced.add();
  for (HeldMessage& each : gone) miss(std::move(each));
  if (taken != Backlog::Taken::no) return SendOutcome::blocked;
  return options().slow_consumer == SlowConsumer::disconnect ? overflow() : refuse();
}

SendOutcome PlainWebSocket::refuse() {
  route_.worker.counters.dropped.add();
  return SendOutcome::dropped;
}

SendOutcome PlainWebSocket::overflow() {
  route_.worker.counters.slow_closed.add();
  transport_->abort();
  return SendOutcome::closed;
}

// Has on_dropped told of it, in a turn of its own: here the hub, or a handler, is at work.
void PlainWebSocket::miss(HeldMessage message, Counted counted) {
  if (counted == Counted::now) route_.worker.counters.dropped.add();
  if (!options().on_dropped) return;
  Extras& mine = extras();
  if (message.bytes() > options().limit - mine.dropped_bytes) return;
  mine.dropped_bytes += message.bytes();
  mine.dropped.push_back(std::move(message));
  if (mine.dropped.size() > 1) return;
  ref().with([](WebSocket& self) { static_cast<PlainWebSocket&>(self).tell_dropped(); });
}

void PlainWebSocket::tell_dropped() {
  extras().dropped_bytes = 0;
  for (const HeldMessage& message : std::exchange(extras().dropped, {})) {
    if (transport_ != nullptr) options().on_dropped(*this, {message.data, message.binary});
  }
}

// Gives to the stream what has waited, in order.
void PlainWebSocket::release(Release how) {
  if (!has_backlog()) return;
  Backlog& backlog = *extras_->backlog;
  while (!backlog.empty() && !closing()) {
    if (how == Release::what_fits && transport_->congested()) return;
    const HeldMessage message = backlog.pop();
    route_.worker.count(send_held(message));
  }
  if (backlog.empty()) extras_->backlog.reset();
}

transport::Push PlainWebSocket::send_held(const HeldMessage& message) {
  if (message.frames == nullptr) {
    return transport_->send(opcode_of(message.binary), {}, message.data,
                            compress_of(message.compress));
  }
  return transport_->send_encoded(message.frames, false,
                                  message.compress ? message.data : std::string_view());
}

}  // namespace naru::server
