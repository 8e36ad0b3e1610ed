#include "hub/history.hpp"

#include <gtest/gtest.h>

namespace naru::hub {
namespace {

using namespace std::chrono_literals;

struct Text final : Publication {
  explicit Text(std::string given) : text(std::move(given)) {}
  SharedBytes encode(WireFormat) const override { return nullptr; }
  std::string text;
};

Instant at(Duration since_start) {
  return Instant{} + since_start;
}

// A history whose publications say their own offsets.
struct HistoryTest : ::testing::Test {
  HistoryLimits limits{.count = 4, .bytes = 1000, .age = 10s};
  History history{limits, "abc"};

  void append(std::size_t bytes = 10, Duration when = 0s) {
    const std::string text = std::to_string(history.next_offset());
    history.append(std::make_shared<const Text>(text), bytes, at(when));
  }
  static std::string said(const History::Replay& replay) {
    std::string all = replay.recovered ? "" : "not recovered";
    for (const auto& item : replay.missed) all += static_cast<const Text&>(*item).text + " ";
    all += replay.more ? "more " : "";
    return all + "@" + std::to_string(replay.position.offset);
  }
  std::string since(std::uint64_t offset, Duration now = 0s, std::size_t most = 100) {
    return said(history.since({"abc", offset}, at(now), most));
  }
};

TEST_F(HistoryTest, NumbersFromOne) {
  EXPECT_EQ(history.next_offset(), 1U);
  EXPECT_EQ(history.position(), (Position{"abc", 0}));
  append();
  EXPECT_EQ(history.position(), (Position{"abc", 1}));
}

TEST_F(HistoryTest, ReplaysWhatCameBehind) {
  for (int i = 0; i < 3; ++i) append();
  EXPECT_EQ(since(0), "1 2 3 @3");
  EXPECT_EQ(since(2), "3 @3");
  EXPECT_EQ(since(3), "@3");
}

TEST_F(HistoryTest, ReplaysAllOrNothing) {
  for (int i = 0; i < 6; ++i) append();
  EXPECT_EQ(history.size(), 4U);
  EXPECT_EQ(since(2), "3 4 5 6 @6");
  EXPECT_EQ(since(1), "not recovered@6");  // 2 is gone
}

TEST_F(HistoryTest, RefusesAnotherEpochAndAnOffsetThatIsNotYet) {
  append();
  EXPECT_EQ(said(history.since({"xyz", 1}, at(0s), 10)), "not recovered@1");
  EXPECT_EQ(said(history.since({"", 0}, at(0s), 10)), "not recovered@1");
  EXPECT_EQ(since(2), "not recovered@1");
}

TEST_F(HistoryTest, KeepsSoManyBytes) {
  append(400);
  append(400);
  append(400);
  EXPECT_EQ(history.bytes(), 800U);
  EXPECT_EQ(since(1), "2 3 @3");
  EXPECT_EQ(since(0), "not recovered@3");
  append(5000);  // alone too much
  EXPECT_EQ(history.size(), 0U);
  EXPECT_EQ(history.bytes(), 0U);
  EXPECT_EQ(since(4), "@4");
  EXPECT_EQ(since(3), "not recovered@4");
}

TEST_F(HistoryTest, KeepsSoLong) {
  append(10, 0s);
  append(10, 5s);
  EXPECT_EQ(since(0, 10s), "1 2 @2");
  EXPECT_EQ(since(0, 11s), "not recovered@2");
  EXPECT_EQ(since(1, 11s), "2 @2");
  EXPECT_EQ(since(2, 60s), "@2");  // nothing was missed
  EXPECT_EQ(history.size(), 0U);
}

TEST_F(HistoryTest, GivesPagesThatFollowEachOther) {
  for (int i = 0; i < 4; ++i) append();
  EXPECT_EQ(since(0, 0s, 3), "1 2 3 more @3");
  EXPECT_EQ(since(3, 0s, 3), "4 @4");
  EXPECT_EQ(said(history.latest(at(0s), 2)), "3 4 @4");
  EXPECT_EQ(said(history.latest(at(0s), 9)), "1 2 3 4 @4");
}

TEST_F(HistoryTest, OfNoneKeepsNothingButCounts) {
  limits.count = 0;
  append();
  EXPECT_EQ(history.size(), 0U);
  EXPECT_EQ(since(1), "@1");
  EXPECT_EQ(since(0), "not recovered@1");
}

TEST(HistoryCursor, ComesBackAsItWas) {
  const std::vector<Position> positions = {{"abc", 7}, {}, {"x9", 18446744073709551615U}};
  EXPECT_EQ(to_cursor(positions), "abc.7~-~x9.18446744073709551615");
  EXPECT_EQ(parse_cursor(to_cursor(positions)), positions);
  EXPECT_EQ(to_cursor({}), "");
}

TEST(HistoryCursor, IsLeftOutWhereItWouldNeedAPreflight) {
  const std::vector<Position> many(8, {"abcdef", 123456789});
  EXPECT_EQ(to_cursor(many), "");  // 135 bytes
  EXPECT_LE(to_cursor(std::vector<Position>(7, {"abcdef", 123456789})).size(), kCursorBytes);
}

TEST(HistoryCursor, RefusesWhatIsNone) {
  for (const std::string_view bad :
       {"", ".", "abc", "abc.", ".5", "abc.x", "abc.-1", "abc.5~", "~", "abc.5x",
        "abc.18446744073709551616", "abc. 5", "abcdefghijklmnopq.1"}) {
    EXPECT_FALSE(parse_cursor(bad)) << bad;
  }
  EXPECT_FALSE(parse_cursor(std::string(200, 'a') + ".1"));
}

}  // namespace
}  // namespace naru::hub
