#pragma once

#include "hub/history.hpp"
#include "io/timer_wheel.hpp"
#include "naru/stomp.hpp"
#include "server/stomp_carrier.hpp"
#include "server/stomp_loop.hpp"
#include "server/stomp_subscription.hpp"
#include "stomp/decoder.hpp"
#include "stomp/destination.hpp"
#include "stomp/session.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class MessagePublication;

// One STOMP connection: the frames of its carrier, through stomp::Session, to topics and queues;
// and back.
class StompSession final : public StompUser, private io::Timer {
 public:
  // `request`: what the login hook may ask about.
  StompSession(StompLoop& here, StompCarrier& carrier, std::unique_ptr<RequestInfo> request);
  ~StompSession() override;

  void on_bytes(std::span<char> bytes, StompCarrier::Content content) override;
  void on_drain() override;
  void on_closed() override;
  void shut_down() override;

  // A queue's. Whether the message counts as accepted: see StompLoop::deliver.
  bool deliver(std::string_view queue, const stomp::Queue::Delivery& delivery);
  void on_reply(std::uint64_t frame, const Result<void>& outcome);

  // A subscription's: its frame, of which `shared` is the part that all have in common.
  hub::Delivered deliver(stomp::Subscription& subscription, const SharedBytes& shared,
                         const MessagePublication& publication, hub::Delivery delivery);
  stomp::Version version() const { return session_.version(); }
  bool text_only() const { return carrier_.text_only(); }

 private:
  using Content = StompCarrier::Content;
  using Ending = StompCarrier::Ending;
  using Kind = stomp::Destination::Kind;

  // A frame whose RECEIPT waits for operations on queues.
  struct Waiting {
    std::size_t operations = 0;
    std::string receipt{};
    stomp::Headers about{};  // what it says besides
  };

  void receive(const stomp::Frame& frame);
  Result<void> run(const stomp::Frame& frame, stomp::Session::Request& request);
  Result<void> log_in(const stomp::Frame& frame);
  Result<void> send(const stomp::Frame& frame);
  Result<void> subscribe(const stomp::Frame& frame, stomp::Subscription& subscription);
  Result<void> join(const stomp::Frame& frame, stomp::Subscription& subscription,
                    const stomp::Destination& destination);
  Result<void> join_topic(const stomp::Frame& frame, StompSubscription& added, std::string_view key,
                          Kind kind);
  // What a topic's home has answered to join_topic.
  struct Joining {
    std::uint32_t subscription = 0;
    std::uint64_t frame = 0;  // as in StompReply
    std::string topic;
    std::optional<hub::Position> from{};
  };
  void join_behind(const Joining& joining, const hub::History::Replay& replay);
  Result<void> unsubscribe(std::unique_ptr<stomp::Subscription> ended);
  Result<void> settle(const stomp::Settlement& settlement);
  Result<void> commit(const stomp::Transaction& transaction);
  void disconnect(const stomp::Frame& frame);

  Result<std::string> reply_queue(std::string_view name);
  Result<void> permitted(stomp::Access access, const stomp::Destination& destination) const;
  StompReply reply_to_frame();
  void answer(std::map<std::uint64_t, Waiting>::iterator done);
  stomp::ConsumerId consumer(const stomp::Subscription& subscription) const;
  void leave(const StompSubscription& subscription, bool lost, StompReply reply);
  void leave_all();

  transport::Push say(std::string_view frame);
  void fail(const Error& error, const stomp::Frame* frame = nullptr);
  void end(Ending ending);
  Content content_of(bool text) const { return text && !binary_ ? Content::text : Content::binary; }
  Instant now() const;
  void rearm();
  void on_timer(Instant now) override;

  // What is written, but must not yet make room in its queue: the peer reads slowly.
  struct HeldBack {
    std::string queue;
    stomp::ConsumerId consumer;
    stomp::Queue::Tag tag;
  };

  StompLoop& here_;
  StompCarrier& carrier_;
  std::unique_ptr<RequestInfo> request_;  // until the login
  std::uint64_t number_;
  std::string id_;    // what CONNECTED calls the session, and part of names that nobody guesses
  std::string user_;  // "" for nobody in particular
  stomp::Decoder decoder_;
  stomp::Session session_;
  std::map<std::uint32_t, std::unique_ptr<StompSubscription>> subscriptions_;
  std::uint64_t frame_ = 0;     // the one at work
  bool wants_receipt_ = false;  // it
  std::map<std::uint64_t, Waiting> waiting_;
  std::vector<HeldBack> held_back_;
  Instant connect_deadline_;
  bool binary_ = false;  // the peer has opened in binary, and is answered so
  bool logged_in_ = false;
  bool ended_ = false;
  bool lost_ = true;  // what it had: its peer has not said goodbye
};

}  // namespace naru::server
