#include "websocket/connection.hpp"

#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <set>

namespace naru::websocket {
namespace {

using test::bytes;
using test::code;
using test::expect;
using test::Feed;
using test::frame_to;
using test::masked;
using test::plain;

constexpr unsigned kText = 0x81, kBinary = 0x82, kPing = 0x89, kPong = 0x8a;
constexpr unsigned kFirstText = 0x01, kFirstBinary = 0x02, kMiddle = 0x00, kLast = 0x80;
constexpr Role kRoles[] = {Role::server, Role::client};

// Messages (section 5.6).

TEST(Connection, ReceivesTheVectorsOfTheRfc) {
  expect(Role::client, bytes("81 05 48 65 6c 6c 6f"), {"text Hello"});
  expect(Role::server, bytes("81 85 37 fa 21 3d 7f 9f 4d 51 58"), {"text Hello"});
  expect(Role::client, bytes("01 03 48 65 6c 80 02 6c 6f"), {"text Hello"});
  expect(Role::client, bytes("89 05 48 65 6c 6c 6f"), {"-> pong Hello"});
  expect(Role::server, bytes("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), {"pong Hello"});
}

TEST(Connection, ReceivesMessagesOfEveryLengthForm) {
  for (const Role role : kRoles) {
    for (const std::size_t size : {0U, 1U, 3U, 7U, 8U, 20U, 125U, 126U, 300U}) {
      const std::string payload(size, 'a');
      expect(role, frame_to(role, kText, payload) + frame_to(role, kBinary, payload),
             {"text " + payload, "binary " + payload});
    }
  }
}

TEST(Connection, ReceivesLongMessagesInPieces) {
  for (const Role role : kRoles) {
    std::string payload;
    while (payload.size() < 70000) payload += "\xea\xb0\x80naru";
    const std::string frame = frame_to(role, kText, payload);
    for (const std::size_t step : {1U, 3U, 1000U, 4096U, 65536U, 69999U, 200000U}) {
      Feed feed(role);
      for (std::size_t at = 0; at < frame.size(); at += step) feed.receive(frame.substr(at, step));
      EXPECT_EQ(feed.transcript(), std::vector<std::string>{"text " + payload}) << step;
    }
  }
}

TEST(Connection, ReceivesManyMessagesInOneSegment) {
  std::string input;
  std::vector<std::string> expected;
  for (int i = 0; i < 30; ++i) {
    input += masked(i % 2 == 0 ? kText : kBinary, std::to_string(i));
    expected.push_back((i % 2 == 0 ? "text " : "binary ") + std::to_string(i));
  }
  expect(Role::server, input, expected);
}

TEST(Connection, AcceptsAMaskOfZero) {
  expect(Role::server, bytes("81 82 00 00 00 00 68 69"), {"text hi"});
}

// Fragments (section 5.4).

TEST(Connection, JoinsFragments) {
  for (const Role role : kRoles) {
    expect(role,
           frame_to(role, kFirstText, "a") + frame_to(role, kMiddle, "") +
               frame_to(role, kMiddle, "bc") + frame_to(role, kLast, "d") +
               frame_to(role, kFirstBinary, "") + frame_to(role, kLast, "") +
               frame_to(role, kText, "x"),
           {"text abcd", "binary ", "text x"});
  }
}

TEST(Connection, TakesControlFramesBetweenFragments) {
  expect(Role::server,
         masked(kFirstText, "a") + masked(kPing, "p") + masked(kMiddle, "b") + masked(kPong, "q") +
             masked(kLast, "c"),
         {"pong q", "text abc", "-> pong p"});
}

TEST(Connection, RefusesContinuationOfNoMessage) {
  for (const Role role : kRoles) {
    expect(role, frame_to(role, kLast, "x"), {"protocol_error", "-> close 1002"});
    expect(role, frame_to(role, kMiddle, ""), {"protocol_error", "-> close 1002"});
    expect(role,
           frame_to(role, kFirstText, "a") + frame_to(role, kLast, "b") + frame_to(role, kLast, ""),
           {"text ab", "protocol_error", "-> close 1002"});
  }
}

TEST(Connection, RefusesANewMessageInsideAFragmentedOne) {
  for (const unsigned first : {kText, kBinary, kFirstText, kFirstBinary}) {
    expect(Role::server, masked(kFirstText, "a") + masked(first, "b"),
           {"protocol_error", "-> close 1002"});
  }
}

TEST(Connection, JudgesByTwoBytes) {
  for (const std::string& head : {bytes("c1 85"), bytes("83 80"), bytes("09 80"), bytes("89 fe"),
                                  bytes("81 05"), bytes("80 85"), bytes("00 85")}) {
    Feed feed;
    feed.receive(head);
    EXPECT_EQ(feed.seen, std::vector<std::string>{"protocol_error"});
  }
}

// aiohttp CVE-2026-59881: compressed frames that nobody negotiated.
TEST(Connection, RefusesCompressedFramesUnlessNegotiated) {
  expect(Role::client, bytes("c1 07 f2 48 cd c9 c9 07 00"), {"protocol_error", "-> close 1002"});
  expect(Role::server, masked(0xc1, bytes("f2 48 cd c9 c9 07 00")),
         {"protocol_error", "-> close 1002"});
  expect(Role::server, masked(kFirstText, "a") + masked(0xc0, "b"),
         {"protocol_error", "-> close 1002"});
  expect(Role::server, masked(0xc9, ""), {"protocol_error", "-> close 1002"});
}

TEST(Connection, RefusesEveryBrokenHead) {
  for (const char* hex :
       {"a1 80 00 00 00 00", "91 80 00 00 00 00", "83 80 00 00 00 00", "8b 80 00 00 00 00",
        "09 80 00 00 00 00", "81 00", "82 fe 00 7d 00 00 00 00",
        "82 ff 00 00 00 00 00 00 ff ff 00 00 00 00", "82 ff 80 00 00 00 00 00 00 00 00 00 00 00",
        "82 ff ff ff ff ff ff ff ff ff 00 00 00 00"}) {
    expect(Role::server, bytes(hex), {"protocol_error", "-> close 1002"});
  }
  expect(Role::client, bytes("81 80 00 00 00 00"), {"protocol_error", "-> close 1002"});
  // Two rules at once, of which the second is known later.
  expect(Role::server, bytes("80 fe 00 7d 00 00 00 00"), {"protocol_error", "-> close 1002"});
  expect(Role::server, masked(kFirstText, "") + bytes("82 ff 80 00 00 00 00 00 00 00"),
         {"protocol_error", "-> close 1002"});
}

TEST(Connection, IgnoresEverythingAfterAnError) {
  expect(Role::server, masked(0x83, "") + masked(kText, "x") + masked(kPing, "y") + bytes("ff ff"),
         {"protocol_error", "-> close 1002"});
  Feed feed;
  feed.receive(masked(0x83, ""));
  EXPECT_TRUE(feed.connection.finished());
  feed.connection.send_text("late", feed.queue);
  feed.connection.close(1000, "late", feed.queue);
  EXPECT_EQ(feed.transcript(), (std::vector<std::string>{"protocol_error", "-> close 1002"}));
}

// UTF-8 (section 8.1).

TEST(Connection, AcceptsTextAtTheEdgesOfUtf8) {
  for (const char* hex :
       {"00", "7f", "c2 80", "df bf", "e0 a0 80", "ed 9f bf", "ee 80 80", "ef bf bf", "ef bb bf",
        "f0 90 80 80", "f4 8f bf bf", "f0 9f bf be", "ce ba e1 bd b9 cf 83 ce bc ce b5"}) {
    const std::string text = bytes(hex);
    expect(Role::server, masked(kText, text), {"text " + text});
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      expect(Role::server,
             masked(kFirstText, text.substr(0, cut)) + masked(kLast, text.substr(cut)),
             {"text " + text});
    }
  }
}

TEST(Connection, RefusesTextThatIsNotUtf8) {
  for (const char* hex : {"80", "bf", "c0 80", "c1 bf", "c3", "c3 28", "e0 9f bf", "ed a0 80",
                          "e2 82", "f0 8f bf bf", "f0 9f 92", "f4 90 80 80", "f5 80 80 80", "ff"}) {
    const std::string text = "naru " + bytes(hex);
    for (const Role role : kRoles) {
      expect(role, frame_to(role, kText, text), {"bad_utf8", "-> close 1007"});
      expect(role, frame_to(role, kFirstText, text) + frame_to(role, kLast, ""),
             {"bad_utf8", "-> close 1007"});
    }
    expect(Role::server, masked(kBinary, text), {"binary " + text});
    expect(Role::server, masked(kFirstBinary, text) + masked(kLast, ""), {"binary " + text});
  }
}

TEST(Connection, RefusesAWrongOctetAnywhere) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\xff';
      Feed feed;
      feed.receive(masked(kText, text));
      EXPECT_EQ(feed.seen, std::vector<std::string>{"bad_utf8"}) << at << " of " << size;
    }
  }
}

// Autobahn 6.4: at the octet that cannot be right, not at the end of its frame or message.
TEST(Connection, RefusesTextAtItsFirstWrongOctet) {
  const std::string good = bytes("ce ba e1 bd b9 cf 83");
  const std::string text = good + bytes("f4 90 80 80") + "and more";
  const std::size_t wrong = good.size() + 1;
  for (const unsigned first : {kText, kFirstText}) {
    const std::string frame = masked(first, text);
    const std::size_t head = frame.size() - text.size();
    Feed feed;
    feed.receive(frame.substr(0, head + wrong));
    EXPECT_TRUE(feed.seen.empty());
    feed.receive(frame.substr(head + wrong, 1));
    EXPECT_EQ(feed.seen, std::vector<std::string>{"bad_utf8"});
  }
  Feed fragments;
  fragments.receive(masked(kFirstText, text.substr(0, wrong)));
  EXPECT_TRUE(fragments.seen.empty());
  fragments.receive(masked(kMiddle, text.substr(wrong, 1)));
  EXPECT_EQ(fragments.seen, std::vector<std::string>{"bad_utf8"});
}

// Limits.

// undici CVE-2026-1528, ws CVE-2016-10542: refused from the head alone.
TEST(Connection, RefusesALongMessageFromItsHead) {
  const Limits limits{.message_bytes = 1000};
  for (const char* length :
       {"7e 03 e9", "7f 00 00 00 00 00 01 00 00", "7f 00 00 00 00 7f ff ff ff",
        "7f 00 00 00 00 80 00 00 00", "7f 00 00 00 01 00 00 00 00", "7f 7f ff ff ff ff ff ff ff"}) {
    expect(Role::client, bytes("82" + std::string(length)), {"message_too_big", "-> close 1009"},
           limits);
  }
  Feed server(Role::server, limits);
  server.receive(bytes("82 fe 03 e9"));  // its mask need not have arrived
  EXPECT_EQ(server.seen, std::vector<std::string>{"message_too_big"});
}

TEST(Connection, AcceptsALongestMessage) {
  for (const Role role : kRoles) {
    for (const std::size_t limit : {0U, 20U, 125U, 126U, 200U}) {
      const Limits limits{.message_bytes = limit};
      const std::string fits(limit, 'x');
      expect(role, frame_to(role, kText, fits), {"text " + fits}, limits);
      expect(role, frame_to(role, kText, fits + "x"), {"message_too_big", "-> close 1009"}, limits);
      expect(role, frame_to(role, kFirstText, fits) + frame_to(role, kLast, ""), {"text " + fits},
             limits);
      expect(role, frame_to(role, kFirstText, fits) + frame_to(role, kLast, "x"),
             {"message_too_big", "-> close 1009"}, limits);
    }
  }
}

TEST(Connection, LimitsAMessageNotTheSumOfMessages) {
  const Limits limits{.message_bytes = 4};
  expect(Role::server,
         masked(kFirstText, "abc") + masked(kLast, "d") + masked(kFirstText, "efg") +
             masked(kLast, "h") + masked(kText, "ijkl"),
         {"text abcd", "text efgh", "text ijkl"}, limits);
}

TEST(Connection, AcceptsAsManyFragmentsAsTheLimit) {
  const Limits limits{.fragments = 3};
  const std::string start = masked(kFirstText, "a") + masked(kMiddle, "b");
  expect(Role::server, start + masked(kLast, "c") + start + masked(kLast, "c"),
         {"text abc", "text abc"}, limits);
  expect(Role::server, start + masked(kMiddle, "c") + masked(kLast, "d"),
         {"too_many", "-> close 1008"}, limits);
}

// ws 8.21.0 (CVE-2026-48779): a million empty fragments.
TEST(Connection, RefusesAMillionEmptyFragments) {
  Feed feed;
  std::string input = masked(kFirstText, "");
  for (int i = 0; i < 1'000'000; ++i) input += bytes("00 80 00 00 00 00");
  feed.receive(input);
  EXPECT_EQ(feed.transcript(), (std::vector<std::string>{"too_many", "-> close 1008"}));
}

// Pings (section 5.5.2).

TEST(Connection, AnswersPings) {
  for (const Role role : kRoles) {
    const std::string longest(125, 'p');
    expect(role,
           frame_to(role, kPing, "") + frame_to(role, kPing, "x") + frame_to(role, kPing, longest),
           {"-> pong ", "-> pong x", "-> pong " + longest});
  }
}

TEST(Connection, ReportsPongsNobodyAskedFor) {
  expect(Role::server, masked(kPong, "") + masked(kPong, "x"), {"pong ", "pong x"});
}

TEST(Connection, KeepsOnePongForAPeerThatDoesNotRead) {
  Feed feed(Role::server, {.pending_pong_above = 10});
  feed.connection.send_binary(std::string(9, 'x'), feed.queue);  // 11 bytes wait
  feed.receive(masked(kPing, "1") + masked(kPing, "2") + masked(kPing, "3"));
  EXPECT_EQ(feed.queue.size(), 11U);
  feed.queue.consume(11);
  feed.connection.on_sent(feed.queue);
  EXPECT_EQ(feed.transcript(), std::vector<std::string>{"-> pong 3"});
  feed.connection.on_sent(feed.queue);
  EXPECT_EQ(feed.transcript(), std::vector<std::string>{"-> pong 3"});
}

TEST(Connection, KeepsItsPongWhileTheQueueIsLong) {
  Feed feed(Role::server, {.pending_pong_above = 10});
  feed.connection.send_binary(std::string(20, 'x'), feed.queue);
  feed.receive(masked(kPing, "1"));
  feed.queue.consume(5);
  feed.connection.on_sent(feed.queue);
  EXPECT_EQ(feed.queue.size(), 17U);
  feed.queue.consume(7);
  feed.connection.on_sent(feed.queue);
  EXPECT_EQ(feed.queue.size(), 13U);
}

TEST(Connection, ForgetsAWaitingPongOnceALaterPingIsAnswered) {
  Feed feed(Role::server, {.pending_pong_above = 10});
  feed.connection.send_binary(std::string(9, 'x'), feed.queue);
  feed.receive(masked(kPing, "old"));
  feed.queue.consume(11);
  feed.receive(masked(kPing, "new"));
  feed.connection.on_sent(feed.queue);
  EXPECT_EQ(feed.transcript(), std::vector<std::string>{"-> pong new"});
}

// KJ's queue of control frames overflowed its stack: a million pings in one segment, nobody reads.
TEST(Connection, BoundsWhatAMillionPingsQueue) {
  Feed feed;
  std::string input;
  const std::string ping = masked(kPing, "12345678");
  for (int i = 0; i < 1'000'000; ++i) input += ping;
  feed.receive(input);
  EXPECT_TRUE(feed.seen.empty());
  EXPECT_LE(feed.queue.size(), Limits{}.pending_pong_above + 127);
}

// Sending.

TEST(Connection, SendsUnmaskedAsServer) {
  Feed feed;
  feed.connection.send_text("Hello", feed.queue);
  feed.connection.send_binary("", feed.queue);
  feed.connection.send(Opcode::ping, "p", feed.queue);
  EXPECT_EQ(test::flatten(feed.queue), bytes("81 05 48 65 6c 6c 6f 82 00 89 01 70"));
}

// gorilla GHSA-w67g-5rqw-f597, curl CVE-2025-10148: one mask for all frames.
TEST(Connection, MasksEveryFrameAfreshAsClient) {
  Feed feed(Role::client);
  std::set<std::string> masks;
  for (int i = 0; i < 100; ++i) {
    feed.queue.clear();
    feed.connection.send_text("Hello", feed.queue);
    const std::string sent = test::flatten(feed.queue);
    EXPECT_EQ(test::sent_frames(sent, Role::client), std::vector<std::string>{"-> text Hello"});
    masks.insert(sent.substr(2, 4));
  }
  EXPECT_EQ(masks.size(), 100U);
}

TEST(Connection, UnderstandsItsOtherRole) {
  Feed client(Role::client);
  Feed server(Role::server);
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 100000U}) {
    client.connection.send_text(std::string(size, 'c'), client.queue);
    server.connection.send_binary(std::string(size, 's'), server.queue);
    server.receive(test::flatten(client.queue));
    client.receive(test::flatten(server.queue));
    client.queue.clear();
    server.queue.clear();
    EXPECT_EQ(server.seen.back(), "text " + std::string(size, 'c'));
    EXPECT_EQ(client.seen.back(), "binary " + std::string(size, 's'));
  }
}

}  // namespace
}  // namespace naru::websocket
