#include "stomp/selector.hpp"

#include <gtest/gtest.h>

#include <map>

namespace naru::stomp {
namespace {

// Whether the selector takes a message with color red, price 10, name it's, empty.
std::string selects(std::string_view text) {
  static const std::map<std::string_view, std::string_view> kHeaders{
      {"color", "red"}, {"price", "10"}, {"name", "it's"}, {"empty", ""}};
  const auto selector = Selector::parse(text);
  if (!selector) return std::string(selector.error().text);
  const bool taken =
      selector->matches([](std::string_view name) -> std::optional<std::string_view> {
        const auto found = kHeaders.find(name);
        if (found == kHeaders.end()) return std::nullopt;
        return found->second;
      });
  return taken ? "yes" : "no";
}

TEST(StompSelector, Compares) {
  EXPECT_EQ(selects("color = 'red'"), "yes");
  EXPECT_EQ(selects("color='blue'"), "no");
  EXPECT_EQ(selects("color <> 'blue'"), "yes");
  EXPECT_EQ(selects("name = 'it''s'"), "yes");
  EXPECT_EQ(selects("empty = ''"), "yes");
  EXPECT_EQ(selects("price = 10.0"), "yes");
  EXPECT_EQ(selects("price > 9.5 AND price < 1e2"), "yes");
  EXPECT_EQ(selects("price >= 10 and price <= 10"), "yes");
  EXPECT_EQ(selects("price > -1"), "yes");
  EXPECT_EQ(selects("price <> 10"), "no");
  EXPECT_EQ(selects("color > 1"), "no");  // no number: unknown
  EXPECT_EQ(selects("NOT color > 1"), "no");
}

TEST(StompSelector, CombinesInSqlsOrder) {
  EXPECT_EQ(selects("TRUE"), "yes");
  EXPECT_EQ(selects("false"), "no");
  EXPECT_EQ(selects("TRUE OR TRUE AND FALSE"), "yes");
  EXPECT_EQ(selects("(TRUE OR TRUE) AND FALSE"), "no");
  EXPECT_EQ(selects("NOT FALSE AND NOT NOT TRUE"), "yes");
  EXPECT_EQ(selects("FALSE OR FALSE OR color = 'red'"), "yes");
}

TEST(StompSelector, TakesWhatIsNotThereForUnknown) {
  EXPECT_EQ(selects("absent = 'x'"), "no");
  EXPECT_EQ(selects("NOT absent = 'x'"), "no");
  EXPECT_EQ(selects("absent <> 'x'"), "no");
  EXPECT_EQ(selects("absent = 'x' OR TRUE"), "yes");
  EXPECT_EQ(selects("absent IS NULL"), "yes");
  EXPECT_EQ(selects("absent IS NOT NULL"), "no");
  EXPECT_EQ(selects("color IS NOT NULL"), "yes");
}

TEST(StompSelector, LooksIntoListsAndTexts) {
  EXPECT_EQ(selects("color IN ('blue', 'red')"), "yes");
  EXPECT_EQ(selects("color NOT IN ('blue')"), "yes");
  EXPECT_EQ(selects("absent NOT IN ('blue')"), "no");
  EXPECT_EQ(selects("color LIKE 'r%'"), "yes");
  EXPECT_EQ(selects("color LIKE '%e%'"), "yes");
  EXPECT_EQ(selects("color LIKE '%d'"), "yes");
  EXPECT_EQ(selects("color LIKE 'r%r%d'"), "no");
  EXPECT_EQ(selects("color LIKE 'red%'"), "yes");
  EXPECT_EQ(selects("color LIKE '%redd'"), "no");
  EXPECT_EQ(selects("color NOT LIKE 'b%'"), "yes");
}

TEST(StompSelector, RefusesWhatIsNoCondition) {
  for (const auto* wrong : {"",
                            "color",
                            "color =",
                            "= 'red'",
                            "color = red",
                            "color < 'red'",
                            "color = 'red",
                            "(TRUE",
                            "TRUE)",
                            "TRUE TRUE",
                            "color IN ()",
                            "color IN ('a'",
                            "color LIKE 5",
                            "color IS 'x'",
                            "color == 'red'",
                            "T(java.lang.Runtime)",
                            "price > 1x",
                            "color NOT 'red'",
                            "NOT",
                            "TRUE AND",
                            "-",
                            "price > - 1"}) {
    EXPECT_EQ(selects(wrong), "malformed selector") << wrong;
  }
}

TEST(StompSelector, KeepsItsLimits) {
  EXPECT_EQ(selects("color = '" + std::string(Selector::kBytes, 'x') + "'"), "selector too long");
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "TRUE" + std::string(depth, ')');
  };
  EXPECT_EQ(selects(nested(Selector::kDepth)), "yes");
  EXPECT_EQ(selects(nested(Selector::kDepth + 1)), "selector too deep");
  std::string negations;
  for (std::size_t i = 0; i <= Selector::kDepth; ++i) negations += "NOT ";
  EXPECT_EQ(selects(negations + "TRUE"), "selector too deep");
}

}  // namespace
}  // namespace naru::stomp
