// How a StompSession joins topics: those with a history at a place in it.
#include "server/message_publication.hpp"
#include "server/state.hpp"
#include "server/stomp_broker.hpp"
#include "server/stomp_session.hpp"
#include "server/topic_table.hpp"

#include <charconv>
#include <utility>

namespace naru::server {
namespace {

// The place that a client has come to, by the headers that its last MESSAGE or its RECEIPT had.
Result<std::optional<hub::Position>> place_of(const stomp::Frame& frame) {
  const auto offset = frame.find("offset");
  const auto epoch = frame.find("epoch");
  if (!offset && !epoch) return std::optional<hub::Position>();
  hub::Position place{.epoch = std::string(epoch.value_or(""))};
  const std::string_view digits = offset.value_or("");
  const auto* end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, place.offset);
  if (place.epoch.empty() || error != std::errc() || last != end) {
    return Error{Errc::protocol_error, "malformed offset"};
  }
  return std::optional(std::move(place));
}

std::size_t bytes_of(const hub::History::Replay& replay) {
  std::size_t bytes = 0;
  for (const auto& each : replay.missed) {
    bytes += static_cast<const MessagePublication&>(*each).bytes();
  }
  return bytes;
}

}  // namespace

// A topic with a history is joined when its home has answered, if the client says where it was, or
// wants to know where it is. Whoever asks for more than there is, is told so.
Result<void> StompSession::join_topic(const stomp::Frame& frame, StompSubscription& added,
                                      std::string_view key, Kind kind) {
  NARU_TRY(std::optional<hub::Position> from, place_of(frame));
  TopicTable& table = *here_.broker().state().topic_table;
  const bool one = kind == Kind::topic && stomp::Pattern(key).literal();
  if (!one || !table.keeps(key) || (!from && !wants_receipt_)) {
    if (from && wants_receipt_) waiting_[frame_].about = {{"recovered", "false"}};
    added.listen(here_.worker().topics, key, kind);
    return {};
  }
  const StompReply reply = reply_to_frame();
  Joining joining{.subscription = added.subscription().handle,
                  .frame = reply.frame,
                  .topic = std::string(key),
                  .from = std::move(from)};
  TopicTable::Query query{.topic = joining.topic, .from = joining.from};
  table.ask(here_.worker(), std::move(query),
            [&here = here_, number = number_,
             joining = std::move(joining)](const hub::History::Replay& replay) {
              if (StompSession* const self = here.find(number)) self->join_behind(joining, replay);
            });
  return {};
}

// The RECEIPT, what was missed, and then what comes: there is nothing between.
void StompSession::join_behind(const Joining& joining, const hub::History::Replay& replay) {
  if (ended_) return;
  const bool recovered =
      joining.from && replay.recovered && bytes_of(replay) <= here_.broker().replay_bytes;
  if (joining.frame != 0) {
    stomp::Headers& about = waiting_[joining.frame].about;
    if (joining.from) about.emplace_back("recovered", recovered ? "true" : "false");
    const hub::Position& start = recovered ? *joining.from : replay.position;
    about.emplace_back("offset", std::to_string(start.offset));
    about.emplace_back("epoch", start.epoch);
    on_reply(joining.frame, {});
  }
  // It may have been ended since.
  const auto found = subscriptions_.find(joining.subscription);
  if (ended_ || found == subscriptions_.end()) return;
  StompSubscription& added = *found->second;
  for (const auto& each : replay.missed) {
    if (!recovered) break;
    const SharedBytes bytes = each->encode(added.wire_format(*each));
    if (bytes == nullptr) continue;  // a selector's
    const auto outcome = added.deliver(bytes, *each, hub::Delivery::reliable);
    if (outcome == hub::Delivered::closed) return;
  }
  added.listen(here_.worker().topics, joining.topic, Kind::topic);
}

hub::Delivered StompSession::deliver(stomp::Subscription& subscription, const SharedBytes& shared,
                                     const MessagePublication& publication,
                                     hub::Delivery delivery) {
  if (ended_) return hub::Delivered::closed;
  if (delivery == hub::Delivery::droppable && carrier_.congested()) {
    here_.worker().counters.dropped.add();
    return hub::Delivered::dropped;
  }
  if (subscription.ack != stomp::AckMode::automatic && !session_.may_await_ack()) {
    fail({Errc::too_many, "too many messages without their ACK"});
    return hub::Delivered::closed;
  }
  std::string& head = here_.head;
  head.clear();
  session_.append_head(subscription, 0, head);
  session_.heartbeat().on_sent(now());
  const bool text = !publication.message().binary;
  return to_delivered(here_.worker().count(carrier_.send(head, shared, content_of(text))));
}

}  // namespace naru::server
