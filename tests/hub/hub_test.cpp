#include "hub/hub.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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

class Said final : public Publication {
 public:
  explicit Said(std::string what) : what_(std::move(what)) {}
  SharedBytes encode(WireFormat format) const override {
    ++encodings;
    if (format == 7) return nullptr;
    return std::make_shared<const std::string>(what_);
  }
  mutable int encodings = 0;

 private:
  std::string what_;
};

Posted to(std::string_view topic, std::string what, const Subscriber* except = nullptr) {
  return {.publication = std::make_shared<Said>(std::move(what)),
          .to = std::make_shared<Audience>(Audience{.topics = {std::string(topic)}}),
          .except = except};
}

Outcome publish_to(Hub& hub, std::string_view topic, const Subscriber* except = nullptr) {
  Outcome outcome;
  Posted posted = to(topic, "something", except);
  posted.on_outcome = [&](const Outcome& what) { outcome = what; };
  hub.post(std::move(posted));
  hub.deliver();
  return outcome;
}

std::string heard(const Member& member) {
  std::string all;
  for (const SharedBytes& bytes : member.received) all += *bytes;
  return all;
}

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

TEST(Hub, FindsASubscriberByItsNumberUntilItLeaves) {
  Hub hub;
  Member first;
  EXPECT_EQ(hub.number_of(first), 0U);
  std::uint64_t number = 0;
  {
    Member second;
    hub.add(first);
    hub.add(second);
    number = hub.number_of(second);
    EXPECT_NE(number, hub.number_of(first));
    EXPECT_EQ(hub.find_number(number), &second);
  }
  EXPECT_EQ(hub.find_number(number), nullptr);
  Member third;
  hub.add(third);
  EXPECT_EQ(hub.find_number(number), nullptr);  // never given again
  EXPECT_EQ(hub.find_number(hub.number_of(third)), &third);
  EXPECT_EQ(hub.find_number(0), nullptr);
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
       {hub.publish(Text(), {.topics = {"red"}}), publish_to(hub, "red")}) {
    EXPECT_EQ(outcome.sent, 2U);
    EXPECT_EQ(outcome.blocked, 1U);
    EXPECT_EQ(outcome.dropped, 1U);
    EXPECT_EQ(outcome.closed, 1U);
    EXPECT_EQ(outcome.reached(), 5U);
  }
  EXPECT_EQ(publish_to(hub, "blue").reached(), 0U);
}

TEST(Hub, ExceptsOneSubscriberOfATopic) {
  Hub hub;
  Member a, b, outsider;
  for (Member* member : {&a, &b, &outsider}) hub.add(*member);
  hub.join(a, "red");
  hub.join(b, "red");
  EXPECT_EQ(publish_to(hub, "red", &a).reached(), 1U);
  EXPECT_TRUE(a.received.empty());
  hub.join_prefix(a, "r");
  EXPECT_EQ(publish_to(hub, "red", &a).reached(), 1U);
  EXPECT_TRUE(a.received.empty());
  EXPECT_EQ(publish_to(hub, "red", &outsider).reached(), 2U);
  Member elsewhere;
  EXPECT_EQ(publish_to(hub, "red", &elsewhere).reached(), 2U);
}

TEST(Hub, ReachesThoseWhoJoinedAPrefix) {
  Hub hub;
  Member prices, eur, all, other;
  for (Member* member : {&prices, &eur, &all, &other}) hub.add(*member);
  hub.join_prefix(prices, "prices/");
  hub.join(eur, "prices/eur");
  hub.join_prefix(all, "");
  hub.join_prefix(other, "news/");
  const auto reached = [&](std::string_view topic) { return publish_to(hub, topic).reached(); };
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
  EXPECT_EQ(publish_to(hub, "red").reached(), 1U);
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
  EXPECT_EQ(publish_to(hub, "red").reached(), 1U);
  hub.leave_prefix(a, "red");
  EXPECT_EQ(publish_to(hub, "red").reached(), 0U);
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
  std::map<Member*, std::size_t> owed;
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
    if (random() % 2 == 0) {
      expected.erase(&member);
      hub.post(to(wanted, "", &member));
    } else {
      for (Member* excepted : model[other]) expected.erase(excepted);
      hub.publish(Text(), {.topics = {wanted}, .except = {other}});
    }
    for (Member* reached : expected) ++owed[reached];
    if (random() % 3 != 0) continue;
    hub.deliver();
    for (const auto& each : members) {
      ASSERT_EQ(each->received.size(), owed[each.get()]) << "step " << step;
    }
  }
}

TEST(Hub, DeliversWhatWasPostedInOrderAndAtOnce) {
  struct Counting final : Subscriber {
    WireFormat wire_format(const Publication&) const override { return 0; }
    Delivered deliver(const SharedBytes&, const Publication&, Delivery) override {
      return Delivered::sent;
    }
    void deliver_all(Burst& burst) override {
      ++bursts;
      received += *burst.joined(0);
      for (std::size_t i = 0; i < burst.size(); ++i) burst.took(i, Delivered::sent);
    }
    int bursts = 0;
    std::string received;
  };
  Hub hub;
  Counting whole;
  Member one_by_one, same;
  for (Subscriber* each : std::initializer_list<Subscriber*>{&whole, &one_by_one, &same}) {
    hub.add(*each);
    hub.join(*each, "red");
  }
  const auto first = std::make_shared<Said>("1");
  Posted posted = to("red", "");
  posted.publication = first;
  hub.post(std::move(posted));
  hub.post(to("red", "2"));
  hub.post(to("red", "3"));
  EXPECT_TRUE(hub.waiting());
  EXPECT_EQ(whole.bursts, 0);
  hub.deliver();
  EXPECT_FALSE(hub.waiting());
  EXPECT_EQ(whole.received, "123");
  EXPECT_EQ(whole.bursts, 1);
  EXPECT_EQ(heard(one_by_one), "123");
  EXPECT_EQ(one_by_one.received, same.received);
  EXPECT_EQ(first->encodings, 1);
}

TEST(Hub, JoinsNothingThatAProtocolCannotSay) {
  const std::vector<Posted> posted = [] {
    std::vector<Posted> both;
    both.push_back(to("red", "1"));
    both.push_back(to("red", ""));
    both.back().publication = std::make_shared<Text>();
    return both;
  }();
  Burst burst(posted);
  EXPECT_EQ(burst.joined(7), nullptr);
  EXPECT_EQ(*burst.joined(3), "1format 3");
  EXPECT_EQ(*burst.encoded(1, 3), "format 3");
}

TEST(Hub, TellsEachOutcomeOfABurst) {
  Hub hub;
  Member a, slow;
  slow.answer = Delivered::dropped;
  hub.add(a);
  hub.add(slow);
  hub.join(a, "red");
  hub.join(a, "blue");
  hub.join(slow, "blue");
  std::string told;
  for (const char* topic : {"red", "blue", "blue"}) {
    Posted posted = to(topic, "x");
    posted.on_outcome = [&](const Outcome& outcome) {
      told += std::to_string(outcome.sent) + std::to_string(outcome.dropped) + " ";
    };
    hub.post(std::move(posted));
  }
  hub.deliver();
  EXPECT_EQ(told, "10 11 11 ");
}

// Who is in a topic when something is posted to it gets it, and nobody else.
TEST(Hub, PostsToWhomeverItPublishesTo) {
  Hub hub;
  Member a, b, c;
  hub.add(a, "a");
  hub.add(b, "b");
  hub.add(c, "c");
  hub.join(b, "red");
  const auto post = [&](Audience audience, const char* what) {
    hub.post({.publication = std::make_shared<Said>(what),
              .to = std::make_shared<Audience>(std::move(audience))});
  };
  post({}, "1");
  post({}, "2");
  post({.topics = {"red", "b", "c"}}, "3");
  post({.except = {"a", "red"}}, "4");
  post({.except = {"a", "red"}, .delivery = Delivery::droppable}, "5");
  Member newcomer;
  hub.add(newcomer);
  hub.deliver();
  EXPECT_EQ(heard(a), "12");
  EXPECT_EQ(heard(b), "123");
  EXPECT_EQ(heard(c), "12345");
  EXPECT_EQ(heard(newcomer), "");
}

TEST(Hub, DeliversBeforeItsMembersChange) {
  Hub hub;
  Member early, late, leaver, gone;
  for (Member* member : {&early, &late, &leaver, &gone}) hub.add(*member);
  for (Member* member : {&early, &leaver, &gone}) hub.join(*member, "red");
  hub.post(to("red", "1"));
  hub.join(late, "red");
  hub.post(to("red", "2"));
  hub.leave(leaver, "red");
  hub.post(to("red", "3"));
  hub.join_prefix(leaver, "re");
  hub.post(to("red", "4"));
  hub.leave_all(late);
  hub.post(to("red", "5", &gone));
  hub.remove(gone);  // perhaps half destroyed: it gets no more
  hub.deliver();
  EXPECT_EQ(heard(early), "12345");
  EXPECT_EQ(heard(late), "234");
  EXPECT_EQ(heard(leaver), "1245");
  EXPECT_EQ(heard(gone), "1234");
}

TEST(Hub, KeepsTheOrderOfWhatIsPostedAndPublished) {
  Hub hub;
  Member a;
  hub.add(a);
  hub.join(a, "red");
  hub.join(a, "blue");
  hub.post(to("red", "1"));
  hub.post(to("blue", "2"));
  hub.publish(Said("3"), {});
  hub.post(to("red", "4"));
  hub.deliver();
  EXPECT_EQ(heard(a), "1234");
}

TEST(Hub, PausesNowAndThenOnALongWay) {
  Hub hub;
  std::vector<std::unique_ptr<Member>> members;
  for (int i = 0; i < 600; ++i) {
    members.push_back(std::make_unique<Member>());
    hub.add(*members.back());
    hub.join(*members.back(), "red");
  }
  hub.post(to("red", "x"));
  std::vector<std::ptrdiff_t> reached;
  hub.deliver([&] {
    reached.push_back(std::count_if(members.begin(), members.end(),
                                    [](const auto& member) { return !member->received.empty(); }));
  });
  EXPECT_EQ(reached, (std::vector<std::ptrdiff_t>{256, 512}));
}

TEST(Hub, LetsNoMoreWaitThanItsLimits) {
  Hub hub;
  Member a;
  hub.add(a);
  hub.join(a, "red");
  for (int i = 0; i < 63; ++i) hub.post(to("red", "."));
  EXPECT_TRUE(a.received.empty());
  hub.post(to("red", "."));
  EXPECT_EQ(a.received.size(), 64U);
  Posted large = to("red", "large");
  large.bytes = 65536;
  hub.post(std::move(large));
  EXPECT_EQ(a.received.size(), 65U);
  EXPECT_FALSE(hub.waiting());
}

}  // namespace
}  // namespace naru::hub
