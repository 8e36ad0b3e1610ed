#include "transport/backlog.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace naru::transport {
namespace {

using Full = Backlog::Full;
using Taken = Backlog::Taken;

constexpr std::size_t kPlenty = 1'000'000;

struct World {
  explicit World(Full given) : full(given) {}

  Taken push(std::string_view text, std::string_view key = {}, std::size_t room = kPlenty) {
    return backlog.push(hold(text, false, true, key), room, full, gone);
  }
  // What waits, in order.
  std::vector<std::string> drain() {
    std::vector<std::string> texts;
    while (!backlog.empty()) texts.emplace_back(backlog.pop().data);
    return texts;
  }
  std::vector<std::string> lost() const {
    std::vector<std::string> texts;
    for (const HeldMessage& message : gone) texts.emplace_back(message.data);
    return texts;
  }

  Full full;
  Backlog backlog;
  std::vector<HeldMessage> gone;
};

using Texts = std::vector<std::string>;
const std::size_t kOne = hold("1", false, true).bytes();

TEST(Backlog, KeepsTheOrder) {
  World world(Full::drop_oldest);
  for (const char* text : {"1", "2", "3"}) EXPECT_EQ(world.push(text), Taken::yes);
  EXPECT_EQ(world.backlog.size(), 3U);
  EXPECT_EQ(world.backlog.bytes(), 3 * kOne);
  EXPECT_EQ(world.drain(), Texts({"1", "2", "3"}));
  EXPECT_EQ(world.backlog.bytes(), 0U);
  EXPECT_TRUE(world.gone.empty());
}

TEST(Backlog, CountsWhatAnEmptyMessageTakes) {
  World world(Full::drop_oldest);
  for (int i = 0; i < 1000; ++i) world.push("", {}, 10'000);
  EXPECT_LE(world.backlog.size() * sizeof(HeldMessage), 10'000U);
}

TEST(Backlog, DropsTheOldestToMakeRoom) {
  World world(Full::drop_oldest);
  for (const char* text : {"1", "2", "3"}) world.push(text, {}, 3 * kOne);
  EXPECT_EQ(world.push("4", {}, 3 * kOne), Taken::yes);
  EXPECT_EQ(world.lost(), Texts({"1"}));
  EXPECT_EQ(world.push("5", {}, 2 * kOne), Taken::yes);  // the stream has taken some of the room
  EXPECT_EQ(world.lost(), Texts({"1", "2", "3"}));
  EXPECT_EQ(world.drain(), Texts({"4", "5"}));
}

TEST(Backlog, DropsTheNewestWhenFull) {
  World world(Full::drop_newest);
  for (const char* text : {"1", "2", "3"}) world.push(text, {}, 2 * kOne);
  EXPECT_TRUE(world.gone.empty());
  EXPECT_EQ(world.push("4", {}, 2 * kOne), Taken::no);
  EXPECT_EQ(world.drain(), Texts({"1", "2"}));
}

TEST(Backlog, DropsNothingForWhatNeverFits) {
  for (const Full full : {Full::drop_newest, Full::drop_oldest, Full::keep_latest}) {
    World world(full);
    world.push("1", "a");
    HeldMessage large = hold(std::string(1000, 'x'), false, true, "a");
    EXPECT_EQ(world.backlog.push(std::move(large), large.bytes() - 1, full, world.gone), Taken::no);
    EXPECT_EQ(large.data.size(), 1000U) << "left as it is";
    EXPECT_EQ(world.drain(), Texts({"1"}));
  }
}

TEST(Backlog, KeepsTheLatestOfAKeyInItsPlace) {
  World world(Full::keep_latest);
  world.push("a1", "a");
  world.push("b1", "b");
  world.push("none");
  EXPECT_EQ(world.push("a2", "a"), Taken::replaced);
  EXPECT_EQ(world.push("also none"), Taken::yes);
  EXPECT_EQ(world.push("a3", "a"), Taken::replaced);
  EXPECT_EQ(world.lost(), Texts({"a1", "a2"}));
  EXPECT_EQ(world.drain(), Texts({"a3", "b1", "none", "also none"}));
}

TEST(Backlog, ForgetsTheKeyOfWhatHasLeft) {
  World world(Full::keep_latest);
  world.push("a1", "a");
  world.push("b1", "b");
  EXPECT_EQ(world.backlog.pop().data, "a1");
  EXPECT_EQ(world.push("a2", "a"), Taken::yes);
  EXPECT_EQ(world.push("b2", "b"), Taken::replaced);
  EXPECT_EQ(world.drain(), Texts({"b2", "a2"}));
}

TEST(Backlog, IgnoresKeysUnderOtherPolicies) {
  World world(Full::drop_oldest);
  world.push("a1", "a");
  EXPECT_EQ(world.push("a2", "a"), Taken::yes);
  EXPECT_EQ(world.drain(), Texts({"a1", "a2"}));
}

TEST(Backlog, KeepsTheLatestEvenWhenItHasGrown) {
  const std::string large(200, 'x');
  const std::size_t room =
      hold(large, false, true, "a").bytes() + hold("b1", false, true, "b").bytes();
  World first(Full::keep_latest);
  for (const char* key : {"a", "b", "c"}) first.push(std::string(key) + "1", key, room);
  EXPECT_EQ(first.push(large, "a", room), Taken::replaced);
  EXPECT_EQ(first.lost(), Texts({"a1", "b1"}));
  EXPECT_EQ(first.drain(), Texts({"c1", large}));
  World last(Full::keep_latest);
  for (const char* key : {"a", "b", "c"}) last.push(std::string(key) + "1", key, room);
  EXPECT_EQ(last.push(large, "c", room), Taken::replaced);
  EXPECT_EQ(last.lost(), Texts({"c1", "a1"}));
  EXPECT_EQ(last.drain(), Texts({"b1", large}));
}

// Bytes and keys stay right over random pushes and pops.
TEST(Backlog, AgreesWithASimpleModel) {
  std::mt19937 random(7);
  struct Item {
    std::string key;
    std::string text;
  };
  Backlog backlog;
  std::deque<Item> model;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 3 == 0 && !model.empty()) {
      ASSERT_EQ(backlog.pop().data, model.front().text);
      model.pop_front();
      continue;
    }
    const Item item{
        .key = random() % 4 == 0 ? "" : std::string(1, static_cast<char>('a' + random() % 6)),
        .text = std::to_string(step)};
    std::vector<HeldMessage> gone;
    ASSERT_NE(
        backlog.push(hold(item.text, false, true, item.key), kPlenty, Full::keep_latest, gone),
        Taken::no);
    bool replaced = false;
    for (Item& waiting : model) {
      if (item.key.empty() || waiting.key != item.key) continue;
      waiting = item;
      replaced = true;
    }
    if (!replaced) model.push_back(item);
    ASSERT_EQ(gone.size(), replaced ? 1U : 0U);
    std::size_t bytes = 0;
    for (const Item& waiting : model) {
      bytes += hold(waiting.text, false, true, waiting.key).bytes();
    }
    ASSERT_EQ(backlog.bytes(), bytes);
    ASSERT_EQ(backlog.size(), model.size());
  }
}

}  // namespace
}  // namespace naru::transport
