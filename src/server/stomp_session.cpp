#include "server/stomp_session.hpp"

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "server/message_publication.hpp"
#include "server/state.hpp"
#include "server/stomp_broker.hpp"
#include "server/stomp_formats.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace naru::server {
namespace {

constexpr std::string_view kProtocol = "protocol=stomp";

}  // namespace

StompSession::StompSession(StompLoop& here, StompCarrier& carrier,
                           std::unique_ptr<RequestInfo> request)
    : here_(here),
      carrier_(carrier),
      request_(std::move(request)),
      number_(here.add(*this)),
      id_(here.make_id()),
      decoder_(here.broker().opening_limits, here.frame),
      session_(here.broker().session_options),
      connect_deadline_(now() + here.broker().options.connect_timeout) {
  rearm();
}

StompSession::~StompSession() {
  here_.remove(number_);
}

Instant StompSession::now() const {
  return here_.worker().loop.now();
}

void StompSession::on_bytes(std::span<char> bytes, Content content) {
  session_.heartbeat().on_received(now());
  if (!session_.connected()) binary_ = content == Content::binary;
  Cursor in(bytes);
  while (!ended_ && !session_.closing()) {
    const auto frame = decoder_.receive(in);
    if (!frame) return fail(frame.error());
    if (*frame == nullptr) return;
    receive(**frame);
  }
}

void StompSession::receive(const stomp::Frame& frame) {
  auto request = session_.receive(frame);
  if (!request) return fail(request.error(), &frame);
  if (request->asks == stomp::Session::Asks::disconnect) return disconnect(frame);
  ++frame_;
  const auto receipt = frame.find("receipt");
  const bool opening = request->asks == stomp::Session::Asks::login;
  wants_receipt_ = receipt.has_value() && !opening;
  if (wants_receipt_) waiting_[frame_].receipt = *receipt;
  if (const auto outcome = run(frame, *request); !outcome) return fail(outcome.error(), &frame);
  // Without operations on queues, it is done; or else perhaps already, on this loop.
  const auto waiting = waiting_.find(frame_);
  if (waiting != waiting_.end() && waiting->second.operations == 0) answer(waiting);
}

Result<void> StompSession::run(const stomp::Frame& frame, stomp::Session::Request& request) {
  using Asks = stomp::Session::Asks;
  switch (request.asks) {
    case Asks::login:
      return log_in(frame);
    case Asks::send:
      return send(frame);
    case Asks::subscribe:
      return subscribe(frame, *request.subscription);
    case Asks::unsubscribe:
      return unsubscribe(std::move(request.ended));
    case Asks::settle:
      return settle(request.settlement);
    case Asks::commit:
      return commit(request.committed);
    case Asks::disconnect:
    case Asks::nothing:
      break;
  }
  return {};
}

Result<void> StompSession::log_in(const stomp::Frame& frame) {
  const StompOptions& options = here_.broker().options;
  NARU_TRY(user_, here_.broker().authorize(frame, *request_));
  request_.reset();
  logged_in_ = true;
  decoder_.set_version(session_.version());
  decoder_.set_limits(here_.broker().limits);
  say(session_.accept(id_, user_, now()));
  rearm();
  if (options.on_connect) {
    run_user_code(here_.broker().state(), kProtocol, [&] { options.on_connect(user_); });
  }
  return {};
}

// The name that the application knows, whatever the client has called it.
Result<void> StompSession::permitted(stomp::Access access,
                                     const stomp::Destination& destination) const {
  std::string name;
  switch (destination.kind) {
    case Kind::topic:
      name = "/topic/" + destination.name;
      break;
    case Kind::queue:
    case Kind::existing_queue:
      name = "/queue/" + destination.name;
      break;
    case Kind::user:
      name = "/user" + (destination.user.empty() ? "" : "/" + destination.user) + destination.name;
      break;
    case Kind::temp_queue:
    case Kind::reply_queue:
      return {};  // whoever knows its name may answer
  }
  return here_.broker().check_permit(user_, access, name);
}

Result<void> StompSession::send(const stomp::Frame& frame) {
  NARU_TRY(const stomp::Destination to,
           stomp::parse_destination(frame.header("destination"), stomp::Use::send));
  NARU_CHECK(permitted(stomp::Access::send, to));
  here_.worker().counters.messages_in.add();
  if (to.kind == Kind::topic) {
    publish_frame(here_.broker().state(), to.name, frame);
    return {};
  }
  if (to.kind == Kind::user) {
    publish_frame(here_.broker().state(), stomp::user_topic(to.user, to.name), frame);
    return {};
  }
  if (to.kind == Kind::temp_queue) {
    return Error{Errc::protocol_error, "a temporary queue is for reply-to only"};
  }
  auto message = std::make_shared<stomp::Message>();
  message->destination = frame.header("destination");
  message->body = frame.body;
  for (const stomp::Header& header : frame.headers) {
    if (!is_forwarded(header.name)) continue;
    message->headers.emplace_back(header.name, header.value);
    if (header.name == "reply-to" && header.value.starts_with("/temp-queue/")) {
      NARU_TRY(message->headers.back().second, reply_queue(header.value));
    }
  }
  const bool reply = to.kind == Kind::reply_queue;
  here_.publish({.queue = reply ? "/reply-queue/" + to.name : to.name,
                 .message = std::move(message),
                 .existing = reply || to.kind == Kind::existing_queue,
                 .reply = reply_to_frame()});
  return {};
}

// A temporary queue of this session: made by the first message whose answers it is for, with a
// subscription that has its name for an id (RabbitMQ). Others know it by a name that only those can
// know whom it was told.
Result<std::string> StompSession::reply_queue(std::string_view name) {
  const std::string queue = "/reply-queue/" + id_ + "." + std::string(name.substr(12));
  if (queue.size() > stomp::kDestinationBytes) {
    return Error{Errc::protocol_error, "destination too long"};
  }
  if (session_.find(name, name) == nullptr) {
    NARU_TRY(stomp::Subscription* const added, session_.add(name, name, stomp::AckMode::automatic));
    auto subscription = std::make_unique<StompSubscription>(*this, *added);
    subscription->consume(queue);
    subscriptions_.emplace(added->handle, std::move(subscription));
    here_.subscribe({.queue = queue,
                     .consumer = consumer(*added),
                     .prefetch = here_.broker().options.prefetch,
                     .reply = {.loop = here_.worker().index(), .session = number_}});
  }
  return queue;
}

Result<void> StompSession::subscribe(const stomp::Frame& frame, stomp::Subscription& subscription) {
  NARU_TRY(const stomp::Destination from,
           stomp::parse_destination(subscription.destination, stomp::Use::subscribe));
  if (from.kind == Kind::temp_queue || from.kind == Kind::reply_queue) {
    return Error{Errc::protocol_error, "a temporary queue is for reply-to only"};
  }
  NARU_CHECK(permitted(stomp::Access::subscribe, from));
  return join(frame, subscription, from);
}

Result<void> StompSession::join(const stomp::Frame& frame, stomp::Subscription& subscription,
                                const stomp::Destination& from) {
  std::optional<stomp::Selector> selector;
  if (const auto text = frame.find("selector")) {
    NARU_TRY(selector, stomp::Selector::parse(*text));
  }
  auto made = std::make_unique<StompSubscription>(*this, subscription);
  StompSubscription& added = *made;
  subscriptions_.emplace(subscription.handle, std::move(made));
  if (from.kind == Kind::topic || from.kind == Kind::user) {
    const std::string key = from.kind == Kind::topic
                                ? from.name
                                : stomp::user_topic(user_.empty() ? id_ : user_, from.name);
    added.select(std::move(selector));
    return join_topic(frame, added, key, from.kind);
  }
  added.consume(from.name);
  std::size_t prefetch = here_.broker().options.prefetch;
  if (const auto text = frame.find("prefetch-count")) {
    const bool digits = !text->empty() && text->size() <= 9 &&
                        text->find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits) return Error{Errc::protocol_error, "malformed prefetch-count"};
    const std::size_t asked = std::stoul(std::string(*text));
    if (asked != 0) prefetch = std::min(prefetch, asked);  // 0: as many as there may be
  }
  here_.subscribe({.queue = from.name,
                   .consumer = consumer(subscription),
                   .prefetch = prefetch,
                   .selector = std::move(selector),
                   .existing = from.kind == Kind::existing_queue,
                   .reply = reply_to_frame()});
  return {};
}

Result<void> StompSession::unsubscribe(std::unique_ptr<stomp::Subscription> ended) {
  const auto found = subscriptions_.find(ended->handle);
  const bool of_topics = found->second->queue().empty();
  leave(*found->second, false, of_topics ? StompReply{} : reply_to_frame());
  subscriptions_.erase(found);
  return {};
}

Result<void> StompSession::settle(const stomp::Settlement& settlement) {
  const auto found = subscriptions_.find(settlement.subscription);
  if (found == subscriptions_.end() || found->second->queue().empty()) return {};  // of a topic
  using How = StompLoop::Settle::How;
  here_.settle({.queue = found->second->queue(),
                .consumer = consumer(found->second->subscription()),
                .tags = settlement.tags,
                .how = settlement.accepted  ? How::accept
                       : settlement.requeue ? How::requeue
                                            : How::discard,
                .reply = reply_to_frame()});
  return {};
}

Result<void> StompSession::commit(const stomp::Transaction& transaction) {
  const StompReply all = reply_to_frame();  // no receipt before the last
  for (const stomp::OwnedFrame& each : transaction) {
    if (each.frame().command == stomp::Command::send) {
      NARU_CHECK(send(each.frame()));
    } else {
      NARU_TRY(const stomp::Settlement settlement, session_.settle(each.frame()));
      NARU_CHECK(settle(settlement));
    }
  }
  if (all.frame != 0) on_reply(all.frame, {});
  return {};
}

void StompSession::disconnect(const stomp::Frame& frame) {
  here_.worker().topics.deliver();  // what was published before is to arrive before
  const auto receipt = frame.find("receipt");
  ++frame_;
  wants_receipt_ = receipt.has_value();
  if (wants_receipt_) waiting_[frame_] = {.operations = 1, .receipt = std::string(*receipt)};
  for (const auto& [handle, each] : subscriptions_) {
    leave(*each, false, each->queue().empty() ? StompReply{} : reply_to_frame());
  }
  subscriptions_.clear();
  if (!wants_receipt_) return end(Ending::normal);
  on_reply(frame_, {});
}

stomp::ConsumerId StompSession::consumer(const stomp::Subscription& subscription) const {
  return {.loop = here_.worker().index(), .session = number_, .subscription = subscription.handle};
}

// For an operation of the frame at work.
StompReply StompSession::reply_to_frame() {
  if (wants_receipt_) ++waiting_[frame_].operations;
  return {.loop = here_.worker().index(), .session = number_, .frame = wants_receipt_ ? frame_ : 0};
}

void StompSession::on_reply(std::uint64_t frame, const Result<void>& outcome) {
  if (ended_) return;
  const auto found = waiting_.find(frame);
  if (!outcome) {
    if (found == waiting_.end()) return fail(outcome.error());
    // As if the frame were here still: what the error is about, its receipt tells.
    const stomp::Frame about{.command = stomp::Command::send,
                             .headers = {{"receipt", found->second.receipt}}};
    return fail(outcome.error(), &about);
  }
  if (found != waiting_.end() && --found->second.operations == 0) answer(found);
}

// That of DISCONNECT is the last: the peer closes when it has it.
void StompSession::answer(std::map<std::uint64_t, Waiting>::iterator done) {
  const bool closing = session_.closing();
  if (closing && done->first == frame_ && waiting_.size() > 1) return;
  const Waiting waiting = std::move(done->second);
  waiting_.erase(done);
  say(session_.receipt(waiting.receipt, waiting.about));
  if (!closing) return;
  if (waiting_.empty()) return end(Ending::normal);
  const auto last = waiting_.begin();
  if (waiting_.size() == 1 && last->second.operations == 0) answer(last);
}

bool StompSession::deliver(std::string_view queue, const stomp::Queue::Delivery& delivery) {
  const auto found = subscriptions_.find(delivery.consumer.subscription);
  if (ended_ || found == subscriptions_.end()) return false;
  stomp::Subscription& subscription = found->second->subscription();
  std::string& head = here_.head;
  head.clear();
  session_.append_head(subscription, delivery.tag, head);
  const stomp::Message& message = *delivery.message;
  const auto header = [&](std::string_view name, std::string_view value) {
    stomp::append_header(name, value, session_.version(), head);
  };
  header("destination", message.destination);
  if (delivery.redelivered) header("redelivered", "true");
  const bool text = is_utf8(message.body);
  const bool encoded = !text && carrier_.text_only();
  if (encoded) header(kStompEncoding, "base64");
  for (const auto& [name, value] : message.headers) header(name, value);
  std::string body;
  stomp::append_body(encoded ? base64(message.body) : message.body, body);
  session_.heartbeat().on_sent(now());
  here_.worker().count(carrier_.send(head, body, content_of(text)));
  if (subscription.ack != stomp::AckMode::automatic) return false;
  if (!carrier_.congested()) return true;
  held_back_.push_back({std::string(queue), delivery.consumer, delivery.tag});
  return false;
}

void StompSession::on_drain() {
  for (HeldBack& each : std::exchange(held_back_, {})) {
    here_.settle({.queue = std::move(each.queue), .consumer = each.consumer, .tags = {each.tag}});
  }
}

void StompSession::leave(const StompSubscription& subscription, bool lost, StompReply reply) {
  if (subscription.queue().empty()) {
    here_.worker().topics.deliver();  // it leaves its hub by itself, but late
    return;
  }
  here_.leave({.queue = subscription.queue(),
               .consumer = consumer(subscription.subscription()),
               .lost = lost,
               .reply = reply});
}

void StompSession::leave_all() {
  for (const auto& [handle, subscription] : subscriptions_) leave(*subscription, lost_, {});
  subscriptions_.clear();
}

transport::Push StompSession::say(std::string_view frame) {
  session_.heartbeat().on_sent(now());
  return carrier_.send(frame, std::string_view(), content_of(is_utf8(frame)));
}

void StompSession::fail(const Error& error, const stomp::Frame* frame) {
  if (ended_) return;
  here_.worker().log_violation("stomp", carrier_.peer_address(), error.text);
  say(session_.error(error, frame));
  end(error.code == Errc::message_too_big ? Ending::too_big : Ending::protocol_error);
}

void StompSession::end(Ending ending) {
  ended_ = true;
  lost_ = ending == Ending::protocol_error || ending == Ending::too_big;
  disarm();
  carrier_.finish(ending);
  // What it has is for others now, not only when the peer has closed too. (Later, since the hub may
  // be at work.)
  here_.worker().loop.defer([&here = here_, number = number_] {
    if (StompSession* const self = here.find(number)) self->leave_all();
  });
}

void StompSession::shut_down() {
  if (ended_) return;
  say(session_.error({Errc::disconnected, "server shutting down"}));
  end(Ending::going_away);
}

void StompSession::on_closed() {
  ended_ = true;
  disarm();
  leave_all();
  const StompOptions& options = here_.broker().options;
  if (std::exchange(logged_in_, false) && options.on_disconnect) {
    run_user_code(here_.broker().state(), kProtocol, [&] { options.on_disconnect(user_); });
  }
}

void StompSession::rearm() {
  const Instant next = session_.connected() ? session_.heartbeat().deadline() : connect_deadline_;
  arm(here_.worker().loop.timers(), next);
}

void StompSession::on_timer(Instant now) {
  if (ended_) return;
  if (!session_.connected()) {
    if (now >= connect_deadline_) return end(Ending::protocol_error);
    return rearm();
  }
  switch (session_.heartbeat().on_deadline(now)) {
    case stomp::Heartbeat::Due::peer_dead:
      here_.worker().log_violation("stomp", carrier_.peer_address(), "heart-beats are missing");
      return end(Ending::going_away);
    case stomp::Heartbeat::Due::send_beat:
      say("\n");
      break;
    case stomp::Heartbeat::Due::nothing:
      break;
  }
  rearm();
}

}  // namespace naru::server
