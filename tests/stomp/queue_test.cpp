#include "stomp/queue.hpp"

#include <gtest/gtest.h>

namespace naru::stomp {
namespace {

using Return = Queue::Return;

constexpr ConsumerId kAnn{.loop = 0, .session = 1, .subscription = 1};
constexpr ConsumerId kBob{.loop = 1, .session = 1, .subscription = 1};

// A queue, and what it has said: "ann 1", "bob 2 again", "dead 3".
class QueueTest : public ::testing::Test {
 protected:
  QueueLimits limits;
  Queue queue{limits};
  Queue::Output out;

  bool publish(std::string body, Headers headers = {}) {
    return queue
        .publish(std::make_shared<const Message>(
                     Message{.headers = std::move(headers), .body = std::move(body)}),
                 out)
        .has_value();
  }
  std::string said() {
    std::string text;
    for (const Queue::Delivery& each : out.deliveries) {
      text += (each.consumer == kAnn ? "ann " : "bob ") + each.message->body +
              (each.redelivered ? " again, " : ", ");
    }
    for (const Queue::Dead& each : out.dead) text += "dead " + each.message->body + ", ";
    out = {};
    return text;
  }
  void subscribe(const ConsumerId& consumer, std::size_t prefetch = 100,
                 std::string_view selector = {}) {
    std::optional<Selector> parsed;
    if (!selector.empty()) parsed = *Selector::parse(selector);
    queue.subscribe(consumer, prefetch, std::move(parsed), out);
  }
};

TEST_F(QueueTest, KeepsMessagesUntilSomebodyComes) {
  EXPECT_TRUE(queue.idle());
  publish("1");
  publish("2");
  EXPECT_EQ(said(), "");
  EXPECT_EQ(queue.ready(), 2U);
  subscribe(kAnn);
  EXPECT_EQ(said(), "ann 1, ann 2, ");
  EXPECT_EQ(queue.messages(), 2U);
  queue.accept(kAnn, 1, out);
  queue.accept(kAnn, 2, out);
  EXPECT_EQ(queue.messages(), 0U);
  EXPECT_EQ(queue.bytes(), 0U);
  queue.unsubscribe(kAnn, out);
  EXPECT_TRUE(queue.idle());
  EXPECT_EQ(said(), "");
}

TEST_F(QueueTest, GivesEachMessageToOneInTurn) {
  subscribe(kAnn);
  subscribe(kBob);
  for (const auto* body : {"1", "2", "3", "4"}) publish(body);
  EXPECT_EQ(said(), "ann 1, bob 2, ann 3, bob 4, ");
}

TEST_F(QueueTest, HeedsPrefetch) {
  subscribe(kAnn, 1);
  for (const auto* body : {"1", "2", "3"}) publish(body);
  EXPECT_EQ(said(), "ann 1, ");
  queue.accept(kAnn, 1, out);
  EXPECT_EQ(said(), "ann 2, ");
  queue.accept(kAnn, 1, out);  // once more: it is gone
  queue.accept(kBob, 2, out);  // not theirs
  EXPECT_EQ(said(), "");
  subscribe(kBob, 1);
  EXPECT_EQ(said(), "bob 3, ");
}

TEST_F(QueueTest, RequeuesAtTheOldPlace) {
  subscribe(kAnn, 2);
  for (const auto* body : {"1", "2", "3"}) publish(body);
  EXPECT_EQ(said(), "ann 1, ann 2, ");
  queue.unsubscribe(kAnn, out);
  EXPECT_EQ(queue.ready(), 3U);
  subscribe(kBob);
  EXPECT_EQ(said(), "bob 1 again, bob 2 again, bob 3, ");
}

TEST_F(QueueTest, OffersARejectedMessageToTheNext) {
  subscribe(kAnn);
  subscribe(kBob);
  publish("1");
  EXPECT_EQ(said(), "ann 1, ");
  queue.reject(kAnn, 1, Return::requeue, out);
  EXPECT_EQ(said(), "bob 1 again, ");
  queue.reject(kBob, 1, Return::requeue, out);
  EXPECT_EQ(said(), "ann 1 again, ");
  queue.accept(kAnn, 1, out);
  EXPECT_EQ(queue.messages(), 0U);
}

TEST_F(QueueTest, BuriesWhatNobodyTakes) {
  limits.redeliveries = 2;
  subscribe(kAnn);
  publish("1");
  EXPECT_EQ(said(), "ann 1, ");
  queue.reject(kAnn, 1, Return::requeue, out);
  queue.reject(kAnn, 1, Return::requeue, out);
  EXPECT_EQ(said(), "ann 1 again, ann 1 again, ");
  queue.reject(kAnn, 1, Return::requeue, out);
  ASSERT_EQ(out.dead.size(), 1U);
  EXPECT_EQ(out.dead.front().death, Queue::Death::redelivered);
  EXPECT_EQ(said(), "dead 1, ");
  EXPECT_EQ(queue.bytes(), 0U);
  publish("2");
  queue.reject(kAnn, 2, Return::discard, out);
  ASSERT_EQ(out.dead.size(), 1U);
  EXPECT_EQ(out.dead.front().death, Queue::Death::rejected);
  EXPECT_EQ(queue.messages(), 0U);
}

// A message that kills its consumers dies too; one that was given back in order does not.
TEST_F(QueueTest, CountsLostConsumersButNotThoseThatLeave) {
  limits.redeliveries = 2;
  publish("1");
  for (int i = 0; i < 10; ++i) {
    subscribe(kAnn);
    queue.unsubscribe(kAnn, out);
  }
  EXPECT_TRUE(out.dead.empty());
  for (int i = 0; i < 3; ++i) {
    subscribe(kAnn);
    queue.fail(kAnn, out);
  }
  EXPECT_EQ(out.dead.size(), 1U);
  EXPECT_TRUE(queue.idle());
}

TEST_F(QueueTest, RefusesWhatDoesNotFit) {
  limits.messages = 2;
  EXPECT_TRUE(publish("1"));
  EXPECT_TRUE(publish("2"));
  EXPECT_FALSE(publish("3"));
  subscribe(kAnn);
  EXPECT_FALSE(publish("3"));  // what is unacknowledged takes room
  queue.accept(kAnn, 1, out);
  EXPECT_TRUE(publish("3"));
  EXPECT_EQ(said(), "ann 1, ann 2, ann 3, ");
}

TEST_F(QueueTest, CountsBytes) {
  limits.bytes = 3 * Message{}.bytes() + 100;
  EXPECT_FALSE(publish(std::string(1000, 'x')));
  EXPECT_TRUE(publish("1", {{"name", "value"}}));
  EXPECT_FALSE(publish(std::string(400, 'x')));
  EXPECT_GT(queue.bytes(), Message{}.bytes() + 9);
}

TEST_F(QueueTest, DropsTheOldestWhereThatIsThePolicy) {
  limits.messages = 2;
  limits.full = QueueLimits::Full::drop_oldest;
  for (const auto* body : {"1", "2", "3"}) EXPECT_TRUE(publish(body));
  EXPECT_EQ(said(), "dead 1, ");
  subscribe(kAnn);
  EXPECT_EQ(said(), "ann 2, ann 3, ");
  EXPECT_FALSE(publish("4"));  // all is with consumers
}

TEST_F(QueueTest, SelectsByHeaders) {
  publish("1", {{"color", "red"}});
  publish("2", {{"color", "blue"}});
  publish("3", {{"color", "red"}});
  subscribe(kAnn, 1, "color = 'red'");
  EXPECT_EQ(said(), "ann 1, ");
  queue.accept(kAnn, 1, out);
  EXPECT_EQ(said(), "ann 3, ");
  publish("4", {{"color", "blue"}});
  EXPECT_EQ(said(), "");
  subscribe(kBob);
  EXPECT_EQ(said(), "bob 2, bob 4, ");
  queue.unsubscribe(kAnn, out);
  EXPECT_EQ(said(), "bob 3 again, ");
}

// What came back is looked at again, even behind what a selector has passed by.
TEST_F(QueueTest, SelectsWhatCameBack) {
  subscribe(kBob, 1);
  publish("1", {{"color", "red"}});
  publish("2", {{"color", "blue"}});
  subscribe(kAnn, 1, "color = 'red'");
  EXPECT_EQ(said(), "bob 1, ");
  queue.unsubscribe(kBob, out);
  EXPECT_EQ(said(), "ann 1 again, ");
}

}  // namespace
}  // namespace naru::stomp
