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
  WireFormat wire_format() const override { return format_; }
  void deliver(const SharedBytes& bytes, Delivery) override { received.push_back(bytes); }
  std::vector<SharedBytes> received;

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
  EXPECT_EQ(hub.publish(publication, {}), 3U);
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
  EXPECT_EQ(hub.publish(Text(), {.topics = {"red", "blue"}, .except = {}}), 2U);
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
  EXPECT_EQ(hub.publish(Text(), {.topics = {}, .except = {"muted", "id-a"}}), 1U);
  EXPECT_EQ(c.received.size(), 1U);
}

TEST(Hub, TakesAnIdForATopicOfOne) {
  Hub hub;
  Member a, b;
  hub.add(a, "id-a");
  hub.add(b, "id-b");
  EXPECT_EQ(hub.publish(Text(), {.topics = {"id-b"}, .except = {}}), 1U);
  EXPECT_EQ(b.received.size(), 1U);
  EXPECT_EQ(hub.topic_count(), 0U);
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
  EXPECT_EQ(hub.publish(Text(), {}), 1U);
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

// Membership by swapping places is easy to get wrong: compare with sets over random operations.
TEST(Hub, AgreesWithASimpleModel) {
  std::mt19937 random(1);
  Hub hub;
  std::vector<std::unique_ptr<Member>> members;
  std::map<std::string, std::set<Member*>> model;
  for (int i = 0; i < 20; ++i) {
    members.push_back(std::make_unique<Member>());
    hub.add(*members.back(), "id-" + std::to_string(i));
  }
  for (int step = 0; step < 5000; ++step) {
    Member& member = *members[random() % members.size()];
    const std::string topic = "topic-" + std::to_string(random() % 6);
    if (random() % 2 == 0) {
      hub.join(member, topic);
      model[topic].insert(&member);
    } else {
      hub.leave(member, topic);
      model[topic].erase(&member);
    }
    const std::string other = "topic-" + std::to_string(random() % 6);
    std::set<Member*> expected = model[topic];
    for (Member* excepted : model[other]) expected.erase(excepted);
    for (const auto& each : members) each->received.clear();
    hub.publish(Text(), {.topics = {topic}, .except = {other}});
    for (const auto& each : members) {
      ASSERT_EQ(each->received.size(), expected.count(each.get())) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace naru::hub
