#include "support/strict_inflater.hpp"
#include "websocket/connection.hpp"
#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Compressed messages through Connection, both ways (RFC 7692 sections 6 and 7.2).

namespace naru::websocket {
namespace {

using test::bytes;
using test::Feed;
using test::frame_to;
using test::masked;

constexpr unsigned kText = 0xc1, kBinary = 0xc2, kFirstText = 0x41;  // with RSV1
constexpr unsigned kMiddle = 0x00, kLast = 0x80;
constexpr Role kRoles[] = {Role::server, Role::client};
const DeflateAgreement kNoContext{};
const DeflateAgreement kContext{.own_context = true, .peer_context = true};

const std::string kHello = bytes("f2 48 cd c9 c9 07 00");
const std::string kHelloAgain = bytes("f2 00 11 00 00");

void expect(Role role, std::string_view input, const std::vector<std::string>& expected,
            const DeflateAgreement& agreement = kNoContext, const Limits& limits = {}) {
  test::expect_after([&](Feed& feed) { feed.connection.use_deflate(agreement, feed.deflate); },
                     role, input, expected, limits);
}

std::string compressed(std::string_view message) {
  Deflater deflater(15, 8, 6);
  std::string out;
  deflater.compress(message, Deflater::End::message, out);
  return out;
}

TEST(Compression, ReceivesTheVectorsOfTheRfc) {
  expect(Role::client, bytes("c1 07 f2 48 cd c9 c9 07 00"), {"text Hello"});
  expect(Role::client, bytes("41 03 f2 48 cd 80 04 c9 c9 07 00"), {"text Hello"});
  expect(Role::client, bytes("c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00"), {"text Hello"});
  expect(Role::client, bytes("c1 08 f3 48 cd c9 c9 07 00 00"), {"text Hello"});
  expect(Role::client, bytes("c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), {"text Hello"});
  expect(Role::client, bytes("c1 01 00"), {"text "});
  expect(Role::client, bytes("c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00"),
         {"text Hello", "text Hello"}, kContext);
}

TEST(Compression, KeepsNoContextUnlessAgreed) {
  for (const Role role : kRoles) {
    const std::string input = frame_to(role, kText, kHello) + frame_to(role, kText, kHelloAgain);
    expect(role, input, {"text Hello", "text Hello"}, kContext);
    expect(role, input, {"text Hello", "bad_compression", "-> close 1007"});
    // Likewise where the first was a fragmented one.
    const std::string cut = frame_to(role, kFirstText, kHello.substr(0, 3)) +
                            frame_to(role, kLast, kHello.substr(3)) +
                            frame_to(role, kText, kHelloAgain);
    expect(role, cut, {"text Hello", "text Hello"}, kContext);
    expect(role, cut, {"text Hello", "bad_compression", "-> close 1007"});
  }
}

TEST(Compression, JoinsFragmentsAndTakesControlFramesBetween) {
  for (const Role role : kRoles) {
    std::string input;
    for (std::size_t i = 0; i < kHello.size(); ++i) {
      input += frame_to(role, i == 0 ? kFirstText : kMiddle, kHello.substr(i, 1));
      input += frame_to(role, kMiddle, "") + frame_to(role, 0x89, "p");
    }
    std::vector<std::string> expected{"text Hello"};
    for (std::size_t i = 0; i < kHello.size(); ++i) expected.emplace_back("-> pong p");
    expect(role, input + frame_to(role, kLast, ""), expected);
  }
}

// KJ CVE-2023-48230: the end of a compressed message was written behind an uncompressed one. Each
// piece is a block of its own size here, so ASan would tell.
TEST(Compression, MixesWithUncompressedMessages) {
  for (const Role role : kRoles) {
    // What is not compressed does not touch the window.
    expect(role,
           frame_to(role, kText, kHello) + frame_to(role, 0x81, "plain") +
               frame_to(role, 0x01, "fr") + frame_to(role, 0x80, "agments") +
               frame_to(role, kText, kHelloAgain) + frame_to(role, kBinary, bytes("00")),
           {"text Hello", "text plain", "text fragments", "text Hello", "binary "}, kContext);
  }
}

TEST(Compression, TakesTheMarkerOfAFlushForData) {
  Deflater deflater(15, 8, 6);
  std::string first, second;
  deflater.compress("Hel", Deflater::End::piece, first);
  ASSERT_TRUE(first.ends_with(bytes("00 00 ff ff")));
  deflater.compress("lo", Deflater::End::message, second);
  expect(Role::server, masked(kFirstText, first) + masked(kLast, second), {"text Hello"});
}

// Section 6.1: uWebSockets and websocketpp take some of these.
TEST(Compression, RefusesReservedBitsWhereTheyMeanNothing) {
  for (const Role role : kRoles) {
    for (const unsigned first :
         {0xc9U, 0xcaU, 0xc8U, 0xc0U, 0x40U, 0xa1U, 0x91U, 0xe1U, 0xd1U, 0xf1U, 0xc3U, 0x49U}) {
      expect(role, frame_to(role, first, ""), {"protocol_error", "-> close 1002"}, kContext);
    }
    for (const unsigned next : {0xc0U, 0x40U}) {
      expect(role, frame_to(role, kFirstText, kHello) + frame_to(role, next, ""),
             {"protocol_error", "-> close 1002"}, kContext);
      expect(role, frame_to(role, 0x01, "a") + frame_to(role, next, ""),
             {"protocol_error", "-> close 1002"}, kContext);
    }
  }
}

TEST(Compression, RefusesWhatDoesNotInflate) {
  for (const Role role : kRoles) {
    for (const char* hex : {"07", "ff ff ff ff", "f2 48 cd c9", "", "f2 00 11 00 00"}) {
      const std::string payload = bytes(hex);
      expect(role, frame_to(role, kText, payload), {"bad_compression", "-> close 1007"});
      expect(role, frame_to(role, kText, payload), {"bad_compression", "-> close 1007"}, kContext);
      expect(role, frame_to(role, kFirstText, payload) + frame_to(role, kLast, ""),
             {"bad_compression", "-> close 1007"});
    }
  }
}

TEST(Compression, ChecksUtf8OfWhatWasInflated) {
  for (const char* hex : {"ff", "61 c0 80", "e2 82", "f4 90 80 80", "ed a0 80"}) {
    const std::string payload = compressed("text " + bytes(hex));
    for (const Role role : kRoles) {
      expect(role, frame_to(role, kText, payload), {"bad_utf8", "-> close 1007"});
      expect(role, frame_to(role, kFirstText, payload) + frame_to(role, kLast, ""),
             {"bad_utf8", "-> close 1007"});
      expect(role, frame_to(role, kBinary, payload), {"binary text " + bytes(hex)});
    }
  }
  expect(Role::server, masked(kText, compressed(bytes("ed 95 9c"))), {"text \xed\x95\x9c"});
}

TEST(Compression, FailsAtTheFirstWrongOctet) {
  Deflater deflater(15, 8, 6);
  std::string payload;
  deflater.compress("good \xff", Deflater::End::piece, payload);
  Feed feed;
  feed.connection.use_deflate(kNoContext, feed.deflate);
  feed.receive(masked(kFirstText, payload));
  EXPECT_EQ(feed.seen, std::vector<std::string>{"bad_utf8"});
}

// Limits hold for what is inflated.

TEST(Compression, AcceptsALongestMessage) {
  for (const Role role : kRoles) {
    for (const std::size_t limit : {0U, 1U, 20U, 1000U, 16384U, 20000U}) {
      const Limits limits{.message_bytes = limit};
      const std::string fits(limit, 'x');
      const std::string small = compressed(fits);
      const std::string big = compressed(fits + "x");
      expect(role, frame_to(role, kText, small), {"text " + fits}, kNoContext, limits);
      expect(role, frame_to(role, kText, big), {"message_too_big", "-> close 1009"}, kContext,
             limits);
      expect(role, frame_to(role, kFirstText, small) + frame_to(role, kLast, ""), {"text " + fits},
             kContext, limits);
      expect(role, frame_to(role, kFirstText, big) + frame_to(role, kLast, ""),
             {"message_too_big", "-> close 1009"}, kNoContext, limits);
    }
  }
}

TEST(Compression, AcceptsALongestMessageThatDoesNotShrink) {
  SeededRandom random(5);
  std::vector<unsigned char> noise(3000);
  random.fill(noise);
  const std::string message(noise.begin(), noise.end());
  const std::string payload = compressed(message);
  EXPECT_GT(payload.size(), message.size());
  expect(Role::server, masked(kBinary, payload), {"binary " + message}, kNoContext,
         {.message_bytes = message.size()});
}

TEST(Compression, RefusesAFrameFarAboveTheLimitByItsHead) {
  for (const char* head : {"c1 7f 7f ff ff ff ff ff ff ff", "c1 7f 00 00 00 01 00 00 00 00"}) {
    expect(Role::client, bytes(head), {"message_too_big", "-> close 1009"});
  }
  // Fragments count together.
  const Limits limits{.message_bytes = 100};
  std::string input = frame_to(Role::server, kFirstText, bytes("00 00 00 ff ff"));
  for (int i = 0; i < 3; ++i) {
    std::string empty_blocks;
    while (empty_blocks.size() < 400) empty_blocks += bytes("00 00 00 ff ff");
    input += masked(kMiddle, empty_blocks);
  }
  expect(Role::server, input, {"message_too_big", "-> close 1009"}, kNoContext, limits);
}

std::string bomb(std::size_t zeros) {
  Deflater deflater(15, 8, 9);
  std::string out;
  const std::string block(1U << 20U, '\0');
  for (std::size_t done = 0; done < zeros; done += block.size()) {
    deflater.compress(block, Deflater::End::none, out);
  }
  deflater.compress("", Deflater::End::message, out);
  return out;
}

// undici CVE-2026-1526, AsyncHttpClient CVE-2026-107227, websockets CVE-2018-1000518, websocketpp.
TEST(Compression, RefusesBombs) {
  const std::string payload = bomb(std::size_t{256} << 20U);
  EXPECT_LT(payload.size(), 300'000U);
  for (const Role role : kRoles) {
    for (const DeflateAgreement& agreement : {kNoContext, kContext}) {
      for (const std::size_t step : {1000U, 1'000'000U}) {
        Feed feed(role);
        feed.connection.use_deflate(agreement, feed.deflate);
        const std::string frame = frame_to(role, kBinary, payload);
        for (std::size_t at = 0; at < frame.size() && feed.seen.empty(); at += step) {
          feed.receive(frame.substr(at, step));
        }
        EXPECT_EQ(feed.transcript(),
                  (std::vector<std::string>{"message_too_big", "-> close 1009"}));
      }
    }
  }
}

TEST(Compression, LimitsFragmentsOfBombs) {
  Feed feed;
  feed.connection.use_deflate(kNoContext, feed.deflate);
  std::string input = masked(kFirstText, bytes("00 00 00 ff ff"));
  for (int i = 0; i < 5000; ++i) input += masked(kMiddle, "");
  feed.receive(input);
  EXPECT_EQ(feed.transcript(), (std::vector<std::string>{"too_many", "-> close 1008"}));
}

TEST(Compression, DropsCompressedMessagesAfterItsOwnClose) {
  const std::string input = masked(kText, "corrupt") + masked(kFirstText, kHello) +
                            masked(kLast, "\xff") + masked(0x88, test::code(1000));
  for (const bool parts : {false, true}) {
    test::expect_after(
        [&](Feed& feed) {
          feed.connection.use_deflate(kContext, feed.deflate);
          feed.connection.close(1000, {}, feed.queue);
        },
        Role::server, input, {"close answered 1000 ", "-> close 1000"}, {.parts = parts});
  }
}

TEST(Compression, HoldsEachPeerToItsWindow) {
  for (int bits = 8; bits <= 15; ++bits) {
    Deflater deflater(bits, 8, 6);
    std::string text, payload;
    while (text.size() < 50'000) text += "{\"n\":" + std::to_string(text.size()) + "}";
    deflater.compress(text, Deflater::End::message, payload);
    Feed feed;
    feed.connection.use_deflate({.peer_window_bits = bits, .peer_context = true}, feed.deflate);
    const std::string frame = masked(kText, payload);
    for (const char byte : frame) feed.receive({&byte, 1});
    EXPECT_EQ(feed.seen, std::vector<std::string>{"text " + text}) << bits;
  }
}

// Sending.

// Decodes what a connection sent, as a strict peer of the agreed window would.
struct StrictPeer {
  StrictPeer(int window_bits, bool keeps_context) : inflater(window_bits), context(keeps_context) {}

  // The messages in `sent`; "corrupt" where one does not inflate.
  std::vector<std::string> messages(std::string sent, Role sender) {
    std::vector<std::string> out;
    while (!sent.empty()) {
      const auto decoded =
          decode_head(sent, sender == Role::server ? Role::client : Role::server, true);
      if (!decoded || !*decoded) return {"garbage"};
      const auto& [head, size] = **decoded;
      std::string payload = sent.substr(size, head.payload_bytes);
      if (head.masked) apply_mask(payload, head.mask);
      sent.erase(0, size + payload.size());
      ++frames;
      if (head.opcode != Opcode::continuation) {
        message.clear();
        compressed = head.rsv1;
      }
      message += payload;
      if (!head.fin) continue;
      if (!compressed) {
        out.push_back(message);
        continue;
      }
      ++inflated;
      out.push_back(inflater.message(message).value_or("corrupt"));
      if (!context) inflater.reset();
    }
    return out;
  }

  naru::test::StrictInflater inflater;
  bool context;
  bool compressed = false;
  std::string message;
  std::size_t frames = 0;
  std::size_t inflated = 0;
};

std::string json(int seed, std::size_t size) {
  std::string text;
  for (int i = seed; text.size() < size; i += seed % 7 + 1) {
    text += "{\"symbol\":\"N" + std::to_string(i % 97) + "\",\"price\":" + std::to_string(i * 31) +
            "},";
  }
  text.resize(size);
  return text;
}

TEST(Compression, SendsTheVectorsOfTheRfc) {
  for (const DeflateAgreement& agreement : {kNoContext, kContext}) {
    Feed feed(Role::server, {.deflate = {.threshold = 0}});
    feed.connection.use_deflate(agreement, feed.deflate);
    const std::string text = "Hello Hello Hello";
    feed.connection.send_text(text, feed.queue);
    const std::string first = test::flatten(feed.queue);
    feed.queue.clear();
    feed.connection.send_text(text, feed.queue);
    const std::string second = test::flatten(feed.queue);
    EXPECT_EQ(first.front(), '\xc1');
    // With a context the second is shorter, without one the same.
    EXPECT_EQ(agreement.own_context, second.size() < first.size());
    EXPECT_EQ(agreement.own_context, second != first);
  }
}

TEST(Compression, SendsReadablyAtEveryWindowInBothRoles) {
  for (const Role role : kRoles) {
    for (const bool context : {false, true}) {
      for (int bits = 8; bits <= 15; ++bits) {
        Feed feed(role, {.deflate = {.threshold = 10}});
        feed.connection.use_deflate({.own_window_bits = bits, .own_context = context},
                                    feed.deflate);
        StrictPeer peer(bits, context);
        for (int i = 1; i < 40; ++i) {
          const std::string text = json(i, static_cast<std::size_t>(i * i * 20));
          feed.connection.send(Opcode::text, text.substr(0, 3), text.substr(3), Compress::yes,
                               feed.queue);
          ASSERT_EQ(peer.messages(test::flatten(feed.queue), role), std::vector<std::string>{text});
          feed.queue.clear();
        }
        EXPECT_GT(peer.inflated, 35U);
      }
    }
  }
}

TEST(Compression, LeavesAloneWhatItShould) {
  Feed feed(Role::server, {.deflate = {.threshold = 100}});
  feed.connection.use_deflate(kNoContext, feed.deflate);
  const std::string text = json(1, 100);
  const auto first_byte_of = [&](std::string_view payload, Compress compress) {
    feed.queue.clear();
    feed.connection.send(Opcode::text, {}, payload, compress, feed.queue);
    return static_cast<unsigned char>(test::flatten(feed.queue).front());
  };
  EXPECT_EQ(first_byte_of(text, Compress::yes), 0xc1);
  EXPECT_EQ(first_byte_of(text.substr(1), Compress::yes), 0x81);  // below the threshold
  EXPECT_EQ(first_byte_of(text, Compress::no), 0x81);
  std::string noise;
  for (int i = 0; i < 128; ++i) noise += static_cast<char>(i * 37 % 128);
  EXPECT_EQ(first_byte_of(noise, Compress::yes), 0x81);  // would grow
  feed.queue.clear();
  feed.connection.send(Opcode::ping, json(1, 120), feed.queue);
  EXPECT_EQ(test::flatten(feed.queue).front(), '\x89');
}

TEST(Compression, StartsAnewAfterTrimming) {
  Feed feed(Role::server, {.deflate = {.threshold = 0}});
  feed.connection.use_deflate(kContext, feed.deflate);
  StrictPeer peer(15, true);
  for (int i = 1; i < 20; ++i) {
    feed.connection.send_text(json(i, 500), feed.queue);
    if (i % 3 == 0) feed.connection.trim();
    ASSERT_EQ(peer.messages(test::flatten(feed.queue), Role::server),
              std::vector<std::string>{json(i, 500)});
    feed.queue.clear();
  }
}

// Section 9.5 of nothing written down: shared frames among those of a context of our own. Without
// deflateSetDictionary nearly every message after a shared one would decode to other text.
TEST(Compression, MixesSharedFramesWithItsContext) {
  struct Case {
    int window_bits;
    int memory_level;
  };
  for (const auto& [window_bits, memory_level] :
       {Case{15, 8}, Case{12, 5}, Case{9, 1}, Case{8, 1}}) {
    Feed feed(Role::server,
              {.deflate = {.threshold = 0, .window_bits = 15, .memory_level = memory_level}});
    feed.connection.use_deflate({.own_window_bits = window_bits, .own_context = true},
                                feed.deflate);
    StrictPeer peer(window_bits, true);
    SeededRandom random(static_cast<std::uint64_t>(window_bits));
    for (int i = 1; i <= 3000; ++i) {
      const std::string text = json(i, 20 + random.next_u32() % 3000);
      const std::uint32_t kind = random.next_u32() % 8;
      const bool shared = kind < 3;
      if (shared) {
        const auto frames = std::make_shared<const std::string>(
            encode_shared(Opcode::text, text, feed.connection.wire_class(), feed.deflate,
                          {.threshold = kind == 0 ? std::size_t{1} << 20U : 0}));
        feed.connection.send_encoded(frames, text, feed.queue);
      } else {
        feed.connection.send(Opcode::text, {}, text, kind == 3 ? Compress::no : Compress::yes,
                             feed.queue);
      }
      ASSERT_EQ(peer.messages(test::flatten(feed.queue), Role::server),
                std::vector<std::string>{text})
          << "message " << i << " at window " << window_bits;
      feed.queue.clear();
    }
    EXPECT_GT(peer.inflated, 2000U);
  }
}

TEST(Compression, FollowsBundlesOfSharedFrames) {
  Feed feed(Role::server, {.deflate = {.threshold = 0}});
  feed.connection.use_deflate(kContext, feed.deflate);
  StrictPeer peer(15, true);
  for (int i = 1; i < 200; ++i) {
    const std::string text = json(i, 300);
    feed.connection.send_text(text, feed.queue);
    std::string frames, plain;
    append_shared(Opcode::text, "4", "short", 3, {}, feed.deflate, frames, &plain);
    append_shared(Opcode::text, "4", json(i + 1, 2000), 3, {}, feed.deflate, frames, &plain);
    append_shared(Opcode::binary, {}, json(i + 2, 2000), 3, {}, feed.deflate, frames, &plain);
    feed.connection.send_encoded(std::make_shared<const std::string>(frames), plain, feed.queue);
    ASSERT_EQ(
        peer.messages(test::flatten(feed.queue), Role::server),
        (std::vector<std::string>{text, "4short", "4" + json(i + 1, 2000), json(i + 2, 2000)}));
    feed.queue.clear();
  }
}

TEST(Compression, KnowsItsWireClass) {
  Feed feed;
  EXPECT_EQ(feed.connection.wire_class(), 0);
  for (int bits = 8; bits <= 15; ++bits) {
    Feed agreed;
    agreed.connection.use_deflate({.own_window_bits = bits}, agreed.deflate);
    EXPECT_EQ(agreed.connection.wire_class(), bits == 15 ? 3 : bits >= 12 ? 2 : 1);
  }
  Feed client(Role::client);  // must mask, so shares nothing
  client.connection.use_deflate(kContext, client.deflate);
  EXPECT_EQ(client.connection.wire_class(), 0);
}

TEST(Compression, UnderstandsItsOtherRole) {
  for (const bool context : {false, true}) {
    for (const int bits : {8, 9, 11, 15}) {
      const DeflateAgreement agreement{.own_window_bits = bits,
                                       .peer_window_bits = bits,
                                       .own_context = context,
                                       .peer_context = context};
      const Limits limits{.deflate = {.threshold = 0}};
      Feed client(Role::client, limits);
      Feed server(Role::server, limits);
      client.connection.use_deflate(agreement, client.deflate);
      server.connection.use_deflate(agreement, server.deflate);
      for (const std::size_t size : {0U, 1U, 125U, 126U, 5000U, 65536U, 100'000U, 17U}) {
        client.connection.send_text(json(3, size), client.queue);
        server.connection.send_binary(json(4, size), server.queue);
        server.receive(test::flatten(client.queue));
        client.receive(test::flatten(server.queue));
        client.queue.clear();
        server.queue.clear();
        ASSERT_EQ(server.seen.back(), "text " + json(3, size));
        ASSERT_EQ(client.seen.back(), "binary " + json(4, size));
      }
    }
  }
}

}  // namespace
}  // namespace naru::websocket
