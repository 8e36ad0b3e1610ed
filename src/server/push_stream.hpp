#pragma once

#include "hub/history.hpp"
#include "hub/hub.hpp"
#include "io/timer_wheel.hpp"
#include "naru/push.hpp"
#include "server/push_formats.hpp"
#include "server/topic_table.hpp"
#include "server/worker.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

// What a request for topics asks for, in its order.
struct PushFeed {
  std::string topic;
  std::optional<hub::Position> from{};  // by its cursor
  hub::Position start{};                // where what it gets begins
  hub::Position position{};             // what the subscriber has, or will have in a moment
};

std::string cursor_of(const std::vector<PushFeed>& feeds);

// A subscriber by HTTP to some topics on one loop, that gets what it has missed and then what
// comes: each topic is joined at the moment at which its home has answered, see TopicTable::ask.
// Until all have, what comes is held.
class PushSubscriber : public hub::Subscriber, public std::enable_shared_from_this<PushSubscriber> {
 public:
  PushSubscriber(Worker& worker, const PushOptions& options, std::vector<PushFeed> feeds)
      : worker_(worker), options_(options), feeds_(std::move(feeds)) {}

  void ask(TopicTable& table, std::size_t most);
  // Is in these topics for as long as it subscribes.
  void attend(std::vector<Attendance> attendances) { attendances_ = std::move(attendances); }

 protected:
  // All homes have answered; `recovered`: all of what was asked for comes behind this.
  virtual void begin(bool recovered, bool more) = 0;
  virtual void take(const SharedBytes& bytes, const MessagePublication& publication,
                    hub::Delivery delivery) = 0;
  bool begun() const { return begun_; }
  void leave() {
    attendances_.clear();
    if (worker_.topics.has(*this)) worker_.topics.remove(*this);
  }
  PushFeed* feed_of(std::string_view topic);
  void move_to(const MessagePublication& publication);

  Worker& worker_;
  const PushOptions& options_;
  std::vector<PushFeed> feeds_;

  // Before begin(); in order.
  std::vector<std::shared_ptr<const hub::Publication>> missed_;

 private:
  void answered(std::size_t feed, hub::History::Replay replay);

  std::vector<Attendance> attendances_;
  std::size_t due_ = 0;
  bool recovered_ = true;
  bool more_ = false;
  bool begun_ = false;
};

// Server-sent events, or lines of JSON, for as long as the peer stays.
class PushStream final : public PushSubscriber {
 public:
  PushStream(Worker& worker, const PushOptions& options, std::vector<PushFeed> feeds, PushForm form)
      : PushSubscriber(worker, options, std::move(feeds)), form_(form), heartbeat_(*this) {}

  // Answers; then ask().
  void open(transport::HttpExchange& exchange, http::Response head);

  hub::WireFormat wire_format(const hub::Publication& publication) const override;
  hub::Delivered deliver(const SharedBytes& bytes, const hub::Publication& publication,
                         hub::Delivery delivery) override;

 private:
  class Heartbeat final : public io::Timer {
   public:
    explicit Heartbeat(PushStream& stream) : stream_(stream) {}

   private:
    void on_timer(Instant) override { stream_.beat(); }
    PushStream& stream_;
  };
  void begin(bool recovered, bool more) override;
  void take(const SharedBytes& bytes, const MessagePublication& publication,
            hub::Delivery delivery) override;
  transport::Push send(const SharedBytes& bytes, const MessagePublication& publication,
                       hub::Delivery delivery);
  bool is_slow();
  hub::Delivered give_up();
  void beat();
  void say_goodbye();

  PushForm form_;
  transport::ResponseStream* stream_ = nullptr;  // until it has closed
  std::vector<SharedBytes> held_;
  std::size_t held_bytes_ = 0;
  std::size_t allowance_ = 0;  // may wait besides: it makes up for the past
  bool given_up_ = false;
  Heartbeat heartbeat_;
};

// One long poll: answered at once with what there is, or with what a turn brings, or in the end
// with nothing.
class PushPoll final : public PushSubscriber {
 public:
  struct Manner {
    Duration wait{};         // zero: a simple poll
    bool validated = false;  // by If-None-Match: nothing is 304
  };
  PushPoll(Worker& worker, const PushOptions& options, std::vector<PushFeed> feeds, Manner manner,
           http::Response head)
      : PushSubscriber(worker, options, std::move(feeds)),
        manner_(manner),
        head_(std::move(head)),
        timer_(*this) {}

  void open(transport::HttpExchange& exchange);

  hub::WireFormat wire_format(const hub::Publication&) const override {
    return push_format(PushForm::line, http::Framing::bare);
  }
  hub::Delivered deliver(const SharedBytes& bytes, const hub::Publication& publication,
                         hub::Delivery delivery) override;

 private:
  class Timer final : public io::Timer {
   public:
    explicit Timer(PushPoll& poll) : poll_(poll) {}

   private:
    void on_timer(Instant) override { poll_.answer(); }
    PushPoll& poll_;
  };
  void begin(bool recovered, bool more) override;
  void take(const SharedBytes& bytes, const MessagePublication& publication,
            hub::Delivery delivery) override;
  void answer_soon();
  void answer();

  Manner manner_;
  http::Response head_;
  AnswerTo to_{};
  bool open_ = false;
  bool soon_ = false;
  bool recovered_ = true;
  bool more_ = false;
  std::string messages_;  // envelopes, joined by commas
  Timer timer_;
};

}  // namespace naru::server
