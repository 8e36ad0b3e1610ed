#include "sse/event.hpp"

#include "sse/decoder.hpp"

#include <gtest/gtest.h>

namespace naru::sse {
namespace {

std::string encoded(const EventText& event) {
  std::string out;
  append_event(event, out);
  return out;
}

std::vector<Event> decoded(std::string text) {
  Decoder decoder;
  Cursor in(text);
  std::vector<Event> events;
  while (auto event = *decoder.receive(in)) events.push_back(*std::move(event));
  return events;
}

TEST(Event, HasALineForEachField) {
  EXPECT_EQ(encoded({.id = "a.1", .type = "tick", .data = "{}"}),
            "id: a.1\nevent: tick\ndata: {}\n\n");
  EXPECT_EQ(encoded({.data = "x"}), "data: x\n\n");
  EXPECT_EQ(encoded({}), "data: \n\n");
}

// CVE-2026-22735: a line end in the data would begin a field of the sender's choice.
TEST(Event, SplitsDataAtEveryLineEnd) {
  EXPECT_EQ(encoded({.data = "a\nb\rc\r\nd"}), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(encoded({.data = "\n\r\r\n"}), "data: \ndata: \ndata: \ndata: \n\n");
}

TEST(Event, ComesBackAsItWas) {
  for (const std::string data :
       {"", " leading", ": colon", "id: 5", "a\n\nb", "event: x\nid: y", "\xef\xbb\xbf", "\n"}) {
    const auto events = decoded(encoded({.data = data}));
    ASSERT_EQ(events.size(), 1U) << data;
    EXPECT_EQ(events[0].data, data);
    EXPECT_EQ(events[0].type, "message");
    EXPECT_EQ(events[0].last_id, "");
  }
}

TEST(Event, CarriageReturnsBecomeLineFeeds) {
  for (const std::string data : {"a\rid: evil\rb", "a\r\nid: evil\r\nb"}) {
    const auto events = decoded(encoded({.data = data}));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].data, "a\nid: evil\nb");
    EXPECT_EQ(events[0].last_id, "");
  }
}

TEST(Event, LeavesOutAnIdOrATypeThatWouldBreakItsLine) {
  using namespace std::string_view_literals;
  for (const std::string_view bad : {"a\nb"sv, "a\rb"sv, "a\r\nb"sv, "a\0b"sv}) {
    EXPECT_FALSE(is_field_value(bad));
    EXPECT_EQ(encoded({.id = bad, .type = bad, .data = "x"}), "data: x\n\n");
  }
}

TEST(Comment, IsSkippedWhateverItSays) {
  std::string out;
  append_comment("beat\ndata: evil\r\n", out);
  EXPECT_EQ(out, ":beat data: evil  \n\n");
  EXPECT_TRUE(decoded(out).empty());
}

TEST(Retry, IsReadBack) {
  std::string out;
  append_retry(std::chrono::milliseconds(2500), out);
  Decoder decoder;
  Cursor in(out);
  EXPECT_FALSE(*decoder.receive(in));
  EXPECT_EQ(decoder.retry(), std::chrono::milliseconds(2500));
}

}  // namespace
}  // namespace naru::sse
