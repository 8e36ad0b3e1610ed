#include "websocket/connection.hpp"
#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Messages piece by piece, both ways.

namespace naru::websocket {
namespace {

using test::bytes;
using test::Feed;
using test::frame_to;
using test::masked;

constexpr Role kRoles[] = {Role::server, Role::client};
const DeflateAgreement kContext{.own_context = true, .peer_context = true};

// What was seen, the parts of a message put together: how many there are depends on the cuts.
std::vector<std::string> joined(const std::vector<std::string>& seen) {
  std::vector<std::string> out;
  bool open = false;
  for (const std::string& event : seen) {
    const bool first = event.starts_with("first ");
    std::string rest = first ? event.substr(6) : event;
    const bool last = rest.starts_with("last ");
    if (last) rest = rest.substr(5);
    const std::size_t part = rest.find(" part ");
    if (part == std::string::npos) {
      out.push_back(event);
      continue;
    }
    EXPECT_EQ(first, !open);
    if (first) out.push_back("message " + rest.substr(0, part) + " ");
    out.back() += rest.substr(part + 6);
    open = !last;
  }
  if (open) out.back() += "...";
  return out;
}

void expect(Role role, std::string_view input, const std::vector<std::string>& expected,
            Limits limits = {}) {
  limits.parts = true;
  const auto run = [&](const std::vector<std::string>& pieces) {
    Feed feed(role, limits);
    feed.connection.use_deflate(kContext, feed.deflate);
    for (const std::string& piece : pieces) feed.receive(piece);
    return std::pair(joined(feed.transcript()), test::flatten(feed.queue));
  };
  EXPECT_EQ(run({std::string(input)}).first, expected);
  naru::test::for_each_split(input, run);
}

std::string compressed(std::string_view message) {
  Deflater deflater(15, 8, 6);
  std::string out;
  deflater.compress(message, Deflater::End::message, out);
  return out;
}

TEST(Parts, ComeAsTheyArrive) {
  Feed feed(Role::server, {.parts = true});
  const std::string frame = masked(0x82, std::string(300, 'x'));
  feed.receive(frame.substr(0, 108));
  feed.receive(frame.substr(108));
  EXPECT_EQ(feed.seen, (std::vector<std::string>{"first binary part " + std::string(100, 'x'),
                                                 "last binary part " + std::string(200, 'x')}));
}

TEST(Parts, MayBeWholeMessages) {
  for (const Role role : kRoles) {
    Feed feed(role, {.parts = true});
    feed.receive(frame_to(role, 0x81, "one") + frame_to(role, 0x82, ""));
    EXPECT_EQ(feed.seen,
              (std::vector<std::string>{"first last text part one", "first last binary part "}));
  }
}

TEST(Parts, TakeFragmentsOfAnyKind) {
  for (const Role role : kRoles) {
    expect(role,
           frame_to(role, 0x01, "") + frame_to(role, 0x00, "abc") + frame_to(role, 0x89, "p") +
               frame_to(role, 0x00, "") + frame_to(role, 0x80, "") + frame_to(role, 0x02, "d") +
               frame_to(role, 0x80, "e") + frame_to(role, 0x81, "f"),
           {"message text abc", "message binary de", "message text f", "-> pong p"});
  }
}

TEST(Parts, InflateAsTheyArrive) {
  const std::string text = "Hello, Hello, Hello";
  const std::string payload = compressed(text);
  for (const Role role : kRoles) {
    expect(role,
           frame_to(role, 0xc1, payload) + frame_to(role, 0x41, bytes("00 00 00 ff ff")) +
               frame_to(role, 0x89, "p") + frame_to(role, 0x80, bytes("00")) +
               frame_to(role, 0x41, payload.substr(0, 5)) + frame_to(role, 0x00, "") +
               frame_to(role, 0x80, payload.substr(5)) + frame_to(role, 0x81, "plain"),
           {"message text " + text, "message text ", "message text " + text, "message text plain",
            "-> pong p"});
  }
}

TEST(Parts, OfOneInflatedMessageAreSmall) {
  const std::string message(1'000'000, 'x');
  const std::string payload = compressed(message);
  for (const Role role : kRoles) {
    for (const std::size_t step : {1U, 100U, 100'000U}) {
      Feed feed(role, {.parts = true});
      feed.connection.use_deflate(kContext, feed.deflate);
      const std::string frame = frame_to(role, 0xc2, payload) + frame_to(role, 0x81, "next");
      for (std::size_t at = 0; at < frame.size(); at += step) feed.receive(frame.substr(at, step));
      EXPECT_GT(feed.seen.size(), message.size() / DeflatePool::kStep);
      EXPECT_EQ(joined(feed.seen),
                (std::vector<std::string>{"message binary " + message, "message text next"}));
    }
  }
}

TEST(Parts, ObeyTheLimitOfAMessage) {
  const Limits limits{.message_bytes = 10};
  const std::string ten = "0123456789";
  expect(Role::server, masked(0x81, ten), {"message text " + ten}, limits);
  expect(Role::server, masked(0xc1, compressed(ten)), {"message text " + ten}, limits);
  expect(Role::server, masked(0x81, ten + "x"), {"message_too_big", "-> close 1009"}, limits);
  Feed fragments(Role::server, {.message_bytes = 10, .parts = true});
  fragments.receive(masked(0x01, ten) + masked(0x80, "x"));
  EXPECT_EQ(fragments.seen.back(), "message_too_big");
  Feed feed(Role::server, {.message_bytes = 10, .parts = true});
  feed.connection.use_deflate(kContext, feed.deflate);
  feed.receive(masked(0xc1, compressed(std::string(100'000, 'x'))));
  EXPECT_EQ(feed.seen.back(), "message_too_big");
}

TEST(Parts, CheckUtf8AcrossThem) {
  const std::string text = "\xed\x95\x9c\xea\xb8\x80";
  for (const Role role : kRoles) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      expect(role,
             frame_to(role, 0x01, text.substr(0, cut)) + frame_to(role, 0x80, text.substr(cut)),
             {"message text " + text});
    }
    expect(role, frame_to(role, 0x81, text), {"message text " + text});
    expect(role, frame_to(role, 0xc1, compressed(text)), {"message text " + text});
  }
  for (const unsigned first : {0x81U, 0xc1U}) {
    const std::string broken = text.substr(0, 5);
    Feed feed(Role::server, {.parts = true});
    feed.connection.use_deflate(kContext, feed.deflate);
    feed.receive(masked(first, first == 0x81 ? broken : compressed(broken)));
    EXPECT_EQ(feed.seen.back(), "bad_utf8");
  }
}

TEST(Parts, StopAtWhatDoesNotInflate) {
  const std::string payload = compressed("Hello");
  Feed feed(Role::server, {.parts = true});
  feed.connection.use_deflate(kContext, feed.deflate);
  feed.receive(masked(0xc1, payload.substr(0, 4)));
  EXPECT_EQ(feed.transcript().back(), "-> close 1007");
  EXPECT_EQ(feed.seen.back(), "bad_compression");
}

TEST(Parts, EndWithOurClose) {
  Feed feed(Role::server, {.parts = true});
  feed.connection.use_deflate(kContext, feed.deflate);
  const std::string frame = masked(0xc2, compressed(std::string(100'000, 'x')));
  std::vector<char> block(frame.begin(), frame.end());
  Cursor in{std::span<char>(block)};
  const auto event = feed.connection.receive(in, feed.queue);
  ASSERT_TRUE(event && *event);
  EXPECT_TRUE((*event)->first);
  EXPECT_FALSE((*event)->last);
  feed.connection.close(1000, {}, feed.queue);  // in the middle of what one frame says
  const auto next = feed.connection.receive(in, feed.queue);
  EXPECT_TRUE(next && !*next);
  EXPECT_TRUE(in.empty());
  feed.receive(masked(0x88, test::code(1000)));
  EXPECT_TRUE(feed.connection.finished());
}

// Sending.

TEST(SendPart, WritesFragments) {
  for (const Role role : kRoles) {
    Feed feed(role);
    const auto part = [&](std::string_view piece, Part which) {
      feed.connection.send_part(Opcode::text, piece, which, Compress::yes, feed.queue);
    };
    part("a", Part::more);
    part("", Part::more);
    feed.connection.send(Opcode::ping, "p", feed.queue);
    part("b", Part::last);
    part("whole", Part::last);
    Feed peer(role == Role::server ? Role::client : Role::server);
    peer.receive(test::flatten(feed.queue));
    EXPECT_EQ(peer.transcript(), (std::vector<std::string>{"text ab", "text whole", "-> pong p"}));
  }
}

TEST(SendPart, CompressesWithAndWithoutContext) {
  for (const Role role : kRoles) {
    for (const DeflateAgreement& agreement : {DeflateAgreement{}, kContext}) {
      const Limits limits{.deflate = {.threshold = 0}};
      Feed feed(role, limits);
      Feed peer(role == Role::server ? Role::client : Role::server, limits);
      feed.connection.use_deflate(agreement, feed.deflate);
      peer.connection.use_deflate(agreement, peer.deflate);
      std::string expected;
      for (int i = 0; i < 50; ++i) {
        const std::string piece = "{\"price\":" + std::to_string(i * 71) + "}";
        expected += piece;
        feed.connection.send_part(Opcode::text, piece, Part::more, Compress::yes, feed.queue);
        if (i % 10 == 0) feed.connection.send(Opcode::ping, {}, feed.queue);
        if (i % 20 == 0) feed.connection.trim();
      }
      feed.connection.send_part(Opcode::text, "", Part::last, Compress::yes, feed.queue);
      feed.connection.send_text(expected, feed.queue);
      peer.receive(test::flatten(feed.queue));
      EXPECT_EQ(peer.seen, (std::vector<std::string>{"text " + expected, "text " + expected}));
    }
  }
}

TEST(SendPart, HoldsOtherMessagesUntilTheLast) {
  Feed feed(Role::server, {.deflate = {.threshold = 0}});
  feed.connection.use_deflate(kContext, feed.deflate);
  const std::string text = "a text a text a text";
  feed.connection.send_part(Opcode::text, "first ", Part::more, Compress::yes, feed.queue);
  feed.connection.send_text(text, feed.queue);
  feed.connection.send(Opcode::binary, {}, text, Compress::no, feed.queue);
  const std::string frames = encode_shared(Opcode::text, text, 3, feed.deflate, {.threshold = 0});
  feed.connection.send_encoded(std::make_shared<const std::string>(frames), text, feed.queue);
  EXPECT_EQ(feed.connection.held_bytes(), 3 * text.size() + frames.size());
  feed.connection.send_part(Opcode::text, "last", Part::last, Compress::yes, feed.queue);
  EXPECT_EQ(feed.connection.held_bytes(), 0U);
  feed.connection.send_text(text, feed.queue);
  Feed peer(Role::client);
  peer.connection.use_deflate(kContext, peer.deflate);
  peer.receive(test::flatten(feed.queue));
  EXPECT_EQ(peer.seen,
            (std::vector<std::string>{"text first last", "text " + text, "binary " + text,
                                      "text " + text, "text " + text}));
}

TEST(SendPart, EndsWithAClose) {  // a Close inside our own fragmented message
  Feed feed;
  feed.connection.send_part(Opcode::text, "a", Part::more, Compress::yes, feed.queue);
  feed.connection.send_text("held", feed.queue);
  feed.connection.close(1000, {}, feed.queue);
  EXPECT_EQ(feed.connection.held_bytes(), 0U);
  feed.connection.send_part(Opcode::text, "b", Part::last, Compress::yes, feed.queue);
  EXPECT_EQ(test::flatten(feed.queue), bytes("01 01 61 88 02 03 e8"));
}

}  // namespace
}  // namespace naru::websocket
