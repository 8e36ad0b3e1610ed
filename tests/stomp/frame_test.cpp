#include "stomp/frame.hpp"

#include "decoding.hpp"

#include <algorithm>

namespace naru::stomp {
namespace {

using testing::decoded;
using namespace std::string_literals;
using namespace std::string_view_literals;

std::string message_with(std::string_view value, Version version) {
  std::string out;
  FrameWriter(Command::message, version, out).header("f", value).end();
  return out;
}

TEST(StompFrame, KnowsItsCommands) {
  for (int i = 0; i <= static_cast<int>(Command::error); ++i) {
    const auto command = static_cast<Command>(i);
    EXPECT_EQ(parse_command(to_text(command)), command);
  }
  EXPECT_EQ(parse_command("CONNECT "), std::nullopt);
  EXPECT_EQ(parse_command(""), std::nullopt);
}

TEST(StompFrame, FindsTheFirstOfRepeatedHeaders) {
  const Frame frame{.headers = {{"a", "1"}, {"a", "2"}, {"b", ""}}};
  EXPECT_EQ(frame.header("a"), "1");
  EXPECT_EQ(frame.find("b"), "");
  EXPECT_EQ(frame.find("c"), std::nullopt);
}

TEST(StompFrame, WritesBodiesWithTheirLength) {
  std::string out;
  FrameWriter(Command::message, Version::v12, out).header("a", "b").body("x\0y"sv);
  EXPECT_EQ(out, "MESSAGE\na:b\ncontent-length:3\n\nx\0y\0"sv);
  out.clear();
  FrameWriter(Command::receipt, Version::v12, out).end();
  EXPECT_EQ(out, "RECEIPT\n\n\0"sv);
}

TEST(StompFrame, EscapesByVersion) {
  EXPECT_EQ(message_with("o:o\nbar\rbaz\\", Version::v12),
            "MESSAGE\nf:o\\co\\nbar\\rbaz\\\\\n\n\0"sv);
  EXPECT_EQ(message_with("o:o\nbar\rbaz\\", Version::v11), "MESSAGE\nf:o\\co\\nbarbaz\\\\\n\n\0"sv);
  EXPECT_EQ(message_with("o:o\nbar\rbaz\\", Version::v10), "MESSAGE\nf:o:o barbaz\\\n\n\0"sv);
}

// Whatever is said, no header becomes two.
TEST(StompFrame, NeverInjectsAHeader) {
  for (const Version version : {Version::v10, Version::v11, Version::v12}) {
    const std::string said =
        decoded(message_with("a\nevil:1\r\nevil:2\n\nbody\\", version), version);
    EXPECT_EQ(std::count(said.begin(), said.end(), '['), 1) << said;
    EXPECT_TRUE(said.ends_with("] ;")) << said;
    std::string name;
    FrameWriter(Command::message, version, name).header("x\ny:z", "1").header("", "2").end();
    const std::string named = decoded(name, version);
    EXPECT_LE(std::count(named.begin(), named.end(), '['), 1) << named;
  }
}

TEST(StompFrame, SurvivesItsOwnDecoderIn12) {
  EXPECT_EQ(decoded(message_with(" o:o\nbar\r\\baz\\n ", Version::v12)),
            "MESSAGE [f= o:o\nbar\r\\baz\\n ] ;");
}

TEST(StompFrame, LeavesOpeningFramesUnescaped) {
  std::string out;
  FrameWriter(Command::connected, Version::v12, out).header("server", "a:b\n").end();
  EXPECT_EQ(out, "CONNECTED\nserver:a:b \n\n\0"sv);
}

}  // namespace
}  // namespace naru::stomp
