#include "server/push_stream.hpp"

#include "json/split.hpp"
#include "server/state.hpp"
#include "sse/event.hpp"

#include <algorithm>

namespace naru::server {
namespace {

// What a stream says first: {"topics":[...],"recovered":true,"cursor":"..."}.
std::string greeting(const std::vector<PushFeed>& feeds, bool recovered, std::string_view cursor) {
  std::string out = R"({"topics":[)";
  for (const PushFeed& feed : feeds) {
    if (&feed != &feeds.front()) out += ',';
    json::append_string(feed.topic, out);
  }
  out.append(R"(],"recovered":)").append(recovered ? "true" : "false").append(R"(,"cursor":)");
  json::append_string(cursor, out);
  return out += '}';
}

}  // namespace

std::string cursor_of(const std::vector<PushFeed>& feeds) {
  std::vector<hub::Position> positions;
  bool any = false;
  for (const PushFeed& feed : feeds) {
    any = any || !feed.position.epoch.empty();
    positions.push_back(feed.position);
  }
  return any ? hub::to_cursor(positions) : std::string();
}

// ---- PushSubscriber

PushFeed* PushSubscriber::feed_of(std::string_view topic) {
  const auto found = std::find_if(feeds_.begin(), feeds_.end(),
                                  [topic](const PushFeed& feed) { return feed.topic == topic; });
  return found == feeds_.end() ? nullptr : &*found;
}

void PushSubscriber::move_to(const MessagePublication& publication) {
  PushFeed* feed = feed_of(publication.topic());
  if (feed != nullptr && publication.offset() != 0) {
    feed->position = {publication.epoch(), publication.offset()};
  }
}

void PushSubscriber::ask(TopicTable& table, std::size_t most) {
  due_ = feeds_.size();
  worker_.topics.add(*this);
  const auto self = shared_from_this();  // an answer may end us
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    table.ask(worker_, {.topic = feeds_[i].topic, .from = feeds_[i].from, .most = most},
              [weak = weak_from_this(), i](hub::History::Replay replay) {
                if (const auto alive = weak.lock()) alive->answered(i, std::move(replay));
              });
  }
}

void PushSubscriber::answered(std::size_t at, hub::History::Replay replay) {
  const auto self = shared_from_this();
  PushFeed& feed = feeds_[at];
  feed.position = replay.position;
  feed.start = feed.from && replay.recovered ? *feed.from : replay.position;
  recovered_ = recovered_ && replay.recovered;
  more_ = more_ || replay.more;
  for (auto& each : replay.missed) missed_.push_back(std::move(each));
  // What there is more of cannot be followed by what comes.
  if (!replay.more) worker_.topics.join(*this, feed.topic);
  if (--due_ > 0) return;
  begun_ = true;
  begin(recovered_, more_);
}

// ---- PushStream

void PushStream::open(transport::HttpExchange& exchange, http::Response head) {
  transport::StreamedAnswer answer;
  // Above the mark it is tried at once; the limit is ours, see is_slow().
  answer.outbox.high_watermark = std::min<std::size_t>(options_.outbox_bytes, 65536);
  answer.outbox.limit = SIZE_MAX;
  answer.stall_timeout = options_.stall;
  // The answer holds us, until its end.
  const auto self = std::static_pointer_cast<PushStream>(shared_from_this());
  answer.on_shutdown = [weak = std::weak_ptr(self)] {
    if (const auto alive = weak.lock()) alive->say_goodbye();
  };
  answer.on_close = [self] {
    self->stream_ = nullptr;
    self->heartbeat_.disarm();
    self->leave();
  };
  stream_ = &exchange.stream_response(std::move(head), std::move(answer));
  std::string first;
  if (form_ != PushForm::line) {
    // So that not all come back at once.
    const auto spread = std::max<std::int64_t>(options_.retry.count() / 5, 1);
    sse::append_retry(
        options_.retry + std::chrono::milliseconds(worker_.random.next_u32() %
                                                   static_cast<std::uint64_t>(spread)),
        first);
    first += '\n';
    stream_->append(first);
  }
  heartbeat_.arm(worker_.loop.timers(), worker_.loop.now() + options_.heartbeat);
}

void PushStream::begin(bool recovered, bool) {
  if (stream_ == nullptr) return;
  const std::string cursor = cursor_of(feeds_);
  std::vector<PushFeed> before = feeds_;
  for (PushFeed& feed : before) feed.position = feed.start;
  const std::string start = cursor_of(before);
  std::string text;
  const std::string said = greeting(feeds_, recovered, cursor);
  if (form_ == PushForm::line) {
    text = said + '\n';
  } else {
    sse::append_event({.id = start, .type = recovered ? "subscribed" : "reset", .data = said},
                      text);
  }
  stream_->append(text);
  const auto ends = std::exchange(feeds_, std::move(before));
  const hub::WireFormat format = push_format(form_, stream_->framing());
  std::size_t replayed = 0;
  for (const auto& each : std::exchange(missed_, {})) {
    const auto& publication = static_cast<const MessagePublication&>(*each);
    const SharedBytes bytes = encode_push(publication, format);
    // The history has its own limits: its replay does not make a reader slow, or one that has
    // missed much could never come back.
    replayed += bytes->size() + hub::kCursorBytes;
    allowance_ = replayed;
    worker_.count(send(bytes, publication, hub::Delivery::reliable));
  }
  feeds_ = ends;
  const auto held = std::exchange(held_, {});
  for (std::size_t i = 0; i < held.size() && stream_ != nullptr; ++i) {
    stream_->append_framed(held[i]);
  }
}

hub::WireFormat PushStream::wire_format(const hub::Publication&) const {
  return push_format(form_, stream_ == nullptr ? http::Framing::bare : stream_->framing());
}

hub::Delivered PushStream::deliver(const SharedBytes& bytes, const hub::Publication& publication,
                                   hub::Delivery delivery) {
  if (stream_ == nullptr || bytes == nullptr) return hub::Delivered::closed;
  const auto& message = static_cast<const MessagePublication&>(publication);
  if (begun() && is_slow()) return give_up();
  if (begun()) return to_delivered(worker_.count(send(bytes, message, delivery)));
  take(bytes, message, delivery);
  return hub::Delivered::sent;
}

// What was made up for does not count, until it has left.
bool PushStream::is_slow() {
  const std::size_t waiting = stream_->buffered();
  if (waiting <= options_.outbox_bytes) allowance_ = 0;
  return waiting > options_.outbox_bytes + allowance_;
}

// It comes back with its cursor. Not beneath a delivery: it leaves the hub.
hub::Delivered PushStream::give_up() {
  if (!std::exchange(given_up_, true)) {
    worker_.counters.slow_closed.add();
    worker_.loop.defer([weak = weak_from_this()] {
      const auto self = std::static_pointer_cast<PushStream>(weak.lock());
      if (self && self->stream_ != nullptr) std::exchange(self->stream_, nullptr)->abort();
    });
  }
  return hub::Delivered::closed;
}

// Before the other homes have answered, which is a matter of one turn of theirs.
void PushStream::take(const SharedBytes& bytes, const MessagePublication& publication,
                      hub::Delivery) {
  held_bytes_ += bytes->size();
  if (held_bytes_ > options_.outbox_bytes) return static_cast<void>(give_up());
  move_to(publication);
  if (form_ == PushForm::enveloped) {
    std::string id;
    sse::append_id(cursor_of(feeds_), id);
    if (!id.empty()) {
      held_.push_back(
          std::make_shared<const std::string>(http::frame_piece(id, stream_->framing())));
    }
  }
  held_.push_back(bytes);
}

transport::Push PushStream::send(const SharedBytes& bytes, const MessagePublication& publication,
                                 hub::Delivery delivery) {
  const auto droppable =
      delivery == hub::Delivery::droppable ? transport::Droppable::yes : transport::Droppable::no;
  move_to(publication);
  if (form_ == PushForm::enveloped) {
    std::string id;
    sse::append_id(cursor_of(feeds_), id);
    if (!id.empty()) stream_->append(id);
  }
  return stream_->append_framed(bytes, droppable);
}

void PushStream::beat() {
  if (stream_ == nullptr) return;
  stream_->append(form_ == PushForm::line ? "{}\n" : ":\n\n");
  heartbeat_.arm(worker_.loop.timers(), worker_.loop.now() + options_.heartbeat);
}

void PushStream::say_goodbye() {
  const auto self = shared_from_this();
  if (stream_ == nullptr) return;
  heartbeat_.disarm();
  worker_.topics.deliver();
  leave();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->end();
}

// ---- PushPoll

void PushPoll::open(transport::HttpExchange& exchange) {
  const auto self = std::static_pointer_cast<PushPoll>(shared_from_this());
  open_ = true;
  to_ = worker_.expect_answer(exchange, [self] {
    self->open_ = false;
    self->timer_.disarm();
    self->leave();
  });
}

void PushPoll::begin(bool recovered, bool more) {
  recovered_ = recovered;
  more_ = more;
  std::string replayed;
  for (const auto& each : std::exchange(missed_, {})) {
    if (!replayed.empty()) replayed += ',';
    replayed += push_envelope(static_cast<const MessagePublication&>(*each));
  }
  if (!replayed.empty() && !messages_.empty()) replayed += ',';
  messages_.insert(0, replayed);
  if (!recovered || !messages_.empty() || manner_.wait <= Duration::zero()) return answer();
  // Each waits a little less than the next, so that they do not all end at once.
  const auto tenth = std::max<std::int64_t>((manner_.wait / 10).count(), 1);
  const Duration less(
      static_cast<std::int64_t>(worker_.random.next_u64() % static_cast<std::uint64_t>(tenth)));
  timer_.arm(worker_.loop.timers(), worker_.loop.now() + manner_.wait - less);
}

hub::Delivered PushPoll::deliver(const SharedBytes& bytes, const hub::Publication& publication,
                                 hub::Delivery delivery) {
  if (!open_ || bytes == nullptr) return hub::Delivered::closed;
  take(bytes, static_cast<const MessagePublication&>(publication), delivery);
  return hub::Delivered::sent;
}

void PushPoll::take(const SharedBytes& bytes, const MessagePublication& publication,
                    hub::Delivery) {
  move_to(publication);
  if (!messages_.empty()) messages_ += ',';
  messages_.append(*bytes, 0, bytes->size() - 1);  // without the line end
  if (begun()) answer_soon();
}

// With all that this turn brings.
void PushPoll::answer_soon() {
  if (std::exchange(soon_, true)) return;
  worker_.loop.defer([weak = weak_from_this()] {
    if (const auto self = weak.lock()) static_cast<PushPoll&>(*self).answer();
  });
}

void PushPoll::answer() {
  const auto self = shared_from_this();
  if (!open_) return;
  worker_.topics.deliver();  // what this turn has brought so far
  open_ = false;
  timer_.disarm();
  leave();
  const std::string cursor = cursor_of(feeds_);
  if (!cursor.empty()) head_.set("ETag", '"' + cursor + '"');
  if (messages_.empty() && recovered_ && manner_.validated) {
    head_.status = 304;
    return worker_.answer(to_, std::move(head_));
  }
  std::string& body = head_.body;
  body = R"({"cursor":)";
  json::append_string(cursor, body);
  body.append(R"(,"recovered":)").append(recovered_ ? "true" : "false");
  body.append(R"(,"more":)").append(more_ ? "true" : "false");
  body.append(R"(,"messages":[)").append(messages_).append("]}\n");
  head_.set("Content-Type", "application/json");
  worker_.answer(to_, std::move(head_));
}

}  // namespace naru::server
