#include "naru/fields.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace game {

struct Place {
  int x = 0;
  int y = 0;
  bool operator==(const Place&) const = default;
};
NARU_FIELDS(Place, x, y)

struct Move {
  std::string piece;
  Place to;
  std::optional<std::string> note;
  std::vector<Place> path;
  bool operator==(const Move&) const = default;
};
NARU_FIELDS(Move, piece, to, note, path)

struct Picture {
  naru::Bytes pixels;
};
NARU_FIELDS(Picture, pixels)

struct Wide {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
  int c0, c1, c2, c3, c4, c5, c6, c7, c8, c9;
};
NARU_FIELDS(Wide, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9,
            c0, c1, c2, c3, c4, c5, c6, c7, c8, c9)

}  // namespace game

namespace naru {
namespace {

template <class T>
std::string written(const T& value) {
  std::string text;
  std::vector<std::string> attachments;
  JsonWriter out(text, attachments);
  json_write(out, value);
  for (const std::string& each : attachments) text += " <" + each + ">";
  return text;
}

TEST(Fields, AreWrittenInTheirOrder) {
  EXPECT_EQ(written(game::Place{1, -2}), R"({"x":1,"y":-2})");
  EXPECT_EQ(written(game::Move{"rook", {1, 2}, "check", {{0, 1}}}),
            R"({"piece":"rook","to":{"x":1,"y":2},"note":"check","path":[{"x":0,"y":1}]})");
}

TEST(Fields, ThatHoldNoneAreLeftOut) {
  EXPECT_EQ(written(game::Move{"rook", {}, {}, {}}),
            R"({"piece":"rook","to":{"x":0,"y":0},"path":[]})");
}

TEST(Fields, AreReadInAnyOrder) {
  const auto move = json_cast<game::Move>(
      {R"({"path":[{"y":1,"x":0}],"more":{"x":[]},"to":{"x":1,"y":2},"piece":"rook"})"});
  ASSERT_TRUE(move);
  EXPECT_EQ(*move, (game::Move{"rook", {1, 2}, {}, {{0, 1}}}));
  EXPECT_EQ(json_cast<game::Place>({R"({"x":1,"y":2,"x":3})"})->x, 3);
}

TEST(Fields, MustBeThereAndFit) {
  for (const std::string_view text :
       {R"({"x":1})", R"({"x":1,"y":"2"})", R"({"x":1,"y":null})", "[1,2]", "null", "1"}) {
    EXPECT_FALSE(json_cast<game::Place>({text})) << text;
  }
  EXPECT_FALSE(json_cast<game::Move>({R"({"piece":"r","to":{"x":1},"path":[]})"}));
  EXPECT_TRUE(json_cast<game::Move>({R"({"piece":"r","to":{"x":1,"y":2},"note":null,"path":[]})"}));
}

TEST(Fields, MayBeBinary) {
  const std::vector<std::string> attachments{"pixels"};
  const auto picture =
      json_cast<game::Picture>({R"({"pixels":{"_placeholder":true,"num":0}})", attachments});
  ASSERT_TRUE(picture);
  EXPECT_EQ(as_text(picture->pixels), "pixels");
  EXPECT_EQ(written(*picture), R"({"pixels":{"_placeholder":true,"num":0}} <pixels>)");
}

TEST(Fields, MayBeMany) {
  game::Wide wide{};
  wide.a0 = 1;
  wide.c9 = 2;
  const std::string text = written(wide);
  EXPECT_TRUE(text.starts_with(R"({"a0":1,)"));
  EXPECT_TRUE(text.ends_with(R"("c9":2})"));
  EXPECT_EQ(json_cast<game::Wide>({text})->c9, 2);
}

}  // namespace
}  // namespace naru
