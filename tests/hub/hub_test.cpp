#include "hub/hub.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace naru::hub {
namespace {

class Member final : public Subscriber {
 public:
  explicit Member(WireFormat format = 0) : format_(format) {}
  WireFormat wire_format(const Publication&) const override { return format_; }
  Delivered deliver(const SharedBytes& bytes, const Publication&, Delivery) override {
    received.push_back(bytes);
    return answer;
  }
  std::vector<SharedBytes> received;
  Delivered answer = Delivered::sent;

 private:
  WireFormat format_;
};

class Text final : public Publication {
 public:
  SharedBytes encode(WireFormat format) const override {
    ++encodings;
    if (format == 7) return nullptr;
    return std::make_shared<const std::string>("format " + std::to_string(format));
  }
  mutable int encodings = 0;
};

TEST(Hub, EncodesOncePerWireFormat) {
  Hub hub;
  Member a(0), b(0), c(1);
  for (Member* member : {&a, &b, &c}) hub.add(*member);
  const Text publication;
  EXPECT_EQ(hub.publish(publication, {}).reached(), 3U);
  EXPECT_EQ(publication.encodings, 2);
  EXPECT_EQ(a.received.at(0), b.received.at(0));
  EXPECT_EQ(*c.received.at(0), "format 1");
}

TEST(Hub, ReachesEachMemberOfSeveralTopicsOnce) {
  Hub hub;
  Member a, b, c;
  for (Member* member : {&a, &b, &c}) hub.add(*member);
  hub.join(a, "red");
  hub.join(a, "blue");
  hub.join(b, "blue");
  EXPECT_EQ(hub.publish(Text(), {.topics = {"red", "blue"}, .except = {}}).reached(), 2U);
  EXPECT_EQ(a.received.size(), 1U);
  EXPECT_EQ(b.received.size(), 1U);
  EXPECT_TRUE(c.received.empty());
}

TEST(Hub, ExceptsTopicsAndSingleSubscribers) {
  Hub hub;
  Member a, b, c;
  hub.add(a, "id-a");
  hub.add(b, "id-b");
  hub.add(c, "id-c");
  hub.join(b, "muted");
  EXPECT_EQ(hub.publish(Text(), {.topics = {}, .except = {"muted", "id-a"}}).reached(), 1U);
  EXPECT_EQ(c.received.size(), 1U);
}

TEST(Hub, TakesAnIdForATopicOfOne) {
  Hub hub;
  Member a, b;
  hub.add(a, "id-a");
  hub.add(b, "id-b");
  EXPECT_EQ(hub.publish(Text(), {.topics = {"id-b"}, .except = {}}).reached(), 1U);
  EXPECT_EQ(b.received.size(), 1U);
  EXPECT_EQ(hub.topic_count(), 0U);
}

TEST(Hub, SelectsWhomAPublicationWouldReach) {
  Hub hub;
  Member a, b, c;
  hub.add(a, "a");
  hub.add(b, "b");
  hub.add(c, "c");
  hub.join(a, "x");
  hub.join(b, "x");
  hub.join(b, "y");
  const auto selected = [&](Audience audience) {
    const auto all = hub.select(audience);
    return std::set<Subscriber*>(all.begin(), all.end());
  };
  EXPECT_EQ(selected({}), (std::set<Subscriber*>{&a, &b, &c}));
  EXPECT_EQ(selected({.topics = {"x", "y", "c"}}), (std::set<Subscriber*>{&a, &b, &c}));
  EXPECT_EQ(hub.select({.topics = {"x", "y", "b"}}).size(), 2U);
  EXPECT_EQ(selected({.topics = {"x"}, .except = {"y"}}), (std::set<Subscriber*>{&a}));
  EXPECT_EQ(selected({.except = {"a", "x"}}), (std::set<Subscriber*>{&c}));
  EXPECT_TRUE(selected({.topics = {"nowhere"}}).empty());
  EXPECT_TRUE(a.received.empty());
}

TEST(Hub, ListsItsTopics) {
  Hub hub;
  Member a, b;
  hub.add(a, "a");
  hub.add(b);
  hub.join(a, "x");
  hub.join(b, "x");
  hub.join(b, "y");
  hub.join_prefix(b, "z");
  const auto topics = hub.topics();
  EXPECT_EQ((std::map<std::string, std::size_t>(topics.begin(), topics.end())),
            (std::map<std::string, std::size_t>{{"x", 2}, {"y", 1}}));
}

TEST(Hub, ForgetsEmptyTopics) {
  Hub hub;
  Member a;
  hub.add(a);
  hub.join(a, "red");
  hub.join(a, "red");
  EXPECT_EQ(hub.size_of("red"), 1U);
  hub.leave(a, "red");
  EXPECT_EQ(hub.topic_count(), 0U);
  hub.leave(a, "never joined");
}

TEST(Hub, SkipsSubscribersWhoseProtocolCannotSayIt) {
  Hub hub;
  Member mute(7), other;
  hub.add(mute);
  hub.add(other);
  EXPECT_EQ(hub.publish(Text(), {}).reached(), 1U);
  EXPECT_TRUE(mute.received.empty());
}

TEST(Hub, SubscriberLeavesOnDestruction) {
  Hub hub;
  {
    Member gone;
    hub.add(gone, "gone");
    hub.join(gone, "red");
  }
  EXPECT_EQ(hub.size(), 0U);
  EXPECT_EQ(hub.topic_count(), 0U);
  EXPECT_EQ(hub.find("gone"), nullptr);
}

TEST(Hub, SaysWhatBecameOfEachDelivery) {
  Hub hub;
  Member sent, blocked, dropped, closed, also_sent;
  blocked.answer = Delivered::blocked;
  dropped.answer = Delivered::dropped;
  closed.answer = Delivered::closed;
  for (Member* member : {&sent, &blocked, &dropped, &closed, &also_sent}) {
    hub.add(*member);
    hub.join(*member, "red");
  }
  for (const Outcome& outcome :
       {hub.publish(Text(), {.topics = {"red"}}), hub.publish(Text(), "red", Delivery::reliable)}) {
    EXPECT_EQ(outcome.sent, 2U);
    EXPECT_EQ(outcome.blocked, 1U);
    EXPECT_EQ(outcome.dropped, 1U);
    EXPECT_EQ(outcome.closed, 1U);
    EXPECT_EQ(outcome.reached(), 5U);
  }
  EXPECT_EQ(hub.publish(Text(), "blue", Delivery::reliable).reached(), 0U);
}

TEST(Hub, ExceptsOneSubscriberOfATopic) {
  Hub hub;
  Member a, b, outsider;
  for (Member* member : {&a, &b, &outsider}) hub.add(*member);
  hub.join(a, "red");
  hub.join(b, "red");
  EXPECT_EQ(hub.publish(Text(), "red", Delivery::reliable, &a).reached(), 1U);
  EXPECT_TRUE(a.received.empty());
  hub.join_prefix(a, "r");
  EXPECT_EQ(hub.publish(Text(), "red", Delivery::reliable, &a).reached(), 1U);
  EXPECT_TRUE(a.received.empty());
  EXPECT_EQ(hub.publish(Text(), "red", Delivery::reliable, &outsider).reached(), 2U);
  Member elsewhere;
  EXPECT_EQ(hub.publish(Text(), "red", Delivery::reliable, &elsewhere).reached(), 2U);
}

TEST(Hub, ReachesThoseWhoJoinedAPrefix) {
  Hub hub;
  Member prices, eur, all, other;
  for (Member* member : {&prices, &eur, &all, &other}) hub.add(*member);
  hub.join_prefix(prices, "prices/");
  hub.join(eur, "prices/eur");
  hub.join_prefix(all, "");
  hub.join_prefix(other, "news/");
  const auto reached = [&](std::string_view topic) {
    return hub.publish(Text(), topic, Delivery::reliable).reached();
  };
  EXPECT_EQ(reached("prices/eur"), 3U);
  EXPECT_EQ(reached("prices/"), 2U);
  EXPECT_EQ(reached("prices"), 1U);
  EXPECT_EQ(reached(""), 1U);
  EXPECT_EQ(reached("news/today"), 2U);
  EXPECT_EQ(eur.received.size(), 1U);
  EXPECT_EQ(all.received.size(), 5U);
}

TEST(Hub, ReachesASubscriberOnceHoweverManyPrefixesFit) {
  Hub hub;
  Member a;
  hub.add(a);
  hub.join(a, "red");
  for (const char* prefix : {"", "r", "re", "red"}) hub.join_prefix(a, prefix);
  EXPECT_EQ(hub.publish(Text(), "red", Delivery::reliable).reached(), 1U);
  EXPECT_EQ(hub.publish(Text(), {.topics = {"red", "rest"}}).reached(), 1U);
  EXPECT_EQ(a.received.size(), 2U);
}

// "red" as a topic and "red" as a prefix are two memberships.
TEST(Hub, LeavesPrefixesAndTopicsApart) {
  Hub hub;
  Member a;
  hub.add(a);
  hub.join(a, "red");
  hub.join_prefix(a, "red");
  hub.join_prefix(a, "red");
  EXPECT_EQ(hub.topic_count(), 2U);
  EXPECT_EQ(hub.topics_of(a), std::vector<std::string>{"red"});
  hub.leave(a, "red");
  EXPECT_EQ(hub.publish(Text(), "red", Delivery::reliable).reached(), 1U);
  hub.leave_prefix(a, "red");
  EXPECT_EQ(hub.publish(Text(), "red", Delivery::reliable).reached(), 0U);
  EXPECT_EQ(hub.topic_count(), 0U);
  hub.leave_prefix(a, "never joined");
}

// A subscriber in no hub is two pointers: there are many idle connections.
TEST(Hub, TakesNoMemoryOfASubscriberInNoHub) {
  EXPECT_EQ(sizeof(Subscriber), 2 * sizeof(void*));
  Member outside;
  Hub hub;
  hub.join(outside, "red");
  hub.leave(outside, "red");
  hub.leave_all(outside);
  hub.remove(outside);
  EXPECT_FALSE(hub.has(outside));
  EXPECT_TRUE(hub.topics_of(outside).empty());
  EXPECT_EQ(hub.topic_count(), 0U);
}

// Membership by swapping places is easy to get wrong: compare with sets over random operations.
TEST(Hub, AgreesWithASimpleModel) {
  std::mt19937 random(1);
  Hub hub;
  std::vector<std::unique_ptr<Member>> members;
  std::map<std::string, std::set<Member*>> model;           // by topic
  std::map<std::string, std::set<Member*>> model_prefixes;  // by prefix
  for (int i = 0; i < 20; ++i) {
    members.push_back(std::make_unique<Member>());
    hub.add(*members.back(), i % 2 == 0 ? "id-" + std::to_string(i) : std::string());
  }
  const auto any_topic = [&] { return "topic-" + std::to_string(random() % 24); };
  for (int step = 0; step < 5000; ++step) {
    Member& member = *members[random() % members.size()];
    const std::string topic = any_topic();
    const std::string prefix = topic.substr(0, random() % (topic.size() + 1));
    switch (random() % 4) {
      case 0:
        hub.join(member, topic);
        model[topic].insert(&member);
        break;
      case 1:
        hub.leave(member, topic);
        model[topic].erase(&member);
        break;
      case 2:
        hub.join_prefix(member, prefix);
        model_prefixes[prefix].insert(&member);
        break;
      default:
        hub.leave_prefix(member, prefix);
        model_prefixes[prefix].erase(&member);
    }
    const std::string wanted = any_topic();
    const std::string other = any_topic();
    std::set<Member*> expected = model[wanted];
    for (const auto& [beginning, joined] : model_prefixes) {
      if (wanted.starts_with(beginning)) expected.insert(joined.begin(), joined.end());
    }
    for (const auto& each : members) each->received.clear();
    if (random() % 2 == 0) {
      expected.erase(&member);
      hub.publish(Text(), wanted, Delivery::reliable, &member);
    } else {
      for (Member* excepted : model[other]) expected.erase(excepted);
      hub.publish(Text(), {.topics = {wanted}, .except = {other}});
    }
    for (const auto& each : members) {
      ASSERT_EQ(each->received.size(), expected.count(each.get())) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace naru::hub
