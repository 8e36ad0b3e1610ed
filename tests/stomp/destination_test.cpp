// stomp.md section 11.
#include "stomp/destination.hpp"

#include <gtest/gtest.h>

namespace naru::stomp {
namespace {

using Kind = Destination::Kind;

std::string parsed(std::string_view text, Use use) {
  const auto destination = parse_destination(text, use);
  if (!destination) return std::string(destination.error().text);
  return std::to_string(static_cast<int>(destination->kind)) + " " + destination->user + " " +
         destination->name;
}

TEST(StompDestination, ReadsRabbitMqsNames) {
  for (const Use use : {Use::send, Use::subscribe}) {
    EXPECT_EQ(parsed("/topic/a.b", use), "0  a.b");
    EXPECT_EQ(parsed("/exchange/amq.topic/a.b", use), "0  a.b");
    EXPECT_EQ(parsed("/queue/a/b", use), "1  a/b");
    EXPECT_EQ(parsed("/amq/queue/a", use), "2  a");
    EXPECT_EQ(parsed("/temp-queue/a", use), "3  a");
    EXPECT_EQ(parsed("/reply-queue/a", use), "4  a");
    EXPECT_EQ(parsed("/topic/", use), "malformed destination");
    EXPECT_EQ(parsed("/topic", use), "unknown destination");
    EXPECT_EQ(parsed("/exchange/other/a", use), "unknown destination");
    EXPECT_EQ(parsed("a", use), "unknown destination");
    EXPECT_EQ(parsed("", use), "unknown destination");
    EXPECT_EQ(parsed("/queue/" + std::string(kDestinationBytes, 'a'), use).size(), 3U + 255U);
    EXPECT_EQ(parsed("/queue/" + std::string(kDestinationBytes + 1, 'a'), use),
              "destination too long");
  }
}

TEST(StompDestination, ReadsUsersNames) {
  EXPECT_EQ(parsed("/user/queue/news", Use::subscribe), "5  /queue/news");
  EXPECT_EQ(parsed("/user/alice/queue/news", Use::send), "5 alice /queue/news");
  EXPECT_EQ(parsed("/user/a%2Fb%25/x", Use::send), "5 a/b% /x");
  EXPECT_EQ(parsed("/user/", Use::subscribe), "malformed destination");
  EXPECT_EQ(parsed("/user/alice", Use::send), "malformed destination");
  EXPECT_EQ(parsed("/user/alice/", Use::send), "malformed destination");
  EXPECT_EQ(parsed("/user//queue/x", Use::send), "malformed destination");
  EXPECT_EQ(user_topic("a/b%", "/queue/x"), "$user/a%2Fb%25/queue/x");
  EXPECT_EQ(destination_of_topic("$user/a%2Fb%25/queue/x"), "/user/queue/x");
  EXPECT_EQ(destination_of_topic("prices"), "/topic/prices");
}

// Nobody can name another user's topic.
TEST(StompDestination, ReservesTheDollar) {
  EXPECT_EQ(parsed("/topic/$user/bob/queue/x", Use::subscribe), "malformed destination");
  EXPECT_EQ(parsed("/exchange/amq.topic/$user/bob/queue/x", Use::send), "malformed destination");
  EXPECT_NE(user_topic("a/queue", "/x"), user_topic("a", "/queue/x"));
}

TEST(StompPattern, MatchesWords) {
  const auto fits = [](std::string_view pattern, std::string_view key) {
    return Pattern(pattern).matches(key);
  };
  EXPECT_TRUE(fits("a.b", "a.b"));
  EXPECT_FALSE(fits("a.b", "a.b.c"));
  EXPECT_FALSE(fits("a.b", "a"));
  EXPECT_TRUE(fits("a.*.c", "a.b.c"));
  EXPECT_FALSE(fits("a.*.c", "a.c"));
  EXPECT_FALSE(fits("a.*", "a"));
  EXPECT_TRUE(fits("*", "a"));
  EXPECT_FALSE(fits("*", "a.b"));
  EXPECT_TRUE(fits("#", "a.b.c"));
  EXPECT_TRUE(fits("a.#", "a"));
  EXPECT_TRUE(fits("a.#", "a.b.c"));
  EXPECT_FALSE(fits("a.#", "ab"));
  EXPECT_TRUE(fits("#.c", "a.b.c"));
  EXPECT_TRUE(fits("#.c", "c"));
  EXPECT_TRUE(fits("a.#.c.#.e", "a.b.c.d.c.e"));
  EXPECT_FALSE(fits("a.#.c.#.e", "a.b.d.e"));
  EXPECT_TRUE(fits("#.*.#", "a"));
  EXPECT_FALSE(fits("a*", "ab"));  // part of a word is no wildcard
}

TEST(StompPattern, KnowsWhatItsKeysBeginWith) {
  EXPECT_TRUE(Pattern("a.b").literal());
  EXPECT_EQ(Pattern("a.b").prefix(), "a.b");
  EXPECT_EQ(Pattern("a.*").prefix(), "a.");
  EXPECT_EQ(Pattern("a.#").prefix(), "a");
  EXPECT_EQ(Pattern("#").prefix(), "");
  EXPECT_EQ(Pattern("*").prefix(), "");
  EXPECT_EQ(Pattern("a.b.*.c.#").prefix(), "a.b.");
  EXPECT_FALSE(Pattern("a.*").literal());
}

// The worst of its kind is still quick: time is the product of the lengths, not a power.
TEST(StompPattern, IsNotLedAstrayByManyHashes) {
  std::string pattern = "#";
  for (int i = 0; i < 60; ++i) pattern += ".a.#";
  std::string key = "a";
  for (int i = 0; i < 120; ++i) key += ".a";
  EXPECT_TRUE(Pattern(pattern).matches(key));
  EXPECT_FALSE(Pattern(pattern + ".b").matches(key));
}

}  // namespace
}  // namespace naru::stomp
