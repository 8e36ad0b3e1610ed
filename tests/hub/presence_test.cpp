#include "hub/presence.hpp"

#include <gtest/gtest.h>

namespace naru::hub {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) {
  return Instant{} + 100s + since_start;
}

// One topic, whose changes are said in a word each: "+ann 1" joins as the first, "-ann 0" leaves,
// "#3" is a number, "=2" a list.
struct PresenceTest : ::testing::Test {
  PresenceLimits limits{.members = 3, .bytes = 1000, .linger = 5s, .count_interval = 1s};
  Presence presence{limits};

  static std::string said(const std::optional<Presence::Change>& change) {
    if (!change) return "";
    const std::string clients = std::to_string(change->clients);
    switch (change->kind) {
      case Presence::Kind::join:
        return "+" + change->member.client + change->member.user + " " + clients;
      case Presence::Kind::leave:
        return "-" + change->member.client + " " + clients;
      case Presence::Kind::count:
        return "#" + clients;
      case Presence::Kind::list:
        return "=" + clients;
    }
    return "?";
  }
  std::string enter(Presence::Connection connection, std::string client, Duration when = 0s,
                    std::string user = {}) {
    return said(presence.enter(connection, {.client = std::move(client), .user = std::move(user)},
                               at(when)));
  }
  std::string pass(Duration when) {
    std::string all;
    for (const auto& change : presence.on_deadline(at(when))) all += said(change) + ";";
    return all;
  }
};

TEST_F(PresenceTest, TellsWhoJoinsAndWhoLeaves) {
  EXPECT_EQ(enter(1, "ann"), "+ann 1");
  EXPECT_EQ(enter(2, "ben"), "+ben 2");
  EXPECT_EQ(presence.deadline(), kNever);
  presence.leave(1, at(1s));
  EXPECT_EQ(presence.deadline(), at(6s));
  EXPECT_EQ(pass(5999ms), "");
  EXPECT_EQ(pass(6s), "-ann 1;");
  EXPECT_EQ(presence.members(), std::vector<Member>{{.client = "ben"}});
  EXPECT_FALSE(presence.empty());
}

TEST_F(PresenceTest, IsSilentAboutWhoComesBackInTime) {
  enter(1, "ann");
  presence.leave(1, at(1s));
  EXPECT_EQ(enter(2, "ann", 5s), "");
  EXPECT_EQ(presence.deadline(), kNever);
  EXPECT_EQ(pass(60s), "");
  presence.leave(2, at(60s));
  EXPECT_EQ(pass(65s), "-ann 0;");
  EXPECT_TRUE(presence.empty());
  EXPECT_EQ(presence.bytes(), 0U);
  EXPECT_EQ(enter(3, "ann", 70s), "+ann 1");
}

// The new connection may be seen before the old one is known to have gone.
TEST_F(PresenceTest, CountsTheConnectionsOfAClient) {
  enter(1, "ann");
  EXPECT_EQ(enter(2, "ann"), "");
  presence.leave(1, at(1s));
  EXPECT_EQ(presence.deadline(), kNever);
  EXPECT_EQ(presence.clients(), 1U);
  presence.leave(2, at(2s));
  presence.leave(2, at(3s));  // again: nothing
  EXPECT_EQ(presence.deadline(), at(7s));
}

TEST_F(PresenceTest, RenamesNobodyWhoIsThere) {
  EXPECT_EQ(enter(1, "ann", 0s, "(Ann)"), "+ann(Ann) 1");
  EXPECT_EQ(enter(2, "ann", 0s, "(Eve)"), "");
  EXPECT_EQ(presence.members().front().user, "(Ann)");
  presence.leave(1, at(0s));
  presence.leave(2, at(0s));
  EXPECT_EQ(enter(3, "ann", 1s, "(Anne)"), "+ann(Anne) 1");
  EXPECT_EQ(presence.members().front().user, "(Anne)");
  EXPECT_EQ(presence.bytes(), 9U);
}

TEST_F(PresenceTest, OnlyCountsWhenThereAreMany) {
  enter(1, "a");
  enter(2, "b");
  EXPECT_EQ(enter(3, "c"), "+c 3");
  EXPECT_EQ(enter(4, "d"), "#4");
  EXPECT_FALSE(presence.listed());
  EXPECT_TRUE(presence.members().empty());
  // No more than a number in each interval.
  EXPECT_EQ(enter(5, "e", 100ms), "");
  EXPECT_EQ(enter(6, "f", 200ms), "");
  EXPECT_EQ(presence.deadline(), at(1s));
  EXPECT_EQ(pass(1s), "#6;");
  EXPECT_EQ(presence.deadline(), kNever);
  for (const Presence::Connection each : {4, 5, 6}) presence.leave(each, at(2s));
  EXPECT_EQ(pass(7s), "#5;=3;");
  EXPECT_EQ(presence.members().size(), 3U);
  EXPECT_EQ(enter(7, "a", 8s), "");
}

TEST_F(PresenceTest, DoesNotListAllForWhoComesAndGoesAtTheLimit) {
  limits.members = 10;
  for (Presence::Connection i = 0; i < 11; ++i) enter(i, std::to_string(i));
  presence.leave(10, at(1s));
  EXPECT_EQ(pass(6s), "#10;");
  presence.leave(9, at(7s));
  EXPECT_EQ(pass(12s), "=9;");
}

TEST_F(PresenceTest, OnlyCountsWhenTheySayMuch) {
  limits.bytes = 10;
  EXPECT_EQ(enter(1, "ann", 0s, "1234567"), "+ann1234567 1");
  EXPECT_EQ(enter(2, "b"), "#2");
  presence.leave(1, at(1s));
  EXPECT_EQ(pass(6s), "=1;");
}

TEST_F(PresenceTest, SeesNoMoreConnectionsThanItsLimit) {
  limits.connections = 2;
  enter(1, "a");
  enter(2, "b");
  EXPECT_EQ(enter(3, "c"), "");
  EXPECT_EQ(presence.clients(), 2U);
  presence.leave(3, at(0s));  // was not seen: nobody leaves
  EXPECT_EQ(presence.deadline(), kNever);
  presence.leave(1, at(0s));
  EXPECT_EQ(enter(4, "c"), "+c 3");  // the first one lingers
}

}  // namespace
}  // namespace naru::hub
