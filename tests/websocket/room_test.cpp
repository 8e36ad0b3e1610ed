#include "websocket/deflate.hpp"
#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The rest of a long message received where it stays: the connection says where, whoever reads does
// so there, and what comes of it is the same as ever.
namespace naru::websocket {
namespace {

using test::bytes;
using test::code;
using test::describe;
using test::Feed;
using test::flatten;
using test::frame_to;
using test::masked;

// Feeds `piece` as a stream does: wherever there is room, at once or in several turns.
void receive_by_room(Feed& feed, std::string_view piece) {
  while (!piece.empty()) {
    const std::span<char> room = feed.connection.room();
    if (room.empty()) return feed.receive(piece);
    const std::size_t count = std::min(room.size(), piece.size());
    std::copy_n(piece.begin(), count, room.begin());
    Cursor in{room.first(count)};
    while (true) {
      const auto event = feed.connection.receive(in, feed.queue);
      if (event && !*event) break;
      feed.seen.push_back(event ? describe(**event) : describe(event.error()));
    }
    EXPECT_TRUE(in.empty());
    piece.remove_prefix(count);
  }
}

Limits roomy(std::size_t message_bytes = std::size_t{1} << 20U) {
  return {.message_bytes = message_bytes, .room_above = 1};
}

// Whether room is used or not, and however the input is cut, this is what comes of it.
void expect_by_room(Role role, std::string_view input, const std::vector<std::string>& expected,
                    const Limits& limits = roomy()) {
  naru::test::for_each_split(input, [&](const std::vector<std::string>& pieces) {
    Feed by_room(role, limits);
    Feed plain(role, limits);
    for (const std::string& piece : pieces) {
      receive_by_room(by_room, piece);
      plain.receive(piece);
    }
    EXPECT_EQ(by_room.transcript(), expected);
    EXPECT_EQ(by_room.transcript(), plain.transcript());
    return flatten(by_room.queue);
  });
}

class Room : public ::testing::TestWithParam<Role> {
 protected:
  Role role = GetParam();
  std::string frame(unsigned first, std::string_view payload) const {
    return frame_to(role, first, payload);
  }
};
INSTANTIATE_TEST_SUITE_P(Roles, Room, ::testing::Values(Role::server, Role::client),
                         [](const auto& each) {
                           return each.param == Role::server ? "Server" : "Client";
                         });

TEST_P(Room, MessagesOfAllLengthsInARow) {
  const std::string longer(300, 'y');
  expect_by_room(role,
                 frame(0x81, "short") + frame(0x82, longer) + frame(0x82, "") +
                     frame(0x81, "next to it") + frame(0x88, code(1000)),
                 {"text short", "binary " + longer, "binary ", "text next to it", "closed 1000 ",
                  "-> close 1000"});
}

TEST_P(Room, FragmentsWithPingsBetweenThem) {
  expect_by_room(role,
                 frame(0x01, "the first part, ") + frame(0x89, "ping") +
                     frame(0x00, "the second one, ") + frame(0x00, "") +
                     frame(0x80, "and the last"),
                 {"text the first part, the second one, and the last", "-> pong ping"});
}

TEST_P(Room, TextWhoseCharactersAreCutAnywhere) {
  expect_by_room(role, frame(0x01, "пойду \xf0\x9f\x98") + frame(0x80, "\x80 спать"),
                 {"text пойду \xf0\x9f\x98\x80 спать"});
}

TEST_P(Room, TextThatIsNone) {
  expect_by_room(role, frame(0x81, "twelve bytes\xff and more of them") + frame(0x81, "unseen"),
                 {"bad_utf8", "-> close 1007"});
}

TEST_P(Room, MessagesAtTheLimitAndOneBeyondIt) {
  const std::string most(130, 'x');
  expect_by_room(role, frame(0x82, most), {"binary " + most}, roomy(130));
  expect_by_room(role, frame(0x02, most) + frame(0x80, "x"), {"message_too_big", "-> close 1009"},
                 roomy(130));
}

TEST(WebSocketRoom, IsBehindWhatHasArrivedAndEndsWithTheFrame) {
  Feed feed(Role::server, roomy());
  EXPECT_TRUE(feed.connection.room().empty());
  const std::string frame = masked(0x02, std::string(100, 'x'));
  feed.receive(frame.substr(0, 6));  // the head, and nothing behind it
  EXPECT_TRUE(feed.connection.room().empty());
  feed.receive(frame.substr(6, 90));
  EXPECT_EQ(feed.connection.room().size(), 10U);
  receive_by_room(feed, frame.substr(96));
  EXPECT_TRUE(feed.connection.room().empty());  // between frames
}

TEST(WebSocketRoom, KeepsTheMessageWhereItIs) {
  Feed feed(Role::server, roomy());
  const std::string frame = masked(0x82, std::string(100'000, 'x'));
  feed.receive(frame.substr(0, 60'000));
  const std::span<char> room = feed.connection.room();
  ASSERT_EQ(room.size(), frame.size() - 60'000);
  std::copy(frame.begin() + 60'000, frame.end(), room.begin());
  Cursor in{room};
  const auto event = feed.connection.receive(in, feed.queue);
  ASSERT_TRUE(event && *event);
  const std::span<char> payload = (*event)->payload;
  EXPECT_EQ(payload.data() + payload.size(), room.data() + room.size());
  EXPECT_EQ(std::string(payload.begin(), payload.end()), std::string(100'000, 'x'));
}

// It may be asked for in vain: the bytes then come from elsewhere.
TEST(WebSocketRoom, NeedNotBeUsed) {
  Feed feed(Role::server, roomy());
  std::string message;
  for (char c = 'a'; c <= 'z'; ++c) message += std::string(10, c);
  for (const char byte : masked(0x81, message)) {
    feed.connection.room();
    feed.receive({&byte, 1});
  }
  EXPECT_EQ(feed.transcript(), std::vector<std::string>{"text " + message});
}

TEST(WebSocketRoom, IsNotForShortOnes) {
  Feed feed;
  const std::size_t above = feed.limits.room_above;
  const std::string frame = masked(0x82, std::string(2 * above, 'x'));
  const std::size_t head = frame.size() - 2 * above;
  feed.receive(std::string_view(frame).substr(0, head + above - 1));
  EXPECT_TRUE(feed.connection.room().empty());  // too little has arrived
  feed.receive(std::string_view(frame).substr(head + above - 1, 1));
  EXPECT_EQ(feed.connection.room().size(), above);  // and never a few bytes of what is to come
  feed.receive(std::string_view(frame).substr(head + above, 1));
  EXPECT_TRUE(feed.connection.room().empty());  // too little is to come
}

// What a head promises is not believed: the room is never more than what has arrived already.
TEST(WebSocketRoom, AtMostDoublesWhatHasArrived) {
  Feed feed(Role::server, {.message_bytes = std::size_t{1} << 40U, .room_above = 1});
  feed.receive(bytes("82 ff 00 00 00 40 00 00 00 00 00 00 00 00"));
  EXPECT_TRUE(feed.connection.room().empty());
  feed.receive(std::string(1000, 'x'));
  std::size_t arrived = 1000;
  for (int i = 0; i < 10; ++i) {
    const std::span<char> room = feed.connection.room();
    ASSERT_FALSE(room.empty());
    ASSERT_LE(room.size(), arrived);
    arrived += room.size();
    std::fill(room.begin(), room.end(), 'x');
    Cursor in{room};
    const auto event = feed.connection.receive(in, feed.queue);
    ASSERT_TRUE(event && !*event);
  }
  EXPECT_EQ(arrived, 1000U << 10U);
}

TEST(WebSocketRoom, IsNotForWhatIsNotKept) {
  const std::string begun = masked(0x02, std::string(1000, 'x')).substr(0, 500);
  Feed parts(Role::server, {.room_above = 1, .parts = true});
  parts.receive(begun);
  EXPECT_TRUE(parts.connection.room().empty());

  Feed closing(Role::server, roomy());
  closing.receive(begun);
  EXPECT_FALSE(closing.connection.room().empty());
  closing.connection.close(1000, {}, closing.queue);
  EXPECT_TRUE(closing.connection.room().empty());

  Feed compressed(Role::server, roomy());
  compressed.connection.use_deflate({}, compressed.deflate);
  std::string deflated;
  Deflater(15, 8, 6).compress(begun, Deflater::End::message, deflated);
  compressed.receive(masked(0xc2, deflated).substr(0, 10));
  EXPECT_TRUE(compressed.connection.room().empty());
}

TEST(WebSocketRoom, IsNotForControlFrames) {
  Feed feed(Role::server, roomy());
  feed.receive(masked(0x02, "a message") + masked(0x89, "ping").substr(0, 8));
  EXPECT_TRUE(feed.connection.room().empty());
  receive_by_room(feed, masked(0x89, "ping").substr(8));
  EXPECT_EQ(feed.transcript(), std::vector<std::string>{"-> pong ping"});
}

}  // namespace
}  // namespace naru::websocket
